"""Stores what a run reported beside its output: each task's result, and hosts' facts.

The facts go to the inventory, whose they are. What goes wrong with them costs the
facts and nothing else: neither the output nor the status of the job.
"""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import insert

from aops.core.database import is_outage, session
from aops.inventory.facts import services as facts
from aops.inventory.facts.reports import Report
from aops.jobs.models import JobResult
from aops.jobs.spool import Record

_log = logging.getLogger("aops.run")

KINDS = frozenset({"results", "facts"})
"""Kinds of records that are numbered together."""

_COLUMNS = ("host", "task", "status", "duration", "message")


def store(job_id: int, inventory_id: int | None, records: list[Record]) -> None:
    """Add records that are not stored yet.

    Args:
        job_id: The job.
        inventory_id: Whose hosts the facts are of; None if it is deleted.
        records: As the sink wrote them, in order.
    """
    rows = [row for record in records if record["kind"] == "results" for row in _rows(record)]
    if rows:
        session().execute(insert(JobResult), [{"job_id": job_id, **row} for row in rows])
    reports = _by_host([record for record in records if record["kind"] == "facts"])
    if reports and inventory_id is not None:
        _keep_facts(inventory_id, job_id, reports)


def _rows(record: Record) -> list[Record]:
    return [
        {"seq": record["first"] + place, **dict(zip(_COLUMNS, row, strict=True))}
        for place, row in enumerate(record["rows"])
    ]


def _by_host(records: list[Record]) -> dict[str, Report]:
    reports: dict[str, Report] = {}
    for record in records:
        host, at = record["host"], datetime.fromisoformat(record["at"])
        report = Report(record["facts"], at, record["full"], tuple(record["left_out"]))
        earlier = reports.get(host)
        reports[host] = report.after(earlier) if earlier else report
    return reports


def _keep_facts(inventory_id: int, job_id: int, reports: dict[str, Report]) -> None:
    try:
        with session().begin_nested():
            facts.record(inventory_id, job_id, reports)
    except Exception as error:
        if is_outage(error):
            raise
        _log.exception("run of job %s: the facts of its hosts could not be stored", job_id)
