"""Keeps what hosts report about themselves, and tells what they were at any moment.

A host has one row with its newest facts, and one for each time that something other
than volatile facts changed; earlier states are worked out backwards from these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from aops.core.database import session
from aops.inventory.facts import changes, keeping
from aops.inventory.facts.changes import Changes
from aops.inventory.facts.models import FactChange, HostFacts
from aops.inventory.facts.reports import Report
from aops.inventory.facts.stable import stable

_BATCH = 100
"""Hosts whose facts are in memory at once: up to 50 MiB."""


PAGE_SIZE = 20
"""Changes on one page of the history."""


@dataclass(frozen=True)
class HistoryPage:
    """One page of the history; ``older`` is the key of the next one, if there is one."""

    changes: list[FactChange]
    older: int | None


def record(inventory_id: int, job_id: int, reports: Mapping[str, Report]) -> None:
    """Keep what hosts reported in a run; recording the same again changes nothing.

    Args:
        inventory_id: Of the hosts.
        job_id: The run that gathered the facts.
        reports: By host name; a name that is not in the inventory is passed over.
    """
    names = sorted(reports)
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        keeping.keep(inventory_id, {name: replace(reports[name], job_id=job_id) for name in batch})


def facts_of(host_id: int) -> HostFacts | None:
    """Give what a host last reported; None if it never did."""
    query = select(HostFacts).where(HostFacts.host_id == host_id)
    return session().scalar(query.execution_options(populate_existing=True))


def facts_at(host_id: int, moment: datetime) -> dict[str, Any] | None:
    """Tell what a host's facts were, without the volatile ones.

    Args:
        host_id: Any host's.
        moment: Any; the future is as today.

    Returns:
        The facts; None for a moment before the first that is known.
    """
    rows = _history(host_id)
    now = facts_of(host_id)
    oldest = None
    state: dict[str, Any] | None = stable(now.data) if now else None
    for recorded_at, difference in rows:
        oldest = recorded_at
        if recorded_at <= moment:
            return state
        state = changes.undo(state, difference)
    return state if oldest is None else None


def diff(host_id: int, since: datetime, until: datetime) -> Changes | None:
    """Tell what changed between two moments, by path; None if one is before all that is known."""
    old, new = facts_at(host_id, since), facts_at(host_id, until)
    return None if old is None or new is None else changes.between(old, new)


def history_of(host_id: int, before: int | None = None) -> HistoryPage:
    """Give one page of what changed, newest first; the oldest row is the first report."""
    query = (
        select(FactChange)
        .where(FactChange.host_id == host_id, *([FactChange.id < before] if before else []))
        .order_by(FactChange.id.desc())
        .options(undefer(FactChange.changes))
        .limit(PAGE_SIZE + 1)
    )
    found = list(session().scalars(query))
    rows = found[:PAGE_SIZE]
    return HistoryPage(rows, older=rows[-1].id if len(found) > PAGE_SIZE else None)


def first_known_at(host_id: int) -> datetime | None:
    """Tell since when a host's facts are known; None if they are not."""
    query = select(FactChange.recorded_at).where(FactChange.host_id == host_id)
    return session().scalar(query.order_by(FactChange.id).limit(1))


def _history(host_id: int) -> Iterator[tuple[datetime, Changes]]:
    """Give all that is known to have changed, newest first, one at a time."""
    ids = session().scalars(
        select(FactChange.id).where(FactChange.host_id == host_id).order_by(FactChange.id.desc())
    )
    for change_id in ids.all():
        query = select(FactChange.recorded_at, FactChange.changes).where(FactChange.id == change_id)
        yield tuple(session().execute(query).one())
