"""Whether a value is a template that may run something on the control node.

Ansible evaluates the variables of a connection where it runs itself, and a lookup there
starts programs and reads files. Read with Jinja's own lexer, so that a comment, ``raw`` or
an odd way to write a name changes nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, TemplateError
from jinja2.lexer import Token

from aops.core.yaml_text import UnsafeText, VaultText

_MARKS = ("{{", "{%", "#jinja2:")
_OVERRIDE = "#jinja2:"
"""Begins a value that says for itself what marks a template; nothing else is known of it."""

_CALLS = frozenset({"lookup", "query", "q"})
_LOADING = frozenset({"extends", "from", "import", "include"})
_ATTRIBUTE = "attr"
_HIDDEN = "__"

_lexer = Environment(autoescape=True).lexer


def runs_something(value: Any) -> bool:
    """Tell whether a value, or one within it, calls a lookup or hides which names it uses.

    Args:
        value: As ``yaml_text.parse`` gives it; text marked ``!unsafe`` is never evaluated.
    """
    if isinstance(value, dict):
        return any(runs_something(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(map(runs_something, value))
    if not isinstance(value, str) or isinstance(value, UnsafeText | VaultText):
        return False
    return any(mark in value for mark in _MARKS) and _calls(str(value))


@lru_cache(maxsize=256)
def _calls(text: str) -> bool:
    if text.startswith(_OVERRIDE):
        return True
    before = ""
    try:
        for token in _lexer.tokenize(text):
            if _is_call(token, before):
                return True
            before = token.type
    except TemplateError:  # from here on it is no template for Ansible either
        return False
    return False


def _is_call(token: Token, before: str) -> bool:
    if token.type == "string":
        return _HIDDEN in token.value or token.value == _ATTRIBUTE
    if token.type != "name":
        return False
    if _HIDDEN in token.value:
        return True
    if token.value == _ATTRIBUTE:
        return before == "pipe"
    return before != "dot" and token.value in _CALLS | _LOADING
