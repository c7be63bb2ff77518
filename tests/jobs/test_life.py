from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core.database import database_time
from aops.jobs import lifecycle, services
from aops.jobs.lifecycle import LEASE_SECONDS, ClaimLost
from aops.jobs.models import Job, JobOutput, JobStatus, JobTemplate, Pulse
from aops.jobs.store import store
from aops.users.models import User
from tests import factories

ENDS = st.sampled_from(
    [JobStatus.SUCCESSFUL, JobStatus.FAILED, JobStatus.CANCELED, JobStatus.TIMED_OUT]
)
LEASE = timedelta(seconds=LEASE_SECONDS)


@dataclass
class Expected:
    """What a job must look like, in the words of the promises."""

    status: JobStatus = JobStatus.PENDING
    attempt: int = 0
    cancel_wanted: bool = False
    silent: bool = False
    pieces: int = 0
    ends: int = 0

    def holds(self, attempt: int) -> bool:
        return self.status is JobStatus.RUNNING and self.attempt == attempt

    def end(self, status: JobStatus) -> None:
        self.status = status
        self.ends += 1


class Life(RuleBasedStateMachine):
    """Does to jobs, in any order, what people, workers, run processes and sweeps may do."""

    session: Session
    template: JobTemplate
    user: User

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.expected: dict[int, Expected] = {}
        self.keys: dict[str, int] = {}
        for table in (Job, AuditEntry):  # of the example before
            self.session.execute(delete(table))

    @rule(target=jobs, key=st.sampled_from("abc"))
    def launch(self, key: str) -> int:
        job = services.launch(self.template, self.user, services.Choices(), launch_key=key)
        self.session.commit()
        assert self.keys.setdefault(key, job.id) == job.id
        self.expected.setdefault(job.id, Expected())
        return job.id

    @rule(job_id=jobs)
    def claim(self, job_id: int) -> None:
        expected = self.expected[job_id]
        attempt = lifecycle.claim(job_id, "somebody")

        if expected.status is JobStatus.PENDING:
            expected.status, expected.attempt = JobStatus.RUNNING, 1
            assert attempt == 1
        else:
            assert attempt is None

    @rule(job_id=jobs, attempt=st.integers(0, 2))
    def heartbeat(self, job_id: int, attempt: int) -> None:
        expected = self.expected[job_id]
        if self._did(expected.holds(attempt), lambda: lifecycle.heartbeat(job_id, attempt)):
            expected.silent = False

    @rule(job_id=jobs, attempt=st.integers(0, 2))
    def print_something(self, job_id: int, attempt: int) -> None:
        expected = self.expected[job_id]
        batch = [_piece(seq) for seq in range(max(expected.pieces, 1), expected.pieces + 3)]
        if self._did(expected.holds(attempt), lambda: store(job_id, attempt, batch)):
            expected.pieces += 2

    @rule(job_id=jobs, attempt=st.integers(0, 2), status=ENDS)
    def finish(self, job_id: int, attempt: int, status: JobStatus) -> None:
        expected = self.expected[job_id]
        if self._did(expected.holds(attempt), lambda: lifecycle.finish(job_id, attempt, status)):
            expected.end(status)

    @rule(job_id=jobs)
    def cancel(self, job_id: int) -> None:
        expected = self.expected[job_id]
        done = services.cancel(self.session.get_one(Job, job_id))

        if expected.status is JobStatus.PENDING:
            assert done
            expected.status, expected.cancel_wanted = JobStatus.CANCELED, True
        elif expected.status is JobStatus.RUNNING and not expected.cancel_wanted:
            assert done
            expected.cancel_wanted = True
        else:
            assert not done

    @rule(job_id=jobs)
    def fall_silent(self, job_id: int) -> None:
        expected = self.expected[job_id]
        assume(expected.status is JobStatus.RUNNING)
        job = self.session.get_one(Job, job_id, populate_existing=True)
        job.heartbeat_at = database_time() - 2 * LEASE
        self.session.flush()
        expected.silent = True

    @rule()
    def reap(self) -> None:
        now = database_time()
        awake_since = (now - 2 * LEASE).isoformat()
        self.session.merge(Pulse(name="sweep", node="", seen_at=now, version=awake_since))
        self.session.flush()
        dead = [
            job_id
            for job_id, expected in self.expected.items()
            if expected.status is JobStatus.RUNNING and expected.silent
        ]

        assert sorted(lifecycle.reap()) == dead
        for job_id in dead:
            self.expected[job_id].end(JobStatus.LOST)

    @invariant()
    def every_job_is_as_expected(self) -> None:
        self.session.expire_all()
        for job_id, expected in self.expected.items():
            job = self.session.get_one(Job, job_id)
            assert (job.status, job.attempt) == (expected.status, expected.attempt)
            assert (job.cancel_requested_at is not None) == expected.cancel_wanted
            assert (job.finished_at is not None) == job.finished
            assert (job.started_at is not None) == (expected.attempt > 0)

    @invariant()
    def output_has_no_gap_and_no_double(self) -> None:
        for job_id, expected in self.expected.items():
            query = select(JobOutput.seq).where(JobOutput.job_id == job_id).order_by(JobOutput.seq)
            assert list(self.session.scalars(query)) == list(range(1, expected.pieces + 1))

    @invariant()
    def every_end_stands_in_the_audit_log_once(self) -> None:
        for job_id, expected in self.expected.items():
            ends = select(func.count()).where(
                AuditEntry.action == "job.finished", AuditEntry.object_id == job_id
            )
            assert self.session.scalar(ends) == expected.ends

    def _did(self, allowed: bool, work: Any) -> bool:
        try:
            work()
        except ClaimLost:
            assert not allowed, "the holder of the job was refused"
            return False
        assert allowed, "somebody who does not hold the job wrote to it"
        return True


def test_in_whatever_order_things_happen_a_job_ends_once_and_loses_nothing(
    session: Session,
) -> None:
    template = factories.make_template()
    user = factories.make_user("oscar", factories.Role.OPERATOR)
    session.commit()

    class Here(Life):
        pass

    Here.session, Here.template, Here.user = session, template, user
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _piece(seq: int) -> dict[str, Any]:
    return {
        "kind": "output",
        "seq": seq,
        "first_line": seq,
        "line_count": 1,
        "text": f"line {seq}\n",
        "cut": 0,
    }
