"""How the last run ended on each host: what lists, pages and filters say about it.

The runs themselves belong to a later feature; it tells here what came of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from aops.core.database import session
from aops.core.upsert import upsert
from aops.inventory.models import Host, HostResult

FAILURES = frozenset({"failed", "unreachable"})
"""The statuses that are no success."""

_BATCH = 1000


@dataclass(frozen=True)
class HostOutcome:
    """How a run ended on one host.

    Attributes:
        status: ``ok``, ``changed``, ``failed`` or ``unreachable``.
        task: The first task that failed there.
        message: What it said, masked and shortened.
    """

    status: str
    task: str = ""
    message: str = ""


def record(
    inventory_id: int, job_id: int, outcomes: Mapping[str, HostOutcome], at: datetime
) -> None:
    """Note how a run ended on hosts of an inventory, unless a later one did already.

    Args:
        inventory_id: Of the hosts.
        job_id: The run.
        outcomes: By host name; a name that is not in the inventory is passed over.
        at: When the run ended.
    """
    names = sorted(outcomes)
    for start in range(0, len(names), _BATCH):
        batch = {name: outcomes[name] for name in names[start : start + _BATCH]}
        _record(inventory_id, job_id, batch, at)


def _record(
    inventory_id: int, job_id: int, outcomes: Mapping[str, HostOutcome], at: datetime
) -> None:
    query = (
        select(Host.name, Host.id)
        .outerjoin(HostResult, HostResult.host_id == Host.id)
        .where(
            Host.inventory_id == inventory_id,
            Host.name.in_(outcomes),
            or_(HostResult.last_at.is_(None), HostResult.last_at <= at),
        )
    )
    good: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for name, host_id in session().execute(query.order_by(Host.id)):
        outcome = outcomes.get(name)
        if outcome is None:  # MariaDB finds "web1" for a made-up "web1 " as well
            continue
        last = {"last_job_id": job_id, "last_status": outcome.status, "last_at": at}
        if outcome.status in FAILURES:
            bad.append({"host_id": host_id, **last, **_failure(job_id, outcome, at)})
        else:
            good.append({"host_id": host_id, **last, "last_ok_at": at, **_NO_FAILURE})
    upsert(HostResult, good, keep=_NO_FAILURE)
    upsert(HostResult, bad)


def _failure(job_id: int, outcome: HostOutcome, at: datetime) -> dict[str, Any]:
    return {
        "failed_job_id": job_id,
        "failed_at": at,
        "failed_task": outcome.task,
        "failed_message": outcome.message,
    }


_NO_FAILURE = {"failed_job_id": None, "failed_at": None, "failed_task": "", "failed_message": ""}
