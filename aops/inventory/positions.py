"""Gives rows the positions that make them stand in a wanted order, moving as few as it can."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from aops.inventory.models import LAST

T = TypeVar("T", bound=Hashable)


def fit(wanted: Sequence[T], known: Mapping[T, int], tie: Callable[[T], Any]) -> dict[T, int]:
    """Position things so that sorting by position, then by ``tie``, gives the wanted order.

    Args:
        wanted: In the order that they shall stand in.
        known: The positions of those that are there already; kept if they allow the order,
            else all are numbered anew.
        tie: What decides among those of one position.
    """
    found: dict[T, int] = {}
    last: tuple[int, Any] | None = None
    for thing in wanted:
        position = known.get(thing, _after(last))
        place = (position, tie(thing))
        if last is not None and place <= last:
            return {one: number for number, one in enumerate(wanted)}
        found[thing], last = position, place
    return found


def _after(last: tuple[int, Any] | None) -> int:
    return 0 if last is None else min(last[0] + 1, LAST)
