"""Sets or removes one variable in YAML that a person wrote, and leaves the rest as it is.

Comments, order and spelling of the other variables stay. Where that cannot be done, as in
``{a: 1}`` or with an anchor that something else refers to, the text is written anew: the
meaning always comes first, and is checked by reading the result.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from aops.core import yaml_text
from aops.inventory import edits

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONTENT = re.compile(r"^[ \t]*[^#\s]", re.MULTILINE)
_FIRST_KEY = re.compile(r"(?:[ \t]*(?:#.*)?\n)*[A-Za-z_]\w*:(?:\s|\Z)")


def with_variable(text: str, name: str, value: Any) -> str:
    """Give a text in which a variable has a value.

    Args:
        text: A valid YAML mapping, or nothing.
        name: A valid name of a variable.
        value: As ``yaml_text.parse`` gives it.
    """
    line = yaml_text.dump({name: value})
    if name not in text and _takes_another_line(text):
        return _appended(text, line)
    wanted = yaml_text.parse_mapping(text) | {name: value}
    spot = _place(text, name)
    edited = _appended(text, line) if spot is None else _replaced(text, *spot, line)
    return _if_it_means(wanted, edited)


def without_variable(text: str, name: str) -> str:
    """Give a text without a variable; with it goes the comment at the end of its line."""
    if name not in text:
        return text
    wanted = yaml_text.parse_mapping(text)
    if name not in wanted:
        return text
    del wanted[name]
    spot = _place(text, name)
    if spot is None:
        return yaml_text.dump(wanted) if wanted else ""
    start, end = spot
    return _if_it_means(wanted, text[:start] + text[_next_line(text, end) :])


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


def _place(text: str, name: str) -> tuple[int, int] | None:
    """Find where a variable's key begins and its value ends."""
    root = yaml.compose(text, Loader=_Loader)
    if not isinstance(root, yaml.MappingNode):
        return None
    for key, value in root.value:
        if key.value == name:
            return key.start_mark.index, _end(text, value, key.end_mark.index)
    return None


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
