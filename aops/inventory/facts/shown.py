"""Facts and changes as rows of text, for tables that a person searches and reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aops.inventory.facts.changes import Changes
from aops.inventory.facts.paths import join

MOST_ROWS = 2000
"""Rows of one table; whoever wants to see others searches for them."""

_LONGEST = 1000
_FEW = 12
_MANY = 1000


@dataclass(frozen=True)
class Row:
    """One fact: its path, and its value as text."""

    path: str
    text: str


@dataclass(frozen=True)
class Branch:
    """One fact with all that it holds.

    Attributes:
        rows: One for a plain value, whose path is then the name.
    """

    name: str
    rows: list[Row]

    @property
    def plain(self) -> bool:
        """Tell whether it is a single value."""
        return [row.path for row in self.rows] == [self.name]


@dataclass(frozen=True)
class ChangeRow:
    """What one path was and became; None where there was nothing."""

    path: str
    old: str | None
    new: str | None


def tree_of(data: dict[str, Any]) -> list[Branch]:
    """Give the facts by their first name, with at most MOST_ROWS rows."""
    branches: list[Branch] = []
    room = MOST_ROWS
    for name in sorted(data):
        rows = list(islice(rows_of({name: data[name]}), room))
        room -= len(rows)
        branches.append(Branch(join([name]), rows))
    return [branch for branch in branches if branch.rows]


def rows_of(data: Any, search: str = "") -> Iterator[Row]:
    """Give the facts whose path or value holds a text, in the order of their paths.

    Args:
        data: Facts.
        search: Case does not count; empty gives all.
    """
    wanted = search.casefold()
    for path, value in _leaves([], data):
        row = Row(path, text_of(value))
        if wanted in row.path.casefold() or wanted in row.text.casefold():
            yield row


def change_rows(changes: Changes) -> list[ChangeRow]:
    """Give what changed in the order of the paths; of lists only what differs."""
    return [_change_row(path, old, new) for path, (old, new) in sorted(changes.items())]


def text_of(value: Any) -> str:
    """Write a value as a person would."""
    if isinstance(value, str) and value:
        text = value
    elif value and _is_plain_list(value):
        text = ", ".join(map(text_of, value))
    else:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _change_row(path: str, old: list[Any], new: list[Any]) -> ChangeRow:
    if old and new and _is_worth_parting(old[0]) and _is_worth_parting(new[0]):
        gone = [item for item in old[0] if item not in new[0]]
        come = [item for item in new[0] if item not in old[0]]
        if gone or come:
            return ChangeRow(path, *(text_of(part) if part else None for part in (gone, come)))
    return ChangeRow(path, *(text_of(side[0]) if side else None for side in (old, new)))


def _is_worth_parting(value: Any) -> bool:
    """Tell whether a list is long or deep enough that only its differing items are shown."""
    few = _is_plain_list(value) and len(value) <= _FEW
    return isinstance(value, list) and not few and len(value) <= _MANY


def _leaves(way: list[str], value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name in sorted(value):
            yield from _leaves([*way, name], value[name])
    elif isinstance(value, list) and value and not _is_plain_list(value):
        for position, part in enumerate(value):
            yield from _leaves([*way, str(position)], part)
    elif way:
        yield join(way), value


def _is_plain_list(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(part, dict | list) for part in value)
