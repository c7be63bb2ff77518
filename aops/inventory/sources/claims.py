"""Who refreshes which source now: every change of a refresh's state but its result.

The database decides, as for jobs: asking and taking are conditional UPDATEs of the source, so
that of two who ask one refresh comes, of two workers one takes it, and one that lost its
claim writes nothing. These UPDATEs leave version and time of change alone, so that a form
that somebody has open stays good.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import CursorResult, Select, delete, func, select, update

from aops.audit import services as audit
from aops.core import clock
from aops.core.celery import send_after_commit
from aops.core.database import database_time, session
from aops.inventory.sources.models import InventorySource, RefreshStatus, SourceRefresh

REFRESH_TASK = "inventory.refresh_sources"
SCHEDULE = "schedule"
"""Cause of a refresh that nobody asked for."""

KEPT_REFRESHES = 100
HEARTBEAT_SECONDS = 5
LEASE_SECONDS = 45
"""Nine missed heartbeats: the worker that refreshes is gone."""

OPEN = (RefreshStatus.WAITING, RefreshStatus.RUNNING)


class ClaimLost(Exception):  # noqa: N818 - reads as what happened
    """The source does not belong to this refresh any more; write nothing."""


@dataclass(frozen=True)
class Claim:
    """A refresh that this process has taken."""

    source_id: int
    refresh_id: int


def request(source_id: int, cause: str) -> int | None:
    """Ask a worker for a refresh; who asks while one waits gets that one.

    Args:
        source_id: Of a source.
        cause: Who or what asks.

    Returns:
        The refresh; None if the source is gone.
    """
    return _request(source_id, cause) or waiting_of(source_id)


def request_due() -> int:
    """Ask for the refreshes whose time has come; what was missed is made up for once.

    Returns:
        How many.
    """
    now = clock.now()
    due = [
        (source_id, newest_id)
        for source_id, minutes, newest_id, started_at in _scheduled()
        if started_at is None or now - started_at >= timedelta(minutes=minutes)
    ]
    return sum(
        _request(source_id, SCHEDULE, newest=newest) is not None for source_id, newest in due
    )


def claim_next() -> Claim | None:
    """Take the refresh that has waited longest, of a source that is not being refreshed."""
    for refresh_id, source_id in session().execute(_claimable()).all():
        if _claim(source_id, refresh_id):
            return Claim(source_id, refresh_id)
    return None


def anything_waits() -> bool:
    """Tell whether there is a refresh that could be taken now."""
    return session().execute(_claimable().limit(1)).first() is not None


def waiting_of(source_id: int) -> int | None:
    """Give the refresh of a source that waits for a worker."""
    query = select(SourceRefresh.id).where(
        SourceRefresh.source_id == source_id, SourceRefresh.status == RefreshStatus.WAITING
    )
    return session().scalar(query.order_by(SourceRefresh.id))


def renew(claim: Claim) -> None:
    """Say that a refresh is alive; what writes its result has locked the source, and is passed."""
    if _lock_free(InventorySource.id == claim.source_id):
        _change_source(
            InventorySource.id == claim.source_id,
            InventorySource.refreshing_id == claim.refresh_id,
            lease_until=_lease(),
        )


def release(claim: Claim, **values: Any) -> None:
    """End a claim, in the transaction that writes the result.

    Args:
        claim: Must still hold.
        values: Columns of the source that change with it.

    Raises:
        ClaimLost: If it does not hold any more.
    """
    mine = (
        InventorySource.id == claim.source_id,
        InventorySource.refreshing_id == claim.refresh_id,
    )
    if not _change_source(*mine, refreshing_id=None, lease_until=None, **values):
        raise ClaimLost(claim.source_id)
    _prune(claim.source_id)


def recover() -> int:
    """Free the sources whose refresh gave no sign of life before its lease ended.

    One whose result is being written is alive, and passed over.

    Returns:
        How many.
    """
    over = InventorySource.lease_until < database_time()
    held = InventorySource.refreshing_id.is_not(None)
    ids = session().scalars(select(InventorySource.id).where(held, over)).all()
    dead = _lock_free(InventorySource.id.in_(ids), over) if ids else []
    claims = [Claim(source_id, refresh_id) for source_id, refresh_id in dead if refresh_id]
    return sum(_recover(claim) for claim in claims)


def open_among(refresh_ids: Collection[int]) -> list[int]:
    """Give those refreshes that have not ended yet."""
    query = select(SourceRefresh.id).where(
        SourceRefresh.id.in_(refresh_ids), SourceRefresh.status.in_(OPEN)
    )
    return list(session().scalars(query))


def _request(source_id: int, cause: str, newest: int | None = None) -> int | None:
    """Ask unless one waits; with ``newest``, unless there is a refresh after that one."""
    unchanged = [] if newest is None else [_newest_of(source_id) == newest]
    asked = _change_source(
        InventorySource.id == source_id,
        InventorySource.refresh_requested_at.is_(None),
        *unchanged,
        refresh_requested_at=clock.now(),
    )
    if not asked:
        return None
    refresh = SourceRefresh(source_id=source_id, status=RefreshStatus.WAITING, cause=cause[:255])
    session().add(refresh)
    session().flush()
    send_after_commit(REFRESH_TASK)
    return refresh.id


def _lease() -> Any:
    return database_time() + timedelta(seconds=LEASE_SECONDS)


def _lock_free(*conditions: Any) -> list[tuple[int, int | None]]:
    """Lock the sources that nobody else has locked; waiting for them could end in a deadlock."""
    query = select(InventorySource.id, InventorySource.refreshing_id).where(*conditions)
    found = session().execute(query.with_for_update(skip_locked=True))
    return [(source_id, refresh_id) for source_id, refresh_id in found]


def _newest_of(source_id: int) -> Any:
    newest = select(func.max(SourceRefresh.id)).where(SourceRefresh.source_id == source_id)
    return func.coalesce(newest.scalar_subquery(), 0)


def _scheduled() -> list[tuple[int, int, int, Any]]:
    newest = (
        select(SourceRefresh.source_id, func.max(SourceRefresh.id).label("id"))
        .group_by(SourceRefresh.source_id)
        .subquery()
    )
    query = (
        select(
            InventorySource.id,
            InventorySource.interval_minutes,
            func.coalesce(newest.c.id, 0),
            SourceRefresh.started_at,
        )
        .outerjoin(newest, newest.c.source_id == InventorySource.id)
        .outerjoin(SourceRefresh, SourceRefresh.id == newest.c.id)
        .where(
            InventorySource.enabled.is_(True),
            InventorySource.interval_minutes > 0,
            InventorySource.refresh_requested_at.is_(None),
            InventorySource.refreshing_id.is_(None),
        )
    )
    return [tuple(row) for row in session().execute(query)]


def _claimable() -> Select[int, int]:
    return (
        select(SourceRefresh.id, SourceRefresh.source_id)
        .join(InventorySource, InventorySource.id == SourceRefresh.source_id)
        .where(
            SourceRefresh.status == RefreshStatus.WAITING,
            InventorySource.refreshing_id.is_(None),
        )
        .order_by(SourceRefresh.id)
    )


def _claim(source_id: int, refresh_id: int) -> bool:
    taken = _change_source(
        InventorySource.id == source_id,
        InventorySource.refreshing_id.is_(None),
        InventorySource.refresh_requested_at.is_not(None),
        refreshing_id=refresh_id,
        refresh_requested_at=None,
        lease_until=_lease(),
    )
    return bool(taken) and bool(
        _change_refresh(
            refresh_id,
            RefreshStatus.WAITING,
            status=RefreshStatus.RUNNING,
            started_at=clock.now(),
        )
    )


def _recover(claim: Claim) -> bool:
    try:
        release(claim)
    except ClaimLost:
        return False
    sentence = _("The worker ended while it refreshed the source; nothing was changed.")
    _change_refresh(
        claim.refresh_id, RefreshStatus.RUNNING, status=RefreshStatus.FAILED, error=sentence
    )
    source = session().get_one(InventorySource, claim.source_id)
    audit.record("source.refresh_failed", source, reason=sentence)
    return True


def _prune(source_id: int) -> None:
    """Forget the oldest refreshes that have ended."""
    ids = select(SourceRefresh.id).where(SourceRefresh.source_id == source_id)
    oldest = session().scalar(ids.order_by(SourceRefresh.id.desc()).offset(KEPT_REFRESHES).limit(1))
    if oldest is not None:
        session().execute(
            delete(SourceRefresh)
            .where(
                SourceRefresh.source_id == source_id,
                SourceRefresh.id <= oldest,
                SourceRefresh.status.not_in(OPEN),
            )
            .execution_options(synchronize_session=False)
        )


def _change_source(*conditions: Any, **values: Any) -> int:
    return _change(
        update(InventorySource)
        .where(*conditions)
        .values(updated_at=InventorySource.updated_at, **values)
    )


def _change_refresh(refresh_id: int, known: RefreshStatus, **values: Any) -> int:
    return _change(
        update(SourceRefresh)
        .where(SourceRefresh.id == refresh_id, SourceRefresh.status == known)
        .values(**values)
    )


def _change(statement: Any) -> int:
    result = session().execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount
