"""Launches that want the hosts of their inventory fresh."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select

from aops.core import clock
from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory.sources import claims
from aops.inventory.sources.models import InventorySource, RefreshStatus, SourceRefresh

_PATIENCE = 120
"""Seconds beyond the sources' own time limits that a launch waits for a worker."""


def refresh_for_launch(inventory_id: int, job_id: int, pause: Callable[[], None]) -> None:
    """Have the sources of an inventory refreshed that want to be before a launch.

    A worker does it, so that the waiting run can be cancelled at any moment; two runs that
    wait for one source share its refresh.

    Args:
        inventory_id: Of the inventory that a run is about to see.
        job_id: Of the run.
        pause: Commits, waits a moment, and raises to give up.

    Raises:
        AopsError: If a source that the launch requires could not be refreshed.
    """
    asked = {
        refresh_id: source_id
        for source_id in _due_for_launch(inventory_id)
        if (refresh_id := claims.request(source_id, f"launch of #{job_id}"))
    }
    if not asked:
        return
    pause()
    deadline = time.monotonic() + _seconds_for(asked.values())
    while claims.open_among(asked) and time.monotonic() < deadline:
        pause()
    _refuse_failed(asked)


def refreshed_on_launch(inventory_id: int) -> bool:
    """Tell whether launches have any source of an inventory refreshed."""
    query = select(InventorySource.id).where(
        InventorySource.inventory_id == inventory_id,
        InventorySource.enabled.is_(True),
        InventorySource.refresh_on_launch.is_(True),
    )
    return session().scalar(query.limit(1)) is not None


def refreshing_in(inventory_id: int | None) -> list[str]:
    """Name the sources of an inventory that launches wait for at this moment."""
    query = (
        select(InventorySource.name)
        .join(SourceRefresh, SourceRefresh.source_id == InventorySource.id)
        .where(
            InventorySource.inventory_id == inventory_id,
            InventorySource.refresh_on_launch.is_(True),
            SourceRefresh.status.in_(claims.OPEN),
        )
    )
    return list(session().scalars(query.distinct().order_by(InventorySource.name)))


def blamed_in(inventory_id: int | None, reason: str) -> tuple[int, str] | None:
    """Find the source that a refused launch names.

    Args:
        inventory_id: Of the launch; None if it is gone.
        reason: The sentence of the refusal.

    Returns:
        Id and name; None if no source of the inventory is named, or not any more.
    """
    query = select(InventorySource.id, InventorySource.name).where(
        InventorySource.inventory_id == inventory_id
    )
    for source_id, name in session().execute(query.order_by(InventorySource.id)):
        if f"“{name}”" in reason:
            return source_id, name
    return None


def _due_for_launch(inventory_id: int) -> list[int]:
    now = clock.now()
    query = select(
        InventorySource.id, InventorySource.refreshed_at, InventorySource.cache_seconds
    ).where(
        InventorySource.inventory_id == inventory_id,
        InventorySource.enabled.is_(True),
        InventorySource.refresh_on_launch.is_(True),
    )
    return [
        source_id
        for source_id, refreshed_at, seconds in session().execute(
            query.order_by(InventorySource.id)
        )
        if refreshed_at is None or now - refreshed_at > timedelta(seconds=seconds)
    ]


def _seconds_for(source_ids: Collection[int]) -> int:
    query = select(func.sum(InventorySource.timeout)).where(InventorySource.id.in_(source_ids))
    return int(session().scalar(query) or 0) + _PATIENCE


def _refuse_failed(asked: Collection[int]) -> None:
    query = (
        select(SourceRefresh.status, SourceRefresh.error, InventorySource.name)
        .join(InventorySource, InventorySource.id == SourceRefresh.source_id)
        .where(
            SourceRefresh.id.in_(asked),
            SourceRefresh.status != RefreshStatus.SUCCESSFUL,
            InventorySource.required_on_launch.is_(True),
        )
    )
    for status, error, name in session().execute(query.order_by(SourceRefresh.id)):
        problem = error if status is RefreshStatus.FAILED else _("no worker did it in time")
        raise AopsError(
            _(
                "Nothing was run, because the source “%(name)s” of the inventory could not be "
                "refreshed: %(problem)s",
                name=name,
                problem=problem,
            )
        )
