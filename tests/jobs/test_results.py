from __future__ import annotations

import json
from typing import Any

import pytest

from aops.core.masking import MASK, Masker
from aops.execution.spec import LONGEST_MESSAGE, EventKind, Outcome, RunEvent, RunResult
from aops.jobs import results
from aops.jobs.sink import Sink

SECRET = "hunter2!secret"
DONE = RunResult(Outcome.SUCCESSFUL, exit_code=0)


@pytest.mark.parametrize(
    ("kind", "flags", "status"),
    [
        (EventKind.OK, {}, "ok"),
        (EventKind.OK, {"changed": True}, "changed"),
        (EventKind.FAILED, {"changed": True}, "failed"),
        (EventKind.FAILED, {"rescued": True}, "failed"),
        (EventKind.FAILED, {"ignored": True}, "ignored"),
        (EventKind.SKIPPED, {}, "skipped"),
        (EventKind.UNREACHABLE, {}, "unreachable"),
        (EventKind.UNREACHABLE, {"ignored": True}, "ignored"),
    ],
)
def test_every_result_is_kept_as_what_it_was(
    kind: EventKind, flags: dict[str, bool], status: str, sink: Sink, records: list[Any]
) -> None:
    sink.event(result(kind, **flags))
    sink.finish(DONE)

    assert rows(records) == [["web1", "Copy", status, 0.5, ""]]


def test_results_are_numbered_without_gaps(sink: Sink, records: list[Any]) -> None:
    for number in range(2 * results.PIECE + 3):
        sink.event(result(EventKind.OK, host=f"h{number}"))
    sink.flush()
    sink.event(facts({"a": 1}))
    sink.finish(DONE)

    reports = [record for record in records if record["kind"] in {"results", "facts"}]
    assert [record["seq"] for record in reports] == [1, 2, 3, 4]
    assert [record["first"] for record in reports[:3]] == [1, 501, 1001]
    assert len(rows(records)) == 2 * results.PIECE + 3


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (f"wrong password {SECRET}", f"wrong password {MASK}"),
        ("two\n  lines\tand more", "two lines and more"),
        (f"ssh: {'@' * 59}\n@   CHANGED!   @\n{'@' * 59}\nIT IS", "ssh: CHANGED! IT IS"),
        ("x" * 300, "x" * 254 + "…"),
        (("y" * 250 + " ") * 30, "y" * 250 + " " + "y" * 3 + "…"),
    ],
)
def test_messages_are_masked_and_then_shortened(
    message: str, kept: str, sink: Sink, records: list[Any]
) -> None:
    sink.event(result(EventKind.FAILED, message=message))
    sink.finish(DONE)

    assert rows(records)[0][4] == kept


@pytest.mark.parametrize("shown", range(1, len(SECRET)))
def test_half_a_secret_at_the_end_of_a_cut_message_is_dropped(
    shown: int, sink: Sink, records: list[Any]
) -> None:
    touching = (LONGEST_MESSAGE - shown - 100) // len(SECRET) * SECRET
    start = "x" * (LONGEST_MESSAGE - shown - len(touching))

    sink.event(result(EventKind.FAILED, message=start + touching + SECRET[:shown]))
    sink.finish(DONE)

    assert rows(records)[0][4] == start + MASK


def test_a_secret_in_the_name_of_a_task_is_masked(sink: Sink, records: list[Any]) -> None:
    sink.event(result(EventKind.OK, task=f"Log in with {SECRET}"))
    sink.event(result(EventKind.OK, task="t" * 5_000))
    sink.finish(DONE)

    assert [row[1] for row in rows(records)] == [f"Log in with {MASK}", "t" * 255]


def test_the_first_failure_of_a_host_comes_with_its_counts(sink: Sink, records: list[Any]) -> None:
    sink.event(result(EventKind.FAILED, task="fine", ignored=True, message="no matter"))
    sink.event(result(EventKind.FAILED, task="rescued", rescued=True, message="saved"))
    sink.event(result(EventKind.FAILED, task="first", message="broken"))
    sink.event(result(EventKind.FAILED, task="second", message="also"))
    sink.event(result(EventKind.OK, host="web2"))
    sink.flush()

    assert records[-1]["failures"] == {"web1": ("first", "broken")}


def test_every_text_of_facts_is_masked(sink: Sink, records: list[Any]) -> None:
    sink.event(
        facts({"env": {"PW": f"a {SECRET} b", SECRET: 1}, "list": [[SECRET], 7, None, True]})
    )
    sink.finish(DONE)

    assert SECRET not in json.dumps(records)
    assert records[0]["facts"] == {
        "env": {"PW": f"a {MASK} b", MASK: 1},
        "list": [[MASK], 7, None, True],
    }


def test_facts_without_a_secret_stay_as_they_are(sink: Sink, records: list[Any]) -> None:
    told = {"kernel": "6.1", "mounts": [{"mount": "/"}], "汉字": "😀"}

    sink.event(facts(told, left_out=["big", SECRET], full=False))
    sink.finish(DONE)

    assert records[0]["facts"] == told
    assert records[0]["left_out"] == ["big", MASK]
    assert records[0]["full"] is False


def test_a_report_that_is_too_big_to_be_ours_is_dropped(sink: Sink, records: list[Any]) -> None:
    sink.event(facts({"big": "x" * results.MAX_FACTS_OF_HOST}))
    sink.finish(DONE)

    assert [record["kind"] for record in records] == ["result"]


def test_a_run_that_reports_facts_without_end_is_cut_off(
    sink: Sink, records: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "MAX_FACTS", 1000)

    for _ in range(100):
        sink.event(facts({"a": "x" * 300}))

    assert len(records) == 3


def test_a_run_that_reports_results_without_end_is_cut_off(
    sink: Sink, records: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "MAX_RESULTS", 3)
    monkeypatch.setattr(results, "MAX_FAILURES", 2)

    for number in range(10):
        sink.event(result(EventKind.FAILED, host=f"h{number}"))
    sink.finish(DONE)

    assert len(rows(records)) == 3
    assert sink._results.failures.keys() == {"h0", "h1"}


@pytest.mark.parametrize(
    ("told", "kept"), [(10**400, 1e9), (-5, 0.0), (1e300, 1e9), (2, 2.0), (0.25, 0.25)]
)
def test_a_duration_is_one_that_the_database_holds(
    told: float, kept: float, sink: Sink, records: list[Any]
) -> None:
    sink.event(result(EventKind.OK, duration=told))
    sink.finish(DONE)

    assert rows(records)[0][3] == kept


def result(kind: EventKind, **values: Any) -> RunEvent:
    data = {"host": "web1", "task": "Copy", "changed": False, "ignored": False, "rescued": False}
    return RunEvent(kind, data | {"duration": 0.5} | values)


def facts(told: dict[str, Any], **values: Any) -> RunEvent:
    data = {"host": "web1", "facts": told, "left_out": [], "full": True}
    return RunEvent(EventKind.FACTS, data | values)


def rows(records: list[dict[str, Any]]) -> list[list[Any]]:
    return [row for record in records if record["kind"] == "results" for row in record["rows"]]


@pytest.fixture
def records() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def sink(records: list[dict[str, Any]]) -> Sink:
    return Sink(records.append, Masker([SECRET]))
