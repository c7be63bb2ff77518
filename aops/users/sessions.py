"""Browsers in which people are signed in: a random token there, its hash here.

A session lives in a row, so that signing out, a new password or a deactivated
account ends it at once, whatever copy of the cookie somebody holds.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import contains_eager

from aops.audit import services as audit
from aops.core import clock
from aops.core.database import session
from aops.users.models import User, UserSession

_TOKEN_BYTES = 32


def start_session(user: User, source: str, user_agent: str, *, hours: int) -> str:
    """Sign a browser in.

    Returns:
        The token; nothing but its hash is kept.
    """
    now = clock.now()
    session().execute(delete(UserSession).where(UserSession.expires_at < now))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session().add(
        UserSession(
            user_id=user.id,
            token_hash=_hash(token),
            expires_at=now + timedelta(hours=hours),
            source=source[:255],
            user_agent=user_agent[:255],
        )
    )
    session().flush()
    return token


def find_session(token: str) -> UserSession | None:
    """Return the session of a token with its person, in one query; None when it is over."""
    return session().scalar(
        select(UserSession)
        .join(UserSession.user)
        .options(contains_eager(UserSession.user))
        .where(
            UserSession.token_hash == _hash(token),
            UserSession.expires_at > clock.now(),
            User.active,
        )
    )


def sessions_of(user: User) -> Sequence[UserSession]:
    """List where a person is signed in, latest first."""
    return (
        session()
        .scalars(
            select(UserSession)
            .where(UserSession.user_id == user.id, UserSession.expires_at > clock.now())
            .order_by(UserSession.id.desc())
        )
        .all()
    )


def end_session(ended: UserSession) -> None:
    """Sign one browser out."""
    audit.record("user.signed_out", ended.user)
    session().delete(ended)
    session().flush()


def end_all_sessions(user: User, *, except_id: int | None = None) -> int:
    """Sign a person out everywhere, or everywhere but in one browser.

    Returns:
        In how many browsers they were signed in.
    """
    others = UserSession.id != (except_id or 0)
    result = session().execute(delete(UserSession).where(UserSession.user_id == user.id, others))
    return int(result.rowcount)  # type: ignore[attr-defined]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
