"""Compares two texts line by line; gives rows that a template only has to draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

MAX_ROWS = 5_000
"""More than anyone reads, and what a page can bear."""

_CONTEXT = 3


class Change(StrEnum):
    """What happened to a line."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"
    """Here unchanged lines are left out."""


@dataclass(frozen=True)
class DiffRow:
    """One line of a comparison.

    Attributes:
        old: Its number in the older text; None where it is not in it.
        new: Its number in the newer text, likewise.
    """

    change: Change
    text: str = ""
    old: int | None = None
    new: int | None = None


def diff(older: str, newer: str) -> list[DiffRow]:
    """Compare two texts, with three unchanged lines around each change.

    Returns:
        Rows in order; empty if the texts are equal. At most MAX_ROWS.
    """
    rows: list[DiffRow] = []
    for row in _rows(older.splitlines(), newer.splitlines()):
        if len(rows) == MAX_ROWS:
            break
        rows.append(row)
    return rows


def _rows(older: list[str], newer: list[str]) -> Iterator[DiffRow]:
    groups = SequenceMatcher(None, older, newer).get_grouped_opcodes(_CONTEXT)
    for number, group in enumerate(groups):
        if number:
            yield DiffRow(Change.GAP)
        for tag, old, old_end, new, new_end in group:
            if tag == "equal":
                for offset, text in enumerate(older[old:old_end]):
                    yield DiffRow(Change.SAME, text, old + offset + 1, new + offset + 1)
                continue
            for offset, text in enumerate(older[old:old_end], 1):
                yield DiffRow(Change.REMOVED, text, old=old + offset)
            for offset, text in enumerate(newer[new:new_end], 1):
                yield DiffRow(Change.ADDED, text, new=new + offset)
