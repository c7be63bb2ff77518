"""Reads the variables of very many hosts at once, as ``yaml_text`` would read each.

Most hosts have a few lines of ``name: value``. Those are told apart by one regular
expression, which is thirty times quicker than YAML; every other text is read as YAML.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from aops.core import yaml_text

_WORDS = frozenset({"false", "no", "null", "off", "on", "true", "yes"})
"""Letters that YAML 1.1 does not read as text."""

KEY = rf"(?!(?i:{'|'.join(sorted(_WORDS))}):)[A-Za-z_][A-Za-z0-9_]*+"
_PLAIN = r"[A-Za-z0-9_./](?:[A-Za-z0-9_./+=,@-]|:(?=[A-Za-z0-9_/:]))*+"
_BREAKS = r"\n\r\t\x85\u2028\u2029"
_QUOTED = rf"""'[^'{_BREAKS}]*+'|"[^"\\{_BREAKS}]*+\""""
_ITEM = rf"[A-Za-z0-9_./][A-Za-z0-9_./+=@-]*+|{_QUOTED}"
_LIST = rf"\[ *+(?:(?:{_ITEM}) *+(?:, *+(?:{_ITEM}) *+)*+)?+\]"
VALUE = rf"{_PLAIN}(?: ++{_PLAIN})*+|{_QUOTED}|{_LIST}"
_ENTRY = rf"{KEY}:(?: ++(?:{VALUE}))? *+"
_SIMPLE = re.compile(rf"(?:(?:{_ENTRY})?+(?:\n|\Z))*+", re.ASCII)
_ENTRIES = re.compile(rf"^({KEY}): *+(.*?) *+$", re.ASCII | re.MULTILINE)


def variables(text: str, names: Collection[str] | None = None) -> dict[str, Any]:
    """Read a mapping of variables; text that is none holds none.

    Args:
        text: As stored with an inventory, a group or a host.
        names: Only these are wanted; None wants all.
    """
    if not text or (names is not None and not may_name(text, names)):
        return {}
    try:
        found = _simple(text, names) if _SIMPLE.fullmatch(text) else yaml_text.parse_mapping(text)
    except yaml_text.YamlError:
        return {}
    return found if names is None else {key: found[key] for key in names if key in found}


def may_name(text: str, names: Collection[str]) -> bool:
    r"""Tell whether a text may hold any of these variables; ``"x\x79z"`` is a name too."""
    return "\\" in text or any(name in text for name in names)


def value_of(text: str) -> Any:
    """Give what stands behind the colon of one line, where that is a ``VALUE`` or nothing."""
    if text[:1].isalpha() and text.lower() not in _WORDS:
        return text
    value = _parsed(text)
    return value.copy() if isinstance(value, list) else value  # whoever asked may change it


def _simple(text: str, names: Collection[str] | None) -> dict[str, Any]:
    return {
        name: value_of(value)
        for name, value in _ENTRIES.findall(text)
        if names is None or name in names
    }


@lru_cache(maxsize=50_000)
def _parsed(text: str) -> Any:
    return yaml_text.parse(f"- {text}")[0]  # a text of its own may not be “...”
