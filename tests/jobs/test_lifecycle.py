from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core import actor
from aops.core.database import database_time, db
from aops.core.permissions import Role
from aops.jobs import lifecycle, services
from aops.jobs.lifecycle import LEASE_SECONDS, ClaimLost
from aops.jobs.models import FINISHED, Job, JobStatus, Pulse
from tests import factories

LEASE = timedelta(seconds=LEASE_SECONDS)
SECOND = timedelta(seconds=1)


def test_a_claim_names_the_attempt_and_starts_the_lease(session: Session, job: Job) -> None:
    attempt = lifecycle.claim(job.id, "worker pid 7")

    session.refresh(job)
    assert (attempt, job.attempt, job.status, job.owner) == (
        1,
        1,
        JobStatus.RUNNING,
        "worker pid 7",
    )
    assert job.started_at == job.heartbeat_at
    assert abs(job.started_at - database_time()) < 10 * SECOND


def test_a_job_is_claimed_once(job: Job) -> None:
    claims = [lifecycle.claim(job.id, "a"), lifecycle.claim(job.id, "b")]

    assert claims == [1, None]


@pytest.mark.parametrize("status", sorted(FINISHED))
def test_a_finished_job_cannot_be_claimed_cancelled_or_finished_again(
    status: JobStatus, session: Session, job: Job
) -> None:
    lifecycle.claim(job.id, "a")
    lifecycle.finish(job.id, 1, status)

    assert lifecycle.claim(job.id, "b") is None
    assert not services.cancel(job)
    assert not lifecycle.lose(job.id, 1)
    with pytest.raises(ClaimLost):
        lifecycle.finish(job.id, 1, JobStatus.SUCCESSFUL)
    session.refresh(job)
    assert job.status is status


def test_of_sixteen_workers_exactly_one_gets_the_job(committed: Flask) -> None:
    job_ids = [_stored_job(committed) for _ in range(5)]
    together = threading.Barrier(16)

    def claim_all(worker: int) -> list[int | None]:
        together.wait()
        return [_committing(committed, lifecycle.claim, one, f"w{worker}") for one in job_ids]

    with ThreadPoolExecutor(16) as threads:
        claims = list(threads.map(claim_all, range(16)))

    for results in zip(*claims, strict=True):
        assert sorted(results, key=str) == [1] + [None] * 15


def test_a_cancel_and_an_end_that_race_leave_one_of_the_two(committed: Flask) -> None:
    outcomes = set()
    for _ in range(12):
        job_id = _stored_job(committed)
        together = threading.Barrier(2)

        def race(work: Callable[..., Any], *given: Any, at: threading.Barrier = together) -> Any:
            at.wait()
            return _committing(committed, work, *given)

        with ThreadPoolExecutor(2) as threads:
            canceled = threads.submit(race, lifecycle.cancel_waiting, job_id)
            claimed = threads.submit(race, lifecycle.claim, job_id, "w")
        outcomes.add((canceled.result(), claimed.result()))

    assert outcomes <= {(True, None), (False, 1)}


def test_a_heartbeat_renews_the_lease(session: Session, job: Job) -> None:
    lifecycle.claim(job.id, "a")
    _silence(session, job, LEASE)

    lifecycle.heartbeat(job.id, 1)

    session.refresh(job)
    assert abs(job.heartbeat_at - database_time()) < 10 * SECOND


def test_two_heartbeats_in_the_same_moment_are_both_fine(job: Job) -> None:
    lifecycle.claim(job.id, "a")

    for _ in range(5):
        lifecycle.heartbeat(job.id, 1)


@pytest.mark.parametrize("attempt", [0, 2])
def test_an_attempt_that_does_not_hold_the_job_can_do_nothing_to_it(
    attempt: int, session: Session, job: Job
) -> None:
    lifecycle.claim(job.id, "a")

    for work in (
        lambda: lifecycle.heartbeat(job.id, attempt),
        lambda: lifecycle.cancel_requested(job.id, attempt),
        lambda: lifecycle.finish(job.id, attempt, JobStatus.SUCCESSFUL),
        lambda: lifecycle.refuse(job.id, attempt, "no"),
    ):
        with pytest.raises(ClaimLost):
            work()
    session.refresh(job)
    assert job.status is JobStatus.RUNNING


def test_an_end_is_stored_with_its_reason_and_its_audit_line(session: Session, job: Job) -> None:
    lifecycle.claim(job.id, "a")

    with actor.acting_as(actor.Actor(name="aops", source="run 1-1")):
        lifecycle.finish(job.id, 1, JobStatus.FAILED, reason="why", exit_code=2, output_cut=3)

    session.refresh(job)
    assert (job.status, job.reason, job.exit_code) == (JobStatus.FAILED, "why", 2)
    assert job.output_cut == 3
    assert job.finished_at is not None
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "job.finished")).one()
    assert (entry.object_id, entry.source) == (job.id, "run 1-1")
    assert '"failed"' in entry.changes


