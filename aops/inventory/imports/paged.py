"""Keeps a long list of changes so that a page of it is read without the rest.

What an import changes may be a million fields. A page shows a hundred hosts of them, so they
are packed by the hundred, and opened only when somebody looks.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, overload

from aops.core.columns import PackedJson

SIZE = 100
"""Entries of one pack, as many as a page shows."""

_KINDS = ("hosts", "groups")
_VERBS = ("added", "changed", "removed")


class Entries(Sequence[dict[str, Any]]):
    """A list of added, changed or removed things; opens only what is asked for."""

    def __init__(self, number: int, packs: Sequence[str]) -> None:
        self._number = number
        self._packs = packs

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for pack in self._packs:
            yield from _opened(pack)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        wanted = range(self._number)[place]
        if isinstance(wanted, int):
            return self._pack(wanted // SIZE)[wanted % SIZE]
        packs = {number: self._pack(number) for number in {one // SIZE for one in wanted}}
        return [packs[one // SIZE][one % SIZE] for one in wanted]

    def _pack(self, number: int) -> list[dict[str, Any]]:
        return _opened(self._packs[number])


def packed(changes: dict[str, Any]) -> dict[str, Any]:
    """Pack what ``Changes.as_json`` gave, as plain JSON values again."""
    return changes | {
        kind: changes[kind] | {verb: _packed(changes[kind][verb]) for verb in _VERBS}
        for kind in _KINDS
    }


def opened(changes: dict[str, Any]) -> dict[str, Any]:
    """Give what ``packed`` was given, with ``Entries`` for its lists."""
    return changes | {
        kind: changes[kind] | {verb: Entries(**changes[kind][verb]) for verb in _VERBS}
        for kind in _KINDS
    }


def _packed(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    packs = [
        base64.b64encode(PackedJson.pack(entries[first : first + SIZE])).decode()
        for first in range(0, len(entries), SIZE)
    ]
    return {"number": len(entries), "packs": packs}


def _opened(pack: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(zlib.decompress(base64.b64decode(pack)))
    return found
