"""What differs between two states of a host's facts, and the way back.

A list that keeps its length is compared position by position; else it counts as one
value, because nobody can tell which of its items moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aops.inventory.facts.paths import join, split

Changes = dict[str, list[list[Any]]]
"""Path to ``[old, new]``, each ``[value]`` or, where there is none, ``[]``."""


def between(old: Any, new: Any) -> Changes:
    """Tell what differs, by path; both are mappings."""
    found: Changes = {}
    _compare([], old, new, found)
    return found


def undo(data: Any, changes: Mapping[str, list[list[Any]]]) -> Any:
    """Give the state before some changes, from the state after them; it is made anew."""
    data = _copy(data)
    for path, (old, _new) in changes.items():
        *way, last = split(path)
        place = data
        for part in way:
            place = place[int(part) if isinstance(place, list) else part]
        _set(place, last, old)
    return data


def _compare(way: list[str], old: Any, new: Any, found: Changes) -> None:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            if name in old and name in new:
                _compare([*way, name], old[name], new[name], found)
            else:
                sides = ([side[name]] if name in side else [] for side in (old, new))
                found[join([*way, name])] = list(sides)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, (before, after) in enumerate(zip(old, new, strict=True)):
            _compare([*way, str(position)], before, after, found)
    elif type(old) is not type(new) or old != new:
        found[join(way)] = [[old], [new]]


def _set(place: Any, last: str, value: list[Any]) -> None:
    if isinstance(place, list):
        place[int(last)] = value[0]
    elif value:
        place[last] = value[0]
    else:
        place.pop(last, None)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(part) for name, part in value.items()}
    return [_copy(part) for part in value] if isinstance(value, list) else value
