"""Reads one variable out of a text of many, as all of the text read as YAML would have it.

A filter asks 10,000 hosts for one variable of the twenty that each has. Where no value can
reach into the lines of another variable, only the lines of the wanted one are read; and where
these are lists and mappings of plain values, they are told apart by their indentation, which
is twenty times quicker than YAML. Every other text is read by ``quick_yaml``.

Texts were found to be YAML when they were saved; of one that is none, anything may be found.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from aops.inventory import quick_yaml

_BREAKS = r"\n\r\t\x85\u2028\u2029\ufeff"
_KEY = r"(?!(?i:false|no|null|off|on|true|yes):)[A-Za-z_][A-Za-z0-9_]*+"
_FIRST = rf"(?:[^\s{_BREAKS}\"'\[\]{{}}&*!|>%@`#,?:<=~-]|-(?=[A-Za-z0-9.]))"
_REST = rf"[^{_BREAKS} :#]|[:#](?=[^\s,\[\]{{}}])| ++(?=[^\s#])"
_PLAIN = rf"{_FIRST}(?:{_REST})*+"
_QUOTED = rf"""'(?:[^'{_BREAKS}]|'')*+'|"(?:[^"\\{_BREAKS}]|\\[^{_BREAKS}])*+\""""
_FLOW = rf"[\[{{](?:[^\"'#&*!\[\]{{}}{_BREAKS}]|{_QUOTED})*+[\]}}]"
_VALUE = rf"(?:!(?:vault|unsafe) ++)?+(?:{_PLAIN}|{_QUOTED}|{_FLOW})"
_END = rf"(?: ++#[^{_BREAKS}]*+| *+)"
_ENTRY = rf" *+(?:- ++)*+{_KEY}:(?: ++{_VALUE})?+{_END}"
_ITEM = rf" *+(?:(?:- ++)++(?:{_VALUE}|-)?+|-){_END}"
_TEXT = rf"{_KEY}: ++(?:!(?:vault|unsafe) ++)?+[|>][+-]?+ *+(?:\n(?: [^{_BREAKS}]*+)?+(?=\n|\Z))*+"
_NOTHING = rf" *+(?:#[^{_BREAKS}]*+)?+"
_APART = re.compile(rf"(?:(?:{_TEXT}|{_ENTRY}|{_ITEM}|{_NOTHING})(?:\n|\Z))*+")
_RISKY = re.compile(rf"[\"'\[\]{{}}|>&*<%?!\t{_BREAKS[2:]}]")
"""Without these signs a value stays within its line, and the indented lines below it."""

_INDENTED = re.compile(rf"(?:{_NOTHING}\n)*+ ++[^ #\n]")
_LINE = re.compile(rf"( *+)((?:- ++)*+)(?:({_KEY}):(?: ++({_VALUE}))?+|(-)|({_VALUE})){_END}")
_DASH = re.compile(r"- +")
_IGNORED = re.compile(_NOTHING)
_MARKS = ("---", "...")
_MAX_DEPTH = 60

_Token = tuple[int, str, str]
"""Where it begins, what it is ("-" for an item, "" for a value, else a name), and its value."""


class _OddError(Exception):
    """The lines are more than lists and mappings of values on one line."""


def read(text: str, names: Collection[str]) -> dict[str, Any]:
    """Give some variables of a text; whoever asked may not change them.

    Args:
        text: As stored with an inventory, a group or a host.
        names: Of the variables that are wanted.
    """
    if not quick_yaml.may_name(text, names):
        return {}
    if _INDENTED.match(text) or not (_are_apart(text) or _APART.fullmatch(text)):
        return quick_yaml.variables(text, names)
    found: dict[str, Any] = {}
    for name in names:
        lines = _of(name).search(text)
        if lines:
            found |= _read(name, lines[0])
    return found


def _are_apart(text: str) -> bool:
    """Tell at a glance, for most texts, that no value reaches into another's lines."""
    return not (_RISKY.search(text) or text[:3] in _MARKS or "\n---" in text or "\n..." in text)


@lru_cache(maxsize=256)
def _of(name: str) -> re.Pattern[str]:
    """Find the lines of a variable: those behind it that do not begin with another's name."""
    below = r"(?:\n(?:[ #-][^\n]*+)?+(?=\n|\Z))*+"
    return re.compile(rf"^{re.escape(name)} *+:(?: [^\n]*+)?+$(?:{below})", re.MULTILINE)


def _read(name: str, text: str) -> dict[str, Any]:
    if "\n" not in text.rstrip("\n"):
        return quick_yaml.variables(text, (name,))
    try:
        tokens = _tokens(text)
        found: dict[str, Any] = _block(tokens, 0)
    except _OddError:
        return quick_yaml.variables(text, (name,))
    return quick_yaml.variables(text, (name,)) if tokens else found


def _tokens(text: str) -> list[_Token]:
    """Give what the lines hold, the last first; a dash before something is a token of its own."""
    tokens: list[_Token] = []
    for line in text.split("\n"):
        match = _LINE.fullmatch(line)
        if match is None:
            if _IGNORED.fullmatch(line):
                continue
            raise _OddError
        indent, dashes, name, value, dash, item = match.groups()
        place = len(indent)
        for more in _DASH.findall(dashes):
            tokens.append((place, "-", ""))
            place += len(more)
        tokens.append((place, name or dash or "", value or item or ""))
    return tokens[::-1]


def _block(tokens: list[_Token], depth: int) -> Any:
    """Take a list, a mapping or a value off the tokens."""
    place, kind, text = tokens[-1]
    if depth > _MAX_DEPTH:
        raise _OddError
    if kind == "-":
        return _items(tokens, place, depth)
    if kind:
        return _entries(tokens, place, depth)
    tokens.pop()
    return _scalar(text)


def _items(tokens: list[_Token], place: int, depth: int) -> list[Any]:
    found: list[Any] = []
    while tokens and tokens[-1][:2] == (place, "-"):
        tokens.pop()
        deeper = tokens and tokens[-1][0] > place
        found.append(_block(tokens, depth + 1) if deeper else None)
    return found


def _entries(tokens: list[_Token], place: int, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while tokens and tokens[-1][0] == place and tokens[-1][1] not in {"", "-"}:
        _place, name, text = tokens.pop()
        below = tokens and (tokens[-1][0] > place or tokens[-1][:2] == (place, "-"))
        found[name] = _block(tokens, depth + 1) if below and not text else _scalar(text)
    return found


@lru_cache(maxsize=4096)
def _scalar(text: str) -> Any:
    return quick_yaml.variables(f"value: {text}\n")["value"] if text else None
