"""Hands a run's records to the database; the last one, the result, ends the job.

Called by the run's own process, and by the sweep for what a dead one left behind.
"""

from __future__ import annotations

import logging

from sqlalchemy.exc import SQLAlchemyError

from aops.core.database import is_outage, session
from aops.core.errors import AopsError
from aops.inventory import services as inventory
from aops.jobs import lifecycle, outcomes
from aops.jobs.models import Job, JobStatus
from aops.jobs.spool import Record
from aops.jobs.store import store

_log = logging.getLogger("aops.run")


def deliver(
    job_id: int, attempt: int, records: list[Record], *, service_stopped: bool = False
) -> None:
    """Store records in the current transaction; the result record ends the job.

    Args:
        job_id: The job.
        attempt: Whose records they are.
        records: As the sink wrote them, in order.
        service_stopped: Whether a cancel was not a person's wish but the end of aops.

    Raises:
        ClaimLost: If the job is not this attempt's any more.
    """
    store(job_id, attempt, records)
    if records[-1]["kind"] == "result":
        _finish(job_id, attempt, records[-1], service_stopped=service_stopped)


def _finish(job_id: int, attempt: int, result: Record, *, service_stopped: bool) -> None:
    reason = result["reason"]
    status = JobStatus(result["outcome"])
    if status is JobStatus.CANCELED and service_stopped:
        reason = lifecycle.SERVICE_STOPPED
    if result["known_hosts"]:
        _keep_host_keys(job_id, result["known_hosts"])
    lifecycle.finish(
        job_id,
        attempt,
        status,
        reason=reason,
        exit_code=result["exit_code"],
        output_cut=result["cut"],
        isolated=result["isolated"],
    )
    outcomes.publish(job_id)


def _keep_host_keys(job_id: int, known_hosts: str) -> None:
    """Store the keys that the run accepted; what goes wrong here costs the keys, not the status."""
    inventory_id = session().get_one(Job, job_id).inventory_id
    if inventory_id is None:
        return
    try:
        with session().begin_nested():
            inventory.record_new_keys(inventory_id, known_hosts)
    except (AopsError, SQLAlchemyError) as error:
        if is_outage(error):
            raise
        _log.exception("run of job %s: its new host keys could not be stored", job_id)
