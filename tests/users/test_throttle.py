from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from aops.core import clock
from aops.users import services, throttle
from aops.users.models import SignInFailure, User
from tests.factories import PASSWORD

SOURCE = "192.0.2.7"


@pytest.mark.parametrize("username", ["oscar", "nobody"])
def test_after_five_failures_an_account_must_wait_whether_it_exists_or_not(
    session: Session, oscar: User, username: str
) -> None:
    _fail(username, times=throttle.ACCOUNT_LIMIT)

    with pytest.raises(services.SignInRefused, match="Try again in 1 minute"):
        services.authenticate(username, PASSWORD, "198.51.100.1")


def test_four_failures_are_forgiven(session: Session, oscar: User) -> None:
    _fail("oscar", times=throttle.ACCOUNT_LIMIT - 1)

    assert services.authenticate("oscar", PASSWORD, SOURCE) is oscar


def test_the_right_password_is_refused_while_one_must_wait_and_not_afterwards(
    session: Session, oscar: User, hands: Hands
) -> None:
    _fail("oscar", times=throttle.ACCOUNT_LIMIT)
    with pytest.raises(services.SignInRefused):
        services.authenticate("oscar", PASSWORD, SOURCE)

    hands.move(throttle.FIRST_WAIT)

    assert services.authenticate("oscar", PASSWORD, SOURCE) is oscar


def test_the_wait_doubles_up_to_a_quarter_of_an_hour(
    session: Session, oscar: User, hands: Hands
) -> None:
    _fail("oscar", times=throttle.ACCOUNT_LIMIT)
    waits = []
    for _failure in range(7):
        waits.append(throttle.Attempt("oscar", SOURCE).wait())
        hands.move(waits[-1])
        _fail("oscar")

    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 240)]
    assert waits[-1] == throttle.LONGEST_WAIT


def test_tries_during_the_wait_do_not_make_it_longer(
    session: Session, oscar: User, hands: Hands
) -> None:
    _fail("oscar", times=throttle.ACCOUNT_LIMIT)
    hands.move(timedelta(seconds=29))
    with pytest.raises(services.SignInRefused):
        services.authenticate("oscar", "wrong", SOURCE)

    hands.move(timedelta(seconds=1))

    assert services.authenticate("oscar", PASSWORD, SOURCE) is oscar


def test_an_address_that_tries_many_names_must_wait(session: Session, oscar: User) -> None:
    for number in range(throttle.SOURCE_LIMIT):
        _fail(f"name{number}")

    with pytest.raises(services.SignInRefused, match="Too many failed tries"):
        services.authenticate("oscar", PASSWORD, SOURCE)
    assert services.authenticate("oscar", PASSWORD, "198.51.100.1") is oscar


def test_signing_in_forgets_the_accounts_failures_but_not_the_addresses(
    session: Session, oscar: User
) -> None:
    _fail("oscar", times=3)

    services.authenticate("oscar", PASSWORD, SOURCE)

    assert session.get(SignInFailure, "user:oscar") is None
    assert session.get_one(SignInFailure, f"source:{SOURCE}").count == 3


def test_failures_of_long_ago_are_forgotten(session: Session, oscar: User, hands: Hands) -> None:
    _fail("oscar", times=4)

    hands.move(timedelta(hours=2))
    _fail("oscar")

    assert session.get_one(SignInFailure, "user:oscar").count == 1


def test_rows_of_long_ago_are_removed(session: Session, hands: Hands) -> None:
    _fail("some-name")

    hands.move(timedelta(hours=3))
    _fail("another-name")

    session.expire_all()
    assert session.get(SignInFailure, "user:some-name") is None


def test_a_new_password_lets_a_person_try_at_once(session: Session, oscar: User) -> None:
    _fail("oscar", times=throttle.ACCOUNT_LIMIT)

    services.set_password(oscar, "handed-over", by_self=False)

    assert services.authenticate("oscar", "handed-over", SOURCE) is oscar


@pytest.mark.parametrize(
    "username", ["n" * 5_000, "\x00", "🦊" * 300, "a" * 194 + " b", "' OR 1=1"]
)
def test_whatever_is_typed_as_a_name_is_counted(session: Session, username: str) -> None:
    _fail(username, times=throttle.ACCOUNT_LIMIT)

    with pytest.raises(services.SignInRefused, match="Too many failed tries"):
        services.authenticate(username, "wrong", SOURCE)


def _fail(username: str, times: int = 1) -> None:
    for _time in range(times):
        with pytest.raises(services.SignInRefused, match="do not fit"):
            services.authenticate(username, "wrong", SOURCE)


class Hands:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def move(self, span: timedelta) -> None:
        self.time += span


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    hands = Hands()
    monkeypatch.setattr(clock, "now", hands.now)
    return hands
