import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aops.execution.events import EventReader, parse
from aops.execution.spec import EventKind, RunEvent

COUNTS = {
    "ok": 1,
    "changed": 0,
    "unreachable": 0,
    "failed": 0,
    "skipped": 0,
    "rescued": 0,
    "ignored": 0,
}
RESULT = {
    "host": "web1",
    "task": "Ping",
    "changed": False,
    "ignored": False,
    "rescued": False,
    "duration": 0.5,
}
FAILURE = RESULT | {"message": "no route to host"}
FACTS = {"host": "web1", "facts": {"mounts": [{"size": 7}]}, "left_out": ["big"], "full": True}
GOOD = [
    ("play_start", {"play": "all", "hosts": 3}),
    ("task_start", {"task": "Ping", "action": "ping"}),
    ("ok", RESULT),
    ("failed", FAILURE | {"rescued": True}),
    ("skipped", RESULT | {"duration": 0}),
    ("unreachable", FAILURE | {"host": "主机"}),
    ("facts", FACTS),
    ("stats", {"web1": COUNTS}),
]
STREAM = b"".join(json.dumps({"kind": kind, "data": data}).encode() + b"\n" for kind, data in GOOD)


@given(st.lists(st.integers(0, len(STREAM))))
def test_events_survive_any_cutting_of_the_stream(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    reader = EventReader()

    events = [
        event
        for start, end in itertools.pairwise(edges)
        for event in reader.feed(STREAM[start:end])
    ]

    assert events == [RunEvent(EventKind(kind), data) for kind, data in GOOD]


@given(st.binary())
def test_garbage_before_a_line_costs_at_most_that_line(garbage: bytes) -> None:
    reader = EventReader()

    events = [*reader.feed(garbage), *reader.feed(b"\n" + STREAM)]

    assert events == [RunEvent(EventKind(kind), data) for kind, data in GOOD]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("nonsense", {}),
        ("ok", []),
        ("ok", {}),
        ("ok", RESULT | {"more": 1}),
        ("ok", RESULT | {"changed": "yes"}),
        ("ok", RESULT | {"duration": True}),
        ("ok", RESULT | {"host": 7}),
        ("play_start", {"play": "all", "hosts": True}),
        ("stats", {"web1": COUNTS | {"ok": -1}}),
        ("stats", {"web1": COUNTS | {"ok": "1"}}),
        ("stats", {"web1": {"ok": 1}}),
        (["ok"], RESULT),
        ("failed", RESULT),
        ("failed", FAILURE | {"message": ["x"]}),
        ("ok", FAILURE),
        ("facts", FACTS | {"facts": []}),
        ("facts", FACTS | {"left_out": [7]}),
        ("facts", FACTS | {"left_out": {}}),
        ("facts", FACTS | {"full": 1}),
        ("facts", FACTS | {"facts": {"deep": json.loads("[" * 40 + "]" * 40)}}),
        ("ok", RESULT | {"duration": float("nan")}),
        ("facts", FACTS | {"facts": {"a": [float("inf")]}}),
    ],
)
def test_a_line_of_another_shape_is_dropped(kind: object, data: object) -> None:
    line = json.dumps({"kind": kind, "data": data}).encode()

    event = parse(line)

    assert event is None


@pytest.mark.parametrize(
    "line",
    [b"", b"null", b"7", b"[]", b"\xff\xfe", b'{"kind": "ok"', b"[" * 100_000, b'{"kind": {}}'],
)
def test_a_line_that_is_no_event_is_dropped(line: bytes) -> None:
    event = parse(line)

    assert event is None


def test_half_a_character_is_replaced_because_no_database_stores_it() -> None:
    line = json.dumps({"kind": "ok", "data": RESULT | {"task": "a\ud800b"}}).encode()

    event = parse(line)

    assert event is not None
    assert event.data["task"] == "a?b"


def test_an_endless_line_is_dropped_without_being_kept() -> None:
    reader = EventReader()

    events = [event for _ in range(64) for event in reader.feed(b"x" * (1 << 20))]

    assert events == []
    assert len(reader._rest) == 0
    assert len(list(reader.feed(b"\n" + STREAM))) == len(GOOD)
