import json
import time
from pathlib import Path

import pytest

from aops.execution.spec import EventKind, Isolation, Options, Outcome, Reason
from tests.execution.runs import (
    Recorder,
    make_spec,
    play,
    processes_with,
    run,
    wish_once,
)

BOTH = pytest.mark.parametrize("isolation", [Isolation.REQUIRED, Isolation.OFF])

DEAF = """\
import signal, sys, time
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_NAME = "deaf"

    def v2_playbook_on_stats(self, stats):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._display.display("now deaf")
        sys.stdout.flush()
        time.sleep({seconds})
"""


@BOTH
def test_a_cancelled_run_ends_within_seconds_with_all_its_processes(
    runs_dir: Path, isolation: Isolation, marker: str
) -> None:
    spec = make_spec(play(f"command: sleep {marker}"))
    wish = _wish_when_running(marker)

    result, _ = run(spec, runs_dir, isolation=isolation, wish=wish)

    assert (result.outcome, result.exit_code) == (Outcome.CANCELED, None)
    assert result.leftovers == ()
    assert processes_with(marker) == []
    assert time.monotonic() - wish.at < 3


def test_a_run_that_is_cancelled_at_once_never_starts(runs_dir: Path) -> None:
    spec = make_spec(play("debug: {msg: hello}"))

    result, recorder = run(spec, runs_dir, wish=lambda _: Outcome.CANCELED)

    assert result.outcome is Outcome.CANCELED
    assert recorder.output == b""


@pytest.mark.parametrize("delay", [0.05, 0.2, 0.5])
def test_a_cancel_in_any_phase_of_the_start_is_obeyed(runs_dir: Path, delay: float) -> None:
    at = time.monotonic() + delay
    spec = make_spec(play("command: sleep 1000"))

    result, _ = run(
        spec, runs_dir, wish=lambda _: Outcome.CANCELED if time.monotonic() > at else None
    )

    assert (result.outcome, result.leftovers) == (Outcome.CANCELED, ())
    assert time.monotonic() - at < 5


@BOTH
@pytest.mark.parametrize(
    "command",
    [
        "trap '' TERM HUP INT; while true; do sleep {marker}; done",
        "setsid nohup sleep {marker} >/dev/null 2>&1 & sleep {marker}",
        "(setsid sh -c 'trap \"\" TERM; sleep {marker}; sleep {marker}' &) ; sleep {marker}",
    ],
)
def test_a_task_that_does_not_want_to_end_is_ended(
    runs_dir: Path, isolation: Isolation, command: str, marker: str
) -> None:
    spec = make_spec(play(f"shell: {json.dumps(command.format(marker=marker))}"))
    wish = _wish_when_running(marker)

    result, _ = run(spec, runs_dir, isolation=isolation, wish=wish)

    assert (result.outcome, result.leftovers) == (Outcome.CANCELED, ())
    assert processes_with(marker) == []
    assert time.monotonic() - wish.at < 15


@BOTH
def test_what_a_finished_playbook_left_in_the_background_is_ended_too(
    runs_dir: Path, isolation: Isolation, marker: str
) -> None:
    spec = make_spec(play(f"shell: setsid nohup sleep {marker} >/dev/null 2>&1 &"))

    result, recorder = run(spec, runs_dir, isolation=isolation)

    assert result.outcome is Outcome.SUCCESSFUL, recorder.text
    assert processes_with(marker) == []


def test_a_time_limit_ends_the_run_like_a_cancel(runs_dir: Path, marker: str) -> None:
    spec = make_spec(play(f"command: sleep {marker}"), options=Options(timeout=2))
    start = time.monotonic()

    result, _ = run(spec, runs_dir)

    assert (result.outcome, result.leftovers) == (Outcome.TIMED_OUT, ())
    assert 2 <= time.monotonic() - start < 6
    assert processes_with(marker) == []


def test_a_lost_claim_ends_the_run_at_once(runs_dir: Path, marker: str) -> None:
    spec = make_spec(play(f"command: sleep {marker}"))
    wish = _wish_when_running(marker, Outcome.LOST)

    result, _ = run(spec, runs_dir, wish=wish)

    assert (result.outcome, result.reason_code) == (Outcome.LOST, Reason.CLAIM_LOST)
    assert processes_with(marker) == []
    assert time.monotonic() - wish.at < 1


def test_an_end_that_came_before_the_cancel_took_effect_wins(runs_dir: Path) -> None:
    spec = _with_callback(DEAF.format(seconds=1))

    result, recorder = run(spec, runs_dir, wish=wish_once("now deaf"))

    assert (result.outcome, result.exit_code) == (Outcome.SUCCESSFUL, 0)
    assert recorder.of_kind(EventKind.STATS)


def test_an_ansible_that_ignores_the_cancel_is_killed_in_time(runs_dir: Path) -> None:
    spec = _with_callback(DEAF.format(seconds=1000))
    start = time.monotonic()

    result, _ = run(spec, runs_dir, wish=wish_once("now deaf"))

    assert (result.outcome, result.leftovers) == (Outcome.CANCELED, ())
    assert time.monotonic() - start < 15


def test_endless_output_can_be_cancelled(runs_dir: Path) -> None:
    spec = _with_callback(_PRINTING.format(times=10**9))

    result, recorder = run(spec, runs_dir, wish=wish_once("x" * 1_000_000))

    assert result.outcome is Outcome.CANCELED
    assert len(recorder.output) < 2_000_000_000


_PRINTING = """\
import os
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_NAME = "printing"

    def v2_playbook_on_stats(self, stats):
        for _ in range({times}):
            os.write(1, b"x" * 65536)
"""


class _wish_when_running:  # noqa: N801 - reads as a function
    """Wishes for the end once a process with the marker runs, and notes when."""

    def __init__(self, marker: str, outcome: Outcome = Outcome.CANCELED) -> None:
        self._marker = f"sleep\0{marker}"
        self._outcome = outcome
        self.at = 0.0

    def __call__(self, _: Recorder) -> Outcome | None:
        if not self.at and processes_with(self._marker):
            self.at = time.monotonic()
        return self._outcome if self.at else None


def _with_callback(source: str):
    playbook = play("debug: {msg: hello}")
    return make_spec("", project={"site.yml": playbook, "callback_plugins/own.py": source})


@pytest.fixture
def marker() -> str:
    """A number of seconds that no other process on this machine sleeps."""
    return f"1000.{time.monotonic_ns()}"
