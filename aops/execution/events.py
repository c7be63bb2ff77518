"""Turns what comes over the event socket into events, and believes nothing of it.

The other end is a process that an author's playbook may have taken over: a line may be
garbage, endless or of the wrong shape. Such a line is dropped, and nothing else happens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from aops.execution.spec import EventKind, RunEvent

_LONGEST_LINE = 8 << 20
"""The recap of some 60,000 hosts; facts are below 1 MiB, every other event below 10 KB."""

_DEEPEST = 30
"""Facts within facts; deeper ones would make whoever walks through them stumble."""

_RESULT: Mapping[str, type | tuple[type, ...]] = {
    "host": str,
    "task": str,
    "changed": bool,
    "ignored": bool,
    "rescued": bool,
    "duration": (int, float),
}
_FAILURE = {**_RESULT, "message": str}
_SHAPES: Mapping[EventKind, Mapping[str, type | tuple[type, ...]]] = {
    EventKind.PLAY_START: {"play": str, "hosts": int},
    EventKind.TASK_START: {"task": str, "action": str},
    EventKind.OK: _RESULT,
    EventKind.FAILED: _FAILURE,
    EventKind.SKIPPED: _RESULT,
    EventKind.UNREACHABLE: _FAILURE,
    EventKind.FACTS: {"host": str, "facts": dict, "left_out": list, "full": bool},
}
_COUNTS = frozenset({"ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored"})


class EventReader:
    """Collects bytes and gives the events that are complete."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[RunEvent]:
        """Yield the events that these bytes complete."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._keep(line)
            if not self._skipping and (event := parse(bytes(self._rest))):
                yield event
            self._rest.clear()
            self._skipping = False
        self._keep(rest)

    def _keep(self, part: bytes) -> None:
        if len(self._rest) + len(part) > _LONGEST_LINE:
            self._rest.clear()
            self._skipping = True
        if not self._skipping:
            self._rest += part


def parse(line: bytes) -> RunEvent | None:
    """Return the event in a line, or None if it is not exactly one of ours."""
    try:
        document = json.loads(line, parse_constant=_refuse)
        kind = EventKind(document["kind"])
        data = document["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    valid = _is_recap(data) if kind is EventKind.STATS else _has_shape(data, _SHAPES[kind])
    if valid and kind is EventKind.FACTS:
        valid = _is_shallow(data["facts"]) and all(isinstance(n, str) for n in data["left_out"])
    return RunEvent(kind, _without_surrogates(data)) if valid else None


def _refuse(constant: str) -> None:
    """Refuse NaN and the infinities, which are no JSON and which no database stores."""
    raise ValueError(constant)


def _has_shape(data: Mapping[str, object], shape: Mapping[str, type | tuple[type, ...]]) -> bool:
    return data.keys() == shape.keys() and all(
        isinstance(data[name], wanted) and (wanted is bool or not isinstance(data[name], bool))
        for name, wanted in shape.items()
    )


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [part for whole in level for part in _parts(whole)]
    return not level


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_recap(data: Mapping[str, object]) -> bool:
    return all(
        isinstance(counts, dict)
        and counts.keys() == _COUNTS
        and all(type(count) is int and count >= 0 for count in counts.values())
        for counts in data.values()
    )


def _without_surrogates(data: Mapping[str, object]) -> dict[str, object]:
    """Replace halves of characters, which JSON can say and no database can store."""
    return {
        _storable(name): _storable(value) if isinstance(value, str) else value
        for name, value in data.items()
    }


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
