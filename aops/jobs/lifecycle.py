"""Every change of a job's state; nothing else writes ``status``.

Each change is one conditional UPDATE that names the state, and for a run process the
attempt, that it starts from. So of two that race one wins, and a run process that lost
its claim can write nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, select, update

from aops.audit import services as audit
from aops.core import actor
from aops.core.database import database_time, session, utc_now
from aops.core.permissions import Permission, allows
from aops.jobs.models import Job, JobStatus, Pulse
from aops.jobs.reasons import msgid
from aops.users.models import User

HEARTBEAT_SECONDS = 5
LEASE_SECONDS = 45
"""Nine missed heartbeats: the run process is gone."""

PROCESS_DIED = msgid(
    "The process that carried this run died. What happened on the hosts after its last line is "
    "not known; it was not started again."
)
NOT_ALLOWED = msgid("It was not started: the person who launched it may not launch jobs any more.")
DELETED = msgid("It was not started: its playbook or inventory was deleted meanwhile.")
DISK_FULL = msgid(
    "It was ended because the disk of the worker is full. Free some space and launch it again."
)
BROKEN = msgid("aops itself failed while preparing it; logs/runs.log on the worker says why.")
NOT_STORED = msgid(
    "It was ended because its output could not be stored; logs/runs.log on the worker says why."
)
SERVICE_STOPPED = msgid("aops was stopped while this was running.")


class ClaimLost(Exception):  # noqa: N818 - reads as what happened
    """The job does not belong to this attempt any more; write nothing, stop everything."""


def claim(job_id: int, owner: str) -> int | None:
    """Take a waiting job for one run process.

    Args:
        job_id: Of any job; only a waiting one is taken.
        owner: Which machine and process takes it, for people.

    Returns:
        The attempt that every later write must name; None if somebody else was faster.
    """
    taken = _change(
        Job.id == job_id,
        Job.status == JobStatus.PENDING,
        status=JobStatus.RUNNING,
        attempt=Job.attempt + 1,
        owner=owner,
        started_at=utc_now(),
        heartbeat_at=utc_now(),
    )
    if not taken:
        return None
    return session().scalar(select(Job.attempt).where(Job.id == job_id))


def refuse(job_id: int, attempt: int, reason: str) -> None:
    """End a claimed job that must not be started."""
    finish(job_id, attempt, JobStatus.FAILED, reason=reason)


def launcher_may_still_launch(job: Job) -> bool:
    """Check the launching person's rights again, now that the job is about to start."""
    if job.launched_by_id is None:
        return False
    user = session().get(User, job.launched_by_id)
    return user is not None and user.active and allows(user.role, Permission.JOBS_LAUNCH)


def heartbeat(job_id: int, attempt: int) -> None:
    """Renew the lease.

    Raises:
        ClaimLost: If the job is not this attempt's any more.
    """
    if not _change(*_mine(job_id, attempt), heartbeat_at=utc_now()):
        raise ClaimLost(job_id)


def cancel_requested(job_id: int, attempt: int) -> bool:
    """Tell a run process whether somebody wants it to end.

    Raises:
        ClaimLost: If the job is not this attempt's any more.
    """
    row = (
        session()
        .execute(select(Job.cancel_requested_at).where(*_mine(job_id, attempt)))
        .one_or_none()
    )
    if row is None:
        raise ClaimLost(job_id)
    return row.cancel_requested_at is not None


def finish(
    job_id: int,
    attempt: int,
    status: JobStatus,
    *,
    reason: str = "",
    exit_code: int | None = None,
    **columns: Any,
) -> None:
    """End a run; the last write of its attempt.

    Raises:
        ClaimLost: If the job is not this attempt's any more.
    """
    changed = _change(
        *_mine(job_id, attempt),
        status=status,
        reason=reason,
        exit_code=exit_code,
        finished_at=utc_now(),
        **columns,
    )
    if not changed:
        raise ClaimLost(job_id)
    _audit_end(job_id, status, reason)


def cancel_waiting(job_id: int) -> bool:
    """Cancel a job that no worker has taken; tell whether it still was one."""
    changed = _change(
        Job.id == job_id,
        Job.status == JobStatus.PENDING,
        status=JobStatus.CANCELED,
        cancel_requested_at=utc_now(),
        cancel_requested_by=actor.current().name,
        finished_at=utc_now(),
    )
    return bool(changed)


def request_cancel(job_id: int) -> bool:
    """Ask the run process to end; tell whether the job was running."""
    changed = _change(
        Job.id == job_id,
        Job.status == JobStatus.RUNNING,
        Job.cancel_requested_at.is_(None),
        cancel_requested_at=utc_now(),
        cancel_requested_by=actor.current().name,
    )
    return bool(changed)


def lose(job_id: int, attempt: int) -> bool:
    """Mark a run lost because its process is known to be dead; tell whether it was open."""
    try:
        finish(job_id, attempt, JobStatus.LOST, reason=PROCESS_DIED)
    except ClaimLost:
        return False
    return True


def reap() -> list[int]:
    """Mark as lost the runs that gave no sign of life for a whole lease.

    A sweep that was itself away (the database was, or the machine slept) first gives
    everybody one lease to report.

    Returns:
        The ids of the lost jobs.
    """
    if not _awake():
        return []
    deadline = database_time() - timedelta(seconds=LEASE_SECONDS)
    silent = session().execute(
        select(Job.id, Job.attempt).where(
            Job.status == JobStatus.RUNNING, Job.heartbeat_at < deadline
        )
    )
    return [job_id for job_id, attempt in silent.all() if lose(job_id, attempt)]


def _awake() -> bool:
    """Note that the sweep lives; tell whether it has, without a gap, for a whole lease."""
    now = database_time()
    pulse = session().get(Pulse, ("sweep", ""))
    if pulse is None:
        session().add(Pulse(name="sweep", node="", seen_at=now, version=now.isoformat()))
        session().flush()
        return False
    if now - pulse.seen_at > timedelta(seconds=LEASE_SECONDS / 1.5):
        pulse.version = now.isoformat()  # since when it has been awake
    pulse.seen_at = now
    session().flush()
    awake_since = type(now).fromisoformat(pulse.version)
    return now - awake_since > timedelta(seconds=LEASE_SECONDS)


def _mine(job_id: int, attempt: int) -> tuple[Any, ...]:
    return Job.id == job_id, Job.attempt == attempt, Job.status == JobStatus.RUNNING


def _change(*conditions: Any, **values: Any) -> int:
    statement = update(Job).where(*conditions).values(**values)
    result = session().execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount


def _audit_end(job_id: int, status: JobStatus, reason: str) -> None:
    job = session().get(Job, job_id, populate_existing=True)
    audit.record("job.finished", job, status=status.value, reason=reason)
