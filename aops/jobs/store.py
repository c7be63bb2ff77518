"""Writes a run's spooled records into the database, each exactly once.

The job's row says up to which piece everything is stored, in the same transaction as
the pieces; so a batch whose commit was never answered can simply be sent again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, func, insert, or_, select, update

from aops.core.database import session
from aops.core.upsert import upsert
from aops.jobs import reports
from aops.jobs.lifecycle import ClaimLost
from aops.jobs.models import Job, JobHost, JobOutput
from aops.jobs.spool import Record


def store(job_id: int, attempt: int, records: list[Record], *, fenced: bool = True) -> None:
    """Add records to a job.

    Args:
        job_id: The job.
        attempt: Whose records they are.
        records: As the sink wrote them, in order.
        fenced: Whether the job must still be running; False for what a dead run process
            left behind.

    Raises:
        ClaimLost: If the job is another attempt's, or fenced and not running.
    """
    columns = Job.output_seq, Job.report_seq, Job.status, Job.inventory_id
    statement = select(*columns).where(Job.id == job_id, Job.attempt == attempt)
    row = session().execute(statement.with_for_update()).one_or_none()
    if row is None or (fenced and row.status.value != "running"):
        raise ClaimLost(job_id)
    _store_output(
        job_id,
        attempt,
        [r for r in records if r["kind"] == "output" and r["seq"] > row.output_seq],
    )
    _store_hosts(job_id, [r for r in records if r["kind"] == "hosts"])
    new = [r for r in records if r["kind"] in reports.KINDS and r["seq"] > row.report_seq]
    if new:
        reports.store(job_id, row.inventory_id, new)
        _update_job(job_id, report_seq=new[-1]["seq"])


def _store_output(job_id: int, attempt: int, pieces: list[Record]) -> None:
    if not pieces:
        return
    session().execute(
        insert(JobOutput),
        [
            {
                "job_id": job_id,
                "seq": piece["seq"],
                "attempt": attempt,
                "first_line": piece["first_line"],
                "line_count": piece["line_count"],
                "text": piece["text"],
            }
            for piece in pieces
        ],
    )
    last = pieces[-1]
    _update_job(
        job_id,
        output_seq=last["seq"],
        output_lines=last["first_line"] + last["line_count"] - 1,
        output_bytes=Job.output_bytes + sum(len(piece["text"].encode()) for piece in pieces),
        output_cut=last["cut"],
    )


def _store_hosts(job_id: int, records: list[Record]) -> None:
    hosts: dict[str, dict[str, Any]] = {}
    for record in records:
        failures = record.get("failures", {})
        for host, counts in record["hosts"].items():
            task, message = failures.get(host, ("", ""))
            hosts[host] = counts | {"failed_task": task, "message": message}
    if hosts:
        upsert(JobHost, [{"job_id": job_id, "host": host, **row} for host, row in hosts.items()])
        _update_job(job_id, **_totals(job_id))


def _totals(job_id: int) -> dict[str, int]:
    failed, changed = or_(JobHost.failed > 0, JobHost.unreachable > 0), JobHost.changed > 0
    row = (
        session()
        .execute(
            select(
                func.count(),
                func.coalesce(func.sum(case((failed, 1), else_=0)), 0),
                func.coalesce(func.sum(case((changed, 1), else_=0)), 0),
            ).where(JobHost.job_id == job_id)
        )
        .one()
    )
    return {"hosts_total": row[0], "hosts_failed": int(row[1]), "hosts_changed": int(row[2])}


def _update_job(job_id: int, **values: Any) -> None:
    session().execute(
        update(Job).where(Job.id == job_id).values(**values),
        execution_options={"synchronize_session": False},
    )
