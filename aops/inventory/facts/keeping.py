"""Writes reports down: the newest facts of each host, and what changed, within bounds.

Past the ORM session, in as many statements for a hundred hosts as for one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import delete, func, insert, select

from aops.core.database import session
from aops.core.upsert import upsert
from aops.inventory.facts import changes, lines
from aops.inventory.facts.models import FactChange, HostFacts
from aops.inventory.facts.reports import Report, fit
from aops.inventory.facts.stable import stable
from aops.inventory.facts.summary import summarize
from aops.inventory.models import Host

MOST_CHANGES = 200
"""How many times a host's facts changed are remembered."""

MOST_BYTES = 4 << 20
"""Compressed bytes of one host's changes that are remembered."""


def keep(inventory_id: int, reports: Mapping[str, Report]) -> None:
    """Keep some hosts' reports, few enough to be in memory at once."""
    ids = _lock(inventory_id, reports)
    known = _known(ids.values())
    rows: list[dict[str, Any]] = []
    history: list[dict[str, Any]] = []
    for name, host_id in ids.items():
        old, told = known.get(host_id), reports[name]
        if old and old.at > told.at:  # a run that died long ago is only now stored
            continue
        report, size = fit(told.after(old) if old else told)
        rows.append(_row(host_id, report, size))
        difference = changes.between(stable(old.facts), stable(report.facts)) if old else {}
        if difference or not old:
            history.append(
                {
                    "host_id": host_id,
                    "job_id": told.job_id,
                    "recorded_at": told.at,
                    "number": len(difference),
                    "changes": difference,
                }
            )
    upsert(HostFacts, rows)
    if history:
        session().execute(insert(FactChange), history)
        _forget_old({change["host_id"] for change in history})


def _lock(inventory_id: int, names: Collection[str]) -> dict[str, int]:
    """Give the ids of the hosts in their order, with nobody else recording facts of them."""
    query = select(Host.name, Host.id).where(
        Host.inventory_id == inventory_id, Host.name.in_(list(names))
    )
    rows = session().execute(query.order_by(Host.id).with_for_update())
    # MariaDB finds "web1" for "web1 " as well, which is a host that a playbook made up.
    return {name: host_id for name, host_id in rows.all() if name in names}


def _known(ids: Iterable[int]) -> dict[int, Report]:
    query = select(
        HostFacts.host_id,
        HostFacts.data,
        HostFacts.gathered_at,
        HostFacts.complete,
        HostFacts.left_out,
        HostFacts.job_id,
    ).where(HostFacts.host_id.in_(list(ids)))
    return {
        host_id: Report(data or {}, at, full, tuple(json.loads(left_out)), job_id)
        for host_id, data, at, full, left_out, job_id in session().execute(query)
    }


def _row(host_id: int, report: Report, size: int) -> dict[str, Any]:
    return {
        "host_id": host_id,
        "gathered_at": report.at,
        "job_id": report.job_id,
        "complete": report.full,
        "size": size,
        "left_out": json.dumps(report.left_out, ensure_ascii=False),
        "summary": json.dumps(summarize(report.facts), ensure_ascii=False),
        "small": lines.small(report.facts),
        "data": dict(report.facts),
    }


def _forget_old(host_ids: set[int]) -> None:
    query = (
        select(FactChange.id, FactChange.host_id, func.length(FactChange.changes))
        .where(FactChange.host_id.in_(host_ids))
        .order_by(FactChange.host_id, FactChange.id.desc())
    )
    old = list(_beyond_bounds(session().execute(query)))
    if old:
        session().execute(delete(FactChange).where(FactChange.id.in_(old)))


def _beyond_bounds(rows: Iterable[Any]) -> Iterator[int]:
    """Give the ids of changes to forget, from rows that come newest first for each host."""
    host = None
    for change_id, host_id, size in rows:
        if host_id != host:
            host, number, total = host_id, 0, 0
        number, total = number + 1, total + size
        if number > 1 and (number > MOST_CHANGES or total > MOST_BYTES):
            yield change_id
