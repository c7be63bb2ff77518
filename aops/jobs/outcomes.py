"""Tells the inventory how a finished job ended on each of its hosts."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import select

from aops.core.database import is_outage, session
from aops.inventory import refused_keys, results
from aops.inventory.results import HostOutcome
from aops.jobs import hints
from aops.jobs.models import Job, JobHost

_log = logging.getLogger("aops.run")


def publish(job_id: int) -> None:
    """Hand on what is known, of a lost or canceled job too; a failure here costs no status."""
    query = select(Job.inventory_id, Job.finished_at).where(Job.id == job_id)
    job = session().execute(query).one_or_none()
    if job is None or job.inventory_id is None or job.finished_at is None:
        return
    try:
        with session().begin_nested():
            _hand_on(job.inventory_id, job_id, job.finished_at)
    except Exception as error:
        if is_outage(error):
            raise
        _log.exception("run of job %s: its hosts' last results could not be stored", job_id)


def _hand_on(inventory_id: int, job_id: int, at: datetime) -> None:
    outcomes = _outcomes(job_id)
    results.record(inventory_id, job_id, outcomes, at)
    refused = [host for host, outcome in outcomes.items() if hints.is_refusal(outcome.message)]
    refused_keys.fetch(inventory_id, job_id, refused, at)


def _outcomes(job_id: int) -> dict[str, HostOutcome]:
    query = select(
        JobHost.host,
        JobHost.unreachable,
        JobHost.failed,
        JobHost.changed,
        JobHost.failed_task,
        JobHost.message,
    ).where(JobHost.job_id == job_id)
    return {
        row.host: HostOutcome(_status(row), row.failed_task, row.message)
        for row in session().execute(query)
    }


def _status(row: Any) -> str:
    if row.unreachable:
        return "unreachable"
    if row.failed:
        return "failed"
    return "changed" if row.changed else "ok"
