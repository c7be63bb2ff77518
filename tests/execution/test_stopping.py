import pytest

from aops.execution import stopping
from aops.execution.spec import Outcome
from aops.execution.stopping import Stopping


def test_nothing_stops_without_a_wish(clock: list[float]) -> None:
    steps = Stopping(lambda: None, None)

    killed = _ask(steps, clock, until=1000)

    assert killed is None
    assert steps.wish is None


def test_a_wish_asks_once_and_kills_five_seconds_later(clock: list[float]) -> None:
    asked: list[float] = []
    steps = Stopping(lambda: Outcome.CANCELED if clock[0] >= 3 else None, None)

    killed = _ask(steps, clock, asked=asked)

    assert asked == [pytest.approx(3, abs=0.2)]
    assert killed == pytest.approx(8, abs=0.2)
    assert steps.wish is Outcome.CANCELED


def test_the_time_limit_is_a_wish_of_its_own(clock: list[float]) -> None:
    steps = Stopping(lambda: None, 10)

    killed = _ask(steps, clock)

    assert killed == pytest.approx(15, abs=0.2)
    assert steps.wish is Outcome.TIMED_OUT


def test_what_has_not_started_is_not_asked(clock: list[float]) -> None:
    asked: list[float] = []
    steps = Stopping(lambda: Outcome.CANCELED, None)

    killed = _ask(steps, clock, asked=asked, started=False)

    assert asked == []
    assert killed == 0


def test_a_lost_claim_overtakes_a_cancel(clock: list[float]) -> None:
    steps = Stopping(lambda: Outcome.LOST if clock[0] >= 2 else Outcome.CANCELED, None)

    killed = _ask(steps, clock)

    assert killed == pytest.approx(2, abs=0.2)
    assert steps.wish is Outcome.LOST


def test_a_cancel_does_not_overtake_a_time_limit(clock: list[float]) -> None:
    steps = Stopping(lambda: Outcome.CANCELED if clock[0] >= 2 else None, 1)

    _ask(steps, clock)

    assert steps.wish is Outcome.TIMED_OUT


def _ask(
    steps: Stopping,
    clock: list[float],
    *,
    asked: list[float] | None = None,
    started: bool = True,
    until: float = 100,
) -> float | None:
    """Ask on until the answer is to kill; return when that was."""
    heard = asked if asked is not None else []
    while clock[0] < until:
        if steps.time_is_up(started=started, ask_to_end=lambda: heard.append(clock[0])):
            return clock[0]
        clock[0] += 0.05
    return None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(stopping.time, "monotonic", lambda: now[0])
    return now
