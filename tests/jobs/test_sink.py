from __future__ import annotations

import itertools
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aops.core.masking import MASK, Masker
from aops.execution.spec import EventKind, Outcome, RunEvent, RunResult
from aops.jobs import sink as sinks
from aops.jobs.sink import COUNTS, LARGEST, Sink

DONE = RunResult(Outcome.SUCCESSFUL, exit_code=0)


def text_of(records: list[dict[str, Any]]) -> str:
    return "".join(record["text"] for record in records if record["kind"] == "output")


def last_counts(records: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    hosts: dict[str, dict[str, int]] = {}
    for record in records:
        hosts |= record.get("hosts", {})
    return hosts


def told(kind: EventKind, host: str = "web1", **facts: bool) -> RunEvent:
    data = {"host": host, "task": "t", "changed": False, "ignored": False, "rescued": False}
    return RunEvent(kind, data | {"duration": 0.1} | facts)


def counted(**counts: int) -> dict[str, int]:
    return dict.fromkeys(COUNTS, 0) | counts


@pytest.mark.parametrize(
    ("printed", "stored"),
    [
        (b"ok \xff\xfe!\n", "ok \\xff\\xfe!\n"),
        (b"half \xed\xa0\x80 a character\n", "half \\xed\\xa0\\x80 a character\n"),
        (b"nothing \x00 here\n", "nothing \x00 here\n"),
        ("😀 汉字 é\n".encode(), "😀 汉字 é\n"),
        (b"cut off \xf0\x9f", "cut off \\xf0\\x9f"),
        (b"\xc0\xaf overlong\n", "\\xc0\\xaf overlong\n"),
        (b"no line end", "no line end"),
        (b"\n\n", "\n\n"),
        (b"50%\r100%\n", "50%\r100%\n"),
    ],
)
def test_every_byte_that_a_host_may_print_becomes_text_that_can_be_stored(
    printed: bytes, stored: str, sink: Sink, records: list[dict[str, Any]]
) -> None:
    sink.output(printed)
    sink.finish(DONE)

    assert text_of(records) == stored
    assert text_of(records).encode()


@given(st.binary(max_size=200), st.data())
def test_it_makes_no_difference_where_output_is_cut_into_chunks(
    printed: bytes, data: st.DataObject
) -> None:
    whole: list[dict[str, Any]] = []
    pieces: list[dict[str, Any]] = []
    one, other = Sink(whole.append, Masker([])), Sink(pieces.append, Masker([]))

    one.output(printed)
    position = 0
    while position < len(printed):
        size = data.draw(st.integers(1, 20))
        other.output(printed[position : position + size])
        position += size
    one.finish(DONE)
    other.finish(DONE)

    assert text_of(whole) == text_of(pieces)
    assert whole[-1] == pieces[-1]


def test_pieces_are_numbered_without_gaps_and_know_their_lines(
    sink: Sink, records: list[dict[str, Any]]
) -> None:
    for number in range(1, 5_001):
        sink.output(f"line {number} {'.' * 30}\n".encode())
        if number % 1_700 == 0:
            sink.flush()
    sink.finish(DONE)

    pieces = [record for record in records if record["kind"] == "output"]
    assert [piece["seq"] for piece in pieces] == list(range(1, len(pieces) + 1))
    assert len(pieces) > 4
    for piece, following in itertools.pairwise(pieces):
        assert piece["text"].count("\n") == piece["line_count"]
        assert piece["first_line"] + piece["line_count"] == following["first_line"]
    assert pieces[-1]["first_line"] + pieces[-1]["line_count"] - 1 == 5_000


def test_a_flush_writes_whole_lines_only(sink: Sink, records: list[dict[str, Any]]) -> None:
    sink.output(b"one\ntw")
    sink.flush()

    assert text_of(records) == "one\n"


def test_a_flush_without_anything_new_writes_nothing(
    sink: Sink, records: list[dict[str, Any]]
) -> None:
    sink.output(b"one\n")
    sink.event(told(EventKind.OK))
    sink.flush()
    written = len(records)

    sink.flush()

    assert len(records) == written == 3


def test_secrets_never_reach_a_record(records: list[dict[str, Any]]) -> None:
    sink = Sink(records.append, Masker(["hunter2!"]))

    sink.output(b"password: hunt")
    sink.output(b"er2!\n")
    sink.finish(RunResult(Outcome.FAILED, exit_code=1, reason="refused hunter2!"))

    assert "hunter2!" not in json.dumps(records)
    assert text_of(records) == f"password: {MASK}\n"
    assert records[-1]["reason"] == f"refused {MASK}"


def test_a_line_of_100_mb_costs_little_memory_and_says_how_much_was_cut(
    records: list[dict[str, Any]],
) -> None:
    sink = Sink(records.append, Masker(["some-secret"]))
    chunk = b"x" * 65_536

    tracemalloc.start()
    for _ in range(1_600):
        sink.output(chunk)
    sink.output(b"\nnext\n")
    sink.finish(DONE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    cut = 1_600 * 65_536 - sinks.MAX_LINE
    assert peak < 5_000_000
    assert f"[… {cut:,} more characters of this line were not stored]\nnext\n" in text_of(records)
    assert len(text_of(records)) < sinks.MAX_LINE + 100
    assert records[-1]["cut"] == cut


def test_a_line_of_exactly_the_limit_is_kept_whole(
    sink: Sink, records: list[dict[str, Any]]
) -> None:
    sink.output(b"x" * sinks.MAX_LINE + b"\n")
    sink.finish(DONE)

    assert text_of(records) == "x" * sinks.MAX_LINE + "\n"
    assert records[-1]["cut"] == 0


def test_output_beyond_the_limit_is_counted_and_said_once(
    sink: Sink, records: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "MAX_OUTPUT", 100)

    for number in range(20):
        sink.output(f"line {number:03}\n".encode())
    sink.output(b"tiny\n")
    sink.finish(DONE)

    text = text_of(records)
    assert text.startswith("line 000\n")
    assert text.count("the rest of the output was not stored") == 1
    assert text.endswith("too long]\n")
    stored = sum(len(line) + 1 for line in text.splitlines() if line.startswith("line"))
    assert stored + records[-1]["cut"] == 20 * 9 + 5
    assert sink.truncated


def test_nothing_is_stored_after_the_limit_even_if_it_would_fit(
    sink: Sink, records: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "MAX_OUTPUT", 20)

    sink.output(b"0123456789\n")
    sink.output(b"too long to fit\n")
    sink.output(b"fits\n")
    sink.finish(DONE)

    assert "fits" not in text_of(records)
    assert records[-1]["cut"] == 21


def test_no_count_is_larger_than_the_database_holds(
    sink: Sink, records: list[dict[str, Any]]
) -> None:
    sink._cut = 10**12
    sink.output(b"x\n")
    sink.event(RunEvent(EventKind.STATS, {"web1": counted(ok=10**30)}))
    sink.finish(DONE)

    assert last_counts(records)["web1"]["ok"] == LARGEST
    assert {record["cut"] for record in records if "cut" in record} == {LARGEST}


@pytest.mark.parametrize(
    ("events", "counts"),
    [
        ([told(EventKind.OK)], {"ok": 1}),
        ([told(EventKind.OK, changed=True)], {"ok": 1, "changed": 1}),
        ([told(EventKind.SKIPPED)], {"skipped": 1}),
        ([told(EventKind.FAILED)], {"failed": 1}),
        ([told(EventKind.FAILED, changed=True)], {"failed": 1}),
        ([told(EventKind.FAILED, ignored=True)], {"ok": 1, "ignored": 1}),
        (
            [told(EventKind.FAILED, ignored=True, changed=True)],
            {"ok": 1, "ignored": 1, "changed": 1},
        ),
        ([told(EventKind.FAILED, rescued=True)], {"rescued": 1}),
        ([told(EventKind.UNREACHABLE)], {"unreachable": 1}),
        ([told(EventKind.UNREACHABLE, ignored=True)], {"ok": 1, "ignored": 1}),
        ([told(EventKind.OK), told(EventKind.OK, changed=True)], {"ok": 2, "changed": 1}),
        ([told(EventKind.TASK_START), told(EventKind.PLAY_START)], None),
    ],
)
def test_while_it_runs_hosts_are_counted_as_the_recap_will_count_them(
    events: list[RunEvent],
    counts: dict[str, int] | None,
    sink: Sink,
    records: list[dict[str, Any]],
) -> None:
    for event in events:
        sink.event(event)
    sink.flush()

    assert last_counts(records) == ({"web1": counted(**counts)} if counts else {})


def test_the_recap_has_the_last_word(sink: Sink, records: list[dict[str, Any]]) -> None:
    sink.event(told(EventKind.FAILED))
    sink.event(told(EventKind.OK, host="web2"))
    recap = {"web1": counted(ok=1, rescued=1), "web3": counted(unreachable=1)}

    sink.event(RunEvent(EventKind.STATS, recap))
    sink.finish(DONE)

    assert last_counts(records) == recap | {"web2": counted(ok=1)}


def test_only_hosts_whose_counts_changed_are_written_again(
    sink: Sink, records: list[dict[str, Any]]
) -> None:
    sink.event(told(EventKind.OK))
    sink.event(told(EventKind.OK, host="web2"))
    sink.flush()

    sink.event(told(EventKind.OK, host="web2"))
    sink.event(RunEvent(EventKind.STATS, {"web1": counted(ok=1)}))
    sink.flush()

    assert records[-1]["kind"] == "hosts"
    assert records[-1]["hosts"] == {"web2": counted(ok=2)}


def test_a_host_name_is_no_longer_than_its_column(
    sink: Sink, records: list[dict[str, Any]]
) -> None:
    sink.event(told(EventKind.OK, host="h" * 5_000))
    sink.flush()

    assert list(last_counts(records)) == ["h" * 200]


def test_the_result_comes_last_and_says_how_it_ended(
    sink: Sink, records: list[dict[str, Any]]
) -> None:
    sink.output(b"tail")
    sink.event(told(EventKind.OK))
    result = RunResult(
        Outcome.FAILED, exit_code=2, reason="why", known_hosts="line\n", isolated=False
    )

    sink.finish(result)

    assert [record["kind"] for record in records] == ["results", "output", "hosts", "result"]
    assert records[-1] == {
        "kind": "result",
        "outcome": "failed",
        "exit_code": 2,
        "reason": "why",
        "known_hosts": "line\n",
        "isolated": False,
        "cut": 0,
    }


@pytest.fixture
def records() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def sink(records: list[dict[str, Any]]) -> Sink:
    return Sink(records.append, Masker([]))