def test_a_waiting_job_is_cancelled_at_once(session: Session, job: Job) -> None:
    with actor.acting_as(actor.Actor(name="oscar")):
        assert services.cancel(job)

    session.refresh(job)
    assert (job.status, job.cancel_requested_by) == (JobStatus.CANCELED, "oscar")
    assert job.finished_at is not None


def test_a_running_job_is_asked_to_end(session: Session, job: Job) -> None:
    lifecycle.claim(job.id, "a")
    assert not lifecycle.cancel_requested(job.id, 1)

    with actor.acting_as(actor.Actor(name="oscar")):
        assert services.cancel(job)
    with actor.acting_as(actor.Actor(name="alice")):
        assert not services.cancel(job)

    session.refresh(job)
    assert lifecycle.cancel_requested(job.id, 1)
    assert (job.status, job.cancel_requested_by) == (JobStatus.RUNNING, "oscar")
    assert job.canceling
    lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "job.cancel_requested"))
    assert len(lines.all()) == 1


def test_a_run_that_ended_before_its_cancel_was_seen_keeps_its_own_end(
    session: Session, job: Job
) -> None:
    lifecycle.claim(job.id, "a")
    services.cancel(job)

    lifecycle.finish(job.id, 1, JobStatus.SUCCESSFUL)

    session.refresh(job)
    assert job.status is JobStatus.SUCCESSFUL


def test_a_silent_run_is_lost_and_says_why(session: Session, job: Job, awake: None) -> None:
    lifecycle.claim(job.id, "a")
    _silence(session, job, LEASE + SECOND)

    lost = lifecycle.reap()

    session.refresh(job)
    assert lost == [job.id]
    assert (job.status, job.reason) == (JobStatus.LOST, lifecycle.PROCESS_DIED)


def test_a_run_within_its_lease_is_left_alone(session: Session, job: Job, awake: None) -> None:
    lifecycle.claim(job.id, "a")
    _silence(session, job, LEASE - 10 * SECOND)

    assert lifecycle.reap() == []


def test_a_waiting_job_is_never_lost(job: Job, awake: None) -> None:
    assert lifecycle.reap() == []


def test_the_first_sweep_ever_reaps_nothing(session: Session, job: Job) -> None:
    lifecycle.claim(job.id, "a")
    _silence(session, job, 10 * LEASE)

    assert lifecycle.reap() == []


def test_a_sweep_that_was_away_gives_everybody_one_lease_to_report(
    session: Session, job: Job, awake: None
) -> None:
    lifecycle.claim(job.id, "a")
    _silence(session, job, 10 * LEASE)
    _shift_pulse(session, LEASE)

    first = lifecycle.reap()
    for _ in range(5):
        _shift_pulse(session, LEASE / 6, with_start=True)
        assert lifecycle.reap() == []
    _shift_pulse(session, LEASE / 4, with_start=True)

    assert first == []
    assert lifecycle.reap() == [job.id]


@pytest.mark.parametrize(
    ("role", "active", "may"),
    [
        (Role.OPERATOR, True, True),
        (Role.AUTHOR, True, True),
        (Role.VIEWER, True, False),
        (Role.OPERATOR, False, False),
    ],
)
def test_rights_are_asked_again_when_the_job_starts(
    role: Role, active: bool, may: bool, job: Job
) -> None:
    user = factories.make_user("somebody", role, active=active)
    job.launched_by_id = user.id

    assert lifecycle.launcher_may_still_launch(job) is may


def test_a_person_who_is_gone_launches_nothing(job: Job) -> None:
    job.launched_by_id = None

    assert not lifecycle.launcher_may_still_launch(job)


def _silence(session: Session, job: Job, since: timedelta) -> None:
    session.refresh(job)
    job.heartbeat_at = database_time() - since
    session.flush()


def _shift_pulse(session: Session, into_the_past: timedelta, *, with_start: bool = False) -> None:
    pulse = session.get(Pulse, ("sweep", ""), populate_existing=True)
    assert pulse is not None
    pulse.seen_at -= into_the_past
    if with_start:
        since = type(pulse.seen_at).fromisoformat(pulse.version)
        pulse.version = (since - into_the_past).isoformat()
    session.flush()


def _stored_job(app: Flask) -> int:
    with app.app_context():
        job = factories.make_job()
        db.session.commit()
        return job.id


def _committing(app: Flask, work: Callable[..., Any], *given: Any) -> Any:
    with app.app_context():
        answer = work(*given)
        db.session.commit()
        return answer


@pytest.fixture
def job(session: Session) -> Job:
    job = factories.make_job()
    session.commit()
    return job


@pytest.fixture
def awake(session: Session) -> None:
    now = database_time()
    session.add(Pulse(name="sweep", node="", seen_at=now, version=(now - 2 * LEASE).isoformat()))
    session.flush()
