"""Sets or removes one variable in YAML that a person wrote, and leaves the rest as it is.

Comments, order and spelling of the other variables stay. Where that cannot be done, as in
``{a: 1}`` or with an anchor that something else refers to, the text is written anew: the
meaning always comes first, and is checked by reading the result. Lines that are plain enough
to be told apart without a YAML parser are edited twenty times quicker: hosts come in thousands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from aops.core import yaml_text
from aops.inventory import edits, quick_yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TIES = re.compile(r"[&*]\w|<<")
_CONTENT = re.compile(r"^[ \t]*[^#\s]", re.MULTILINE)
_FIRST_KEY = re.compile(r"(?:[ \t]*(?:#.*)?\n)*[A-Za-z_]\w*:(?:\s|\Z)")

_FLAGS = re.ASCII | re.MULTILINE
_COMMENT = r"#[^\n\r\x85\u2028\u2029]*+"
_PLAIN_LINE = rf"{quick_yaml.KEY}:(?: ++(?:{quick_yaml.VALUE}))?+(?: ++{_COMMENT}| *+)"
_PLAIN_LINES = re.compile(rf"(?:(?:{_PLAIN_LINE}| *+(?:{_COMMENT})?+)(?:\n|\Z))*+", re.ASCII)

_WIDTH = 100
"""Characters up to which a list stands on one line."""


def setting(name: str, value: Any) -> Callable[[str], str]:
    """Give what writes a variable into a text, for use on many texts.

    Args:
        name: A valid name of a variable.
        value: As ``yaml_text.parse`` gives it.

    Returns:
        Takes a valid YAML mapping, or nothing, and gives it with the variable.
    """
    line = _line(name, value)

    def edited(text: str) -> str:
        entries = _plain_entries(text, name)
        if entries == [] or (not quick_yaml.may_name(text, (name,)) and _takes_another_line(text)):
            return _appended(text, line)
        entry = _entry(text, name, entries)
        if entry is not None:
            return _replaced(text, entry.start, entry.end, line)
        wanted = yaml_text.parse_mapping(text) | {name: value}
        return _if_it_means(wanted, _appended(text, line))

    return edited


def _line(name: str, value: Any) -> str:
    """Write short lists on one line: ``quick_yaml`` reads those, on 10,000 hosts too."""
    line = yaml_text.dump({name: value}, compact=True)
    block = yaml_text.dump({name: value})
    fits = isinstance(value, list) and len(line) <= _WIDTH
    return line if fits else block


def without_variable(text: str, name: str) -> str:
    """Give a text without a variable; with it goes the comment at the end of its line."""
    entries = _plain_entries(text, name) if quick_yaml.may_name(text, (name,)) else []
    if entries == []:
        return text
    entry = _entry(text, name, entries)
    if entry is not None:
        return text[: entry.start] + text[_next_line(text, entry.end) :]
    wanted = yaml_text.parse_mapping(text)
    if name not in wanted:
        return text
    del wanted[name]
    return yaml_text.dump(wanted) if wanted else ""


def values_of(text: str, name: str) -> list[Any]:
    """Give the value of a variable, or nothing; reads no more of the text than it must."""
    entries = _plain_entries(text, name) if quick_yaml.may_name(text, (name,)) else []
    if entries == []:
        return []
    entry = _entry(text, name, entries)
    if entry is not None and entries is not None and len(entries) == 1:
        return [quick_yaml.value_of(text[entry.start + len(name) + 1 : entry.end].strip(" "))]
    piece = text if entry is None else f"{text[entry.start : entry.end]}\n"
    variables = yaml_text.parse_mapping(piece)
    return [variables[name]] if name in variables else []


@dataclass(frozen=True)
class _Entry:
    """Where a variable stands: lines of its own, without ties to others."""

    start: int
    end: int


def _plain_entries(text: str, name: str) -> list[_Entry] | None:
    """Find a variable where all is comments and lines of a name and a plain value, else None."""
    if not _PLAIN_LINES.fullmatch(text):
        return None
    return [_Entry(*found.span()) for found in _entry_of(name).finditer(text)]


@lru_cache(maxsize=64)
def _entry_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(name)}:(?: ++(?:{quick_yaml.VALUE}))?+", _FLAGS)


def _takes_another_line(text: str) -> bool:
    """Tell whether the text is a plain block of lines, or nothing but comments."""
    if "\n..." in text or "\n---" in text:
        return False
    return bool(_FIRST_KEY.match(text)) or not _CONTENT.search(text)


def _appended(text: str, line: str) -> str:
    return f"{text}\n{line}" if text and not text.endswith("\n") else text + line


def _replaced(text: str, start: int, end: int, line: str) -> str:
    """Put a line in place of another; a comment behind a value of several lines moves above."""
    rest_of_line = text[end : _next_line(text, end)]
    value = line.rstrip("\n")
    if "\n" not in value or not rest_of_line.strip():
        return text[:start] + value + (rest_of_line or "\n") + text[_next_line(text, end) :]
    return f"{text[:start]}{rest_of_line.strip()}\n{value}\n{text[_next_line(text, end) :]}"


def _entry(text: str, name: str, plain: list[_Entry] | None) -> _Entry | None:
    """Find a variable in a block; None if it is not there, or not surely alone."""
    if plain and len(plain) == 1:
        return plain[0]
    if not _takes_another_line(text) or _TIES.search(text):
        return None
    root: Any = yaml.compose(text, Loader=_Loader)
    for key, value in root.value if root else ():
        if key.value == name and key.start_mark.column == 0:
            entry = _Entry(key.start_mark.index, _end(text, value, key.end_mark.index))
            return entry if _is_whole(text, entry, value) else None
    return None


def _is_whole(text: str, entry: _Entry, value: Any) -> bool:
    """Read the piece by itself, and see whether it is the same, and whether a line ends there."""
    rest = text[entry.end : _next_line(text, entry.end)].strip()
    if rest and not rest.startswith("#"):
        return False
    piece: Any = yaml.compose(f"{text[entry.start : entry.end]}\n", Loader=_Loader)
    return len(piece.value) == 1 and _same_nodes(piece.value[0][1], value)


def _same_nodes(one: Any, other: Any) -> bool:
    if one.tag != other.tag or type(one.value) is not type(other.value):
        return False
    if isinstance(one.value, str):
        return bool(one.value == other.value)
    if len(one.value) != len(other.value):
        return False
    pairs = zip(one.value, other.value, strict=True)
    if isinstance(one, yaml.MappingNode):
        return all(_same_nodes(a, c) and _same_nodes(b, d) for (a, b), (c, d) in pairs)
    return all(_same_nodes(a, b) for a, b in pairs)


def _end(text: str, node: Any, key_end: int) -> int:
    """Give the end of the last thing that is written: a block's own end lies behind comments."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        parts = node.value[-1] if isinstance(node, yaml.MappingNode) else node.value[-1:]
        return _end(text, parts[-1], key_end)
    if node.start_mark.index == node.end_mark.index:  # an empty value
        return int(text.index(":", key_end)) + 1 if node.value == "" else int(node.end_mark.index)
    end = int(node.end_mark.index)
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
        return len(text[:end].rstrip("\n")) if node.value else end
    return end


def _next_line(text: str, place: int) -> int:
    newline = text.find("\n", place)
    return len(text) if newline < 0 else newline + 1


def _if_it_means(wanted: dict[str, Any], edited: str) -> str:
    try:
        found = yaml_text.parse_mapping(edited)
    except yaml_text.YamlError:
        found = None
    if found is not None and edits.same(found, wanted):
        return edited
    return yaml_text.dump(wanted) if wanted else ""
