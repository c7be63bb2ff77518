"""Slows down guessing: each failed sign-in counts for its account and for its address.

Names without an account count like the others, so that waiting tells nothing. The
counts are rows that an attempt locks first: guesses sent at once queue up instead of
all being checked against the same old count.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from aops.core import clock
from aops.core.database import session
from aops.core.upsert import upsert
from aops.users.models import SignInFailure

ACCOUNT_LIMIT = 5
SOURCE_LIMIT = 20
"""Higher than an account's: many people may share one address."""

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
_FORGOTTEN_AFTER = timedelta(hours=1)
_SUBJECT_LENGTH = 200
_AT_ONCE = 100


class Attempt:
    """One try to sign in, with its two counts locked until the transaction ends."""

    def __init__(self, username: str, source: str) -> None:
        self._now = clock.now()
        self._counts = (
            (_locked(_account(username)), ACCOUNT_LIMIT),
            (_locked(f"source:{source}"[:_SUBJECT_LENGTH]), SOURCE_LIMIT),
        )

    def wait(self) -> timedelta:
        """Tell how long the person must wait before another try; zero when not at all."""
        waits = [
            row.since + _wait_after(row.count - limit) - self._now
            for row, limit in self._counts
            if row.count >= limit
        ]
        return max([*waits, timedelta()])

    def fail(self) -> None:
        """Count it, starting again where the last failure is long ago."""
        for row, _limit in self._counts:
            forgotten = row.since < self._now - _FORGOTTEN_AFTER
            row.count = 1 if forgotten else row.count + 1
            row.since = self._now
        session().flush()
        _forget_before(self._now - 2 * _FORGOTTEN_AFTER)

    def succeed(self) -> None:
        """Forget the account's failures; the address keeps its own."""
        (account, _limit), (source, _limit) = self._counts
        session().delete(account)
        if not source.count:
            session().delete(source)
        session().flush()


def forgive(username: str) -> None:
    """Let a person try again at once, as when they were given a new password."""
    session().execute(delete(SignInFailure).where(SignInFailure.subject == _account(username)))


def _account(username: str) -> str:
    return f"user:{username}"[:_SUBJECT_LENGTH].rstrip()


def _locked(subject: str) -> SignInFailure:
    row = session().get(SignInFailure, subject, with_for_update=True, populate_existing=True)
    if row is not None:
        return row
    nothing_yet = {"subject": subject, "count": 0, "since": clock.now()}
    upsert(SignInFailure, [nothing_yet], keep=("count", "since"))  # others may be faster
    return session().get_one(SignInFailure, subject, with_for_update=True)


def _wait_after(excess: int) -> timedelta:
    """Double the wait with every failure beyond the limit."""
    return min(FIRST_WAIT * (1 << min(excess, 10)), LONGEST_WAIT)


def _forget_before(moment: datetime) -> None:
    """Delete by key: a scan would wait for, and deadlock with, attempts of others."""
    old = select(SignInFailure.subject).where(SignInFailure.since < moment).limit(_AT_ONCE)
    subjects = session().scalars(old).all()
    if subjects:
        session().execute(delete(SignInFailure).where(SignInFailure.subject.in_(subjects)))
