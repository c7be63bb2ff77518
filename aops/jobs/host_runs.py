"""What jobs know of one host: its last runs, and how the newest of them went, task by task.

A host is found by its name and its inventory: a host of the same name elsewhere is another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from aops.core.database import session
from aops.inventory.models import Host
from aops.jobs.models import Job, JobHost, JobResult, JobTemplate

STRIP = 20
"""How many runs the strip shows."""

MAX_RESULTS = 200
"""How many tasks a host's page shows before it points to the job."""

_MAX_TEMPLATES = 50


@dataclass(frozen=True)
class HostRun:
    """How one job ended on the host.

    Attributes:
        status: The worst of ``ok``, ``changed``, ``failed`` and ``unreachable``.
        message: What a failed task said; "" when none failed.
    """

    job_id: int
    name: str
    status: str
    at: datetime
    task: str
    message: str


def last_runs(host: Host, limit: int = STRIP) -> list[HostRun]:
    """Give the newest jobs that reported on a host, the newest first."""
    query = (
        select(JobHost, Job.name, Job.created_at)
        .join(Job, Job.id == JobHost.job_id)
        .where(JobHost.host == host.name, Job.inventory_id == host.inventory_id)
        .order_by(JobHost.job_id.desc())
        .limit(limit)
    )
    return [
        HostRun(row.job_id, name, _worst(row), at, row.failed_task, row.message)
        for row, name, at in session().execute(query)
    ]


def results(job_id: int, host: Host) -> list[JobResult]:
    """Give how the tasks of a job ended on a host, in order; one more than is shown at most."""
    query = (
        select(JobResult)
        .where(JobResult.job_id == job_id, JobResult.host == host.name)
        .order_by(JobResult.seq)
        .limit(MAX_RESULTS + 1)
    )
    return list(session().scalars(query))


def names_of(job_ids: Collection[int | None]) -> dict[int, str]:
    """Name the jobs that still exist."""
    query = select(Job.id, Job.name).where(Job.id.in_([one for one in job_ids if one]))
    return {key: name for key, name in session().execute(query)}  # noqa: C416 - typed rows


def templates_for(host: Host) -> list[tuple[int, str]]:
    """Give id and name of the templates that can be launched on this host alone."""
    query = (
        select(JobTemplate.id, JobTemplate.name)
        .where(JobTemplate.inventory_id == host.inventory_id, JobTemplate.ask_limit)
        .order_by(JobTemplate.name)
        .limit(_MAX_TEMPLATES)
    )
    return [(key, name) for key, name in session().execute(query)]


def _worst(row: JobHost) -> str:
    for status in ("unreachable", "failed", "changed"):
        if getattr(row, status):
            return status
    return "ok"
