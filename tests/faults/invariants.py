"""What must hold after every accident, whatever it was."""

import stat
from itertools import pairwise
from pathlib import Path

from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core.database import database_time
from aops.jobs.lifecycle import LEASE_SECONDS
from aops.jobs.models import Job, JobHost, JobOutput, JobResult, JobStatus
from tests.e2e.stack import Stack

_OPEN = (JobStatus.PENDING, JobStatus.RUNNING)


def check(stack: Stack) -> None:
    """Fail with all that is wrong at a set in which nothing is going on.

    Args:
        stack: Its web, worker and scheduler may be up or down.
    """
    assert problems(stack) == []


def problems(stack: Stack) -> list[str]:
    """List what is wrong, in sentences."""
    with stack._reading() as session:
        jobs = session.query(Job).order_by(Job.id).all()
        found = [
            f"job {job.id} ({job.status}): {problem}"
            for job in jobs
            for problem in [
                *_of_state(session, job),
                *_of_output(session, job),
                *_of_results(session, job),
            ]
        ]
        keys = [job.launch_key for job in jobs]
    if len(keys) != len(set(keys)):
        found.append("two jobs have the same launch key")
    return [*found, *_of_files(stack.home, _running(jobs))]


def _of_state(session: Session, job: Job) -> list[str]:
    found = []
    if job.attempt > 1:
        found.append(f"started {job.attempt} times")
    if job.status is JobStatus.RUNNING:
        silence = (database_time() - job.heartbeat_at).total_seconds()
        if silence > 2 * LEASE_SECONDS:
            found.append(f"silent for {silence:.0f} s")
    if job.status in _OPEN:
        return found
    if job.finished_at is None:
        found.append("has no end")
    if job.status is JobStatus.LOST and not job.reason:
        found.append("lost without a reason")
    lines = [
        action
        for (action,) in session.query(AuditEntry.action).filter_by(
            object_type="job", object_id=job.id
        )
    ]
    ends = lines.count("job.finished") if job.attempt else lines.count("job.cancel_requested")
    if lines.count("job.launched") != 1 or ends != 1:
        found.append(f"the audit log says {lines}")
    return found


def _of_output(session: Session, job: Job) -> list[str]:
    pieces = session.query(JobOutput).filter_by(job_id=job.id).order_by(JobOutput.seq).all()
    found = []
    if [piece.seq for piece in pieces] != list(range(1, job.output_seq + 1)):
        found.append(f"pieces {[piece.seq for piece in pieces]}, not 1 to {job.output_seq}")
    for piece, following in pairwise(pieces):
        if following.first_line != piece.first_line + piece.line_count:
            found.append(f"line numbers jump after piece {piece.seq}")
    if pieces and pieces[-1].first_line + pieces[-1].line_count - 1 != job.output_lines:
        found.append(f"{job.output_lines} lines counted")
    found.extend(
        f"piece {piece.seq} has not {piece.line_count} lines"
        for piece in pieces
        if len(piece.text.removesuffix("\n").split("\n")) != piece.line_count
    )
    return found


def _of_results(session: Session, job: Job) -> list[str]:
    """Compare the results of tasks with the recap, which a run that ended by itself has whole."""
    results = session.query(JobResult.seq).filter_by(job_id=job.id).order_by(JobResult.seq).all()
    numbers = [seq for (seq,) in results]
    found = []
    if numbers != list(range(1, len(numbers) + 1)):
        found.append(f"results {numbers}")
    counted = sum(
        host.ok + host.failed + host.skipped + host.unreachable + host.rescued
        for host in session.query(JobHost).filter_by(job_id=job.id)
    )
    if job.status in (JobStatus.SUCCESSFUL, JobStatus.FAILED) and counted != len(numbers):
        found.append(f"{len(numbers)} results, but {counted} in the recap")
    return found


def _running(jobs: list[Job]) -> set[str]:
    return {f"{job.id}-{job.attempt}" for job in jobs if job.status is JobStatus.RUNNING}


def _of_files(home: Path, running: set[str]) -> list[str]:
    left = [path for path in (home / "runs").iterdir() if path.name not in running]
    left += [path for path in (home / "spool").iterdir() if path.stem.lstrip(".") not in running]
    open_to_others = [
        path
        for path in home.rglob("*")
        if stat.S_IMODE(path.lstat().st_mode) & 0o077 and not path.is_symlink()
    ]
    return [
        *(f"{path} was left behind" for path in left),
        *(f"{path} is open to others" for path in open_to_others),
    ]
