"""Facts written so that one of them is found without reading the others.

A filter asks 10,000 hosts for one or two facts of the hundred that each reported. So every
fact stands on a line of its own, which is found by searching for its name: JSON holds no
line break of its own, so a name at the beginning of a line is never a part of a value.

The small facts of a host, which are nearly all of them, stand in a text that is read as it
is. Only for the others the document has to be unpacked.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from aops.core.columns import PackedJson

LARGEST = 4 << 10
"""Bytes of a host's small facts: what is asked for most, then the smallest that fit in.

MariaDB keeps this much in the row itself, where 10,000 of them are read three times quicker.
"""

_ASKED_MOST = frozenset({"default_ipv4", "mounts"})

_LINE = "\n"


class PackedFacts(PackedJson):
    """A JSON object, compressed, each of its members on a line of its own."""

    cache_ok = True

    @staticmethod
    def pack(value: Mapping[str, Any]) -> bytes:
        """Give what is stored."""
        members = (_name(name) + json.dumps(one) for name, one in value.items())
        return zlib.compress(f"{{{','.join(members)}\n}}".encode(), level=1)


def small(facts: Mapping[str, Any]) -> str:
    """Write the small facts, and the mere names of the others, as plain ASCII."""
    texts = {_name(name): json.dumps(value) for name, value in facts.items()}
    first = {_name(name) for name in _ASKED_MOST}
    room = LARGEST
    for name in sorted(texts, key=lambda name: (name not in first, len(texts[name]))):
        size = len(name) + len(texts[name])
        if size <= room:
            room -= size
        else:
            texts[name] = ""
    return "".join(name + text for name, text in texts.items()) + _LINE


def among_small(text: str, names: Collection[str]) -> dict[str, Any] | None:
    """Read some facts from what ``small`` wrote.

    Args:
        text: Of one host.
        names: Of the facts that are wanted.

    Returns:
        Those that the host has; None if one of them is not small.
    """
    found = {}
    for name in names:
        if value := _value(text, name):
            found[name] = json.loads(value)
        elif value is not None:
            return None
    return found


def among_all(packed: bytes, names: Collection[str]) -> dict[str, Any]:
    """Read some facts from what ``PackedFacts`` wrote.

    Args:
        packed: Of one host, as stored.
        names: Of the facts that are wanted.
    """
    text = zlib.decompress(packed).decode()
    values = {name: _value(text, name) for name in names}
    return {name: json.loads(value.removesuffix(",")) for name, value in values.items() if value}


def holding(packed: bytes, several: Iterable[Iterable[str]]) -> dict[str, Any]:
    """Read the facts, whatever they are called, that may hold certain names.

    Args:
        packed: Of one host, as stored.
        several: Names that all stand in a fact that is wanted; one set of them is enough.
    """
    marks = [[f"{json.dumps(name)}:" for name in names] for names in several]
    wanted = [
        line.removesuffix(",")
        for line in zlib.decompress(packed).decode().split(_LINE)[1:-1]
        if any(all(mark in line for mark in one) for one in marks)
    ]
    return dict(json.loads(f"{{{','.join(wanted)}}}"))


def _name(name: str) -> str:
    return f"{_LINE}{json.dumps(name)}:"


def _value(text: str, name: str) -> str | None:
    beginning = _name(name)
    place = text.find(beginning)
    if place < 0:
        return None
    place += len(beginning)
    return text[place : text.index(_LINE, place)]
