from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.config import Settings
from aops.jobs import launcher, lifecycle, log, sweep
from aops.jobs.models import Job, JobStatus, Pulse
from aops.jobs.sink import COUNTS
from aops.jobs.spool import Spool
from tests import factories

OUTPUT = {
    "kind": "output",
    "seq": 1,
    "first_line": 1,
    "line_count": 1,
    "text": "last words\n",
    "cut": 0,
}
HOSTS = {"kind": "hosts", "hosts": {"web1": dict.fromkeys(COUNTS, 0) | {"ok": 2}}}
RESULT = {
    "kind": "result",
    "outcome": "successful",
    "exit_code": 0,
    "reason": "",
    "known_hosts": "",
    "isolated": True,
    "cut": 5,
}
Leave = Callable[..., Path]


def test_a_dead_run_without_a_result_is_lost_but_its_output_is_not(
    job: Job, leave: Leave, sweep_now: Callable[[], None]
) -> None:
    path = leave(OUTPUT, HOSTS)

    sweep_now()

    assert (job.status, job.reason) == (JobStatus.LOST, lifecycle.PROCESS_DIED)
    assert "".join(log.whole(job.id)) == "last words\n"
    assert job.hosts_total == 1
    assert not path.exists()


def test_a_run_that_died_after_its_end_keeps_that_end(
    job: Job, leave: Leave, sweep_now: Callable[[], None]
) -> None:
    leave(OUTPUT, RESULT)

    sweep_now()

    assert (job.status, job.exit_code, job.isolated) == (JobStatus.SUCCESSFUL, 0, True)
    assert job.output_cut == 5
    assert "".join(log.whole(job.id)) == "last words\n"


def test_what_was_stored_before_the_death_is_not_stored_again(
    session: Session, job: Job, leave: Leave, sweep_now: Callable[[], None]
) -> None:
    sweep.store(job.id, 1, [OUTPUT])
    session.commit()
    leave(OUTPUT, OUTPUT | {"seq": 2, "first_line": 2, "text": "more\n"})

    sweep_now()

    assert "".join(log.whole(job.id)) == "last words\nmore\n"


def test_a_record_that_was_half_written_is_left_out(
    job: Job, leave: Leave, sweep_now: Callable[[], None]
) -> None:
    path = leave(OUTPUT)
    with path.open("ab") as file:
        file.write(json.dumps(RESULT).encode()[:20])

    sweep_now()

    assert job.status is JobStatus.LOST
    assert "".join(log.whole(job.id)) == "last words\n"


def test_a_job_that_was_ended_meanwhile_still_gets_its_output(
    session: Session, job: Job, leave: Leave, sweep_now: Callable[[], None]
) -> None:
    lifecycle.lose(job.id, 1)
    session.commit()
    leave(OUTPUT, RESULT)

    sweep_now()

    assert job.status is JobStatus.LOST
    assert "".join(log.whole(job.id)) == "last words\n"


def test_a_living_run_is_left_alone(
    settings: Settings, job: Job, sweep_now: Callable[[], None]
) -> None:
    spool = Spool(settings.spool_dir, f"{job.id}-1")
    spool.append(OUTPUT)

    sweep_now()

    assert job.status is JobStatus.RUNNING
    assert spool.path.exists()
    assert list(log.whole(job.id)) == []
    spool.close(keep=False)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("nonsense.jsonl", b"{}\n"),
        ("1-1-1.jsonl", b"{}\n"),
        ("0-1.jsonl", b"not json\n"),
        ("0-2.jsonl", b"[]\n"),
        ("0-3.jsonl", b'{"kind": "output"}\n'),
    ],
)
def test_a_damaged_spool_does_not_stop_the_others(
    name: str, content: bytes, settings: Settings, job: Job, sweep_now: Callable[[], None]
) -> None:
    damaged = settings.spool_dir / name
    damaged.write_bytes(content)
    (settings.spool_dir / f"{job.id}-1.jsonl").write_text(json.dumps(OUTPUT) + "\n")

    sweep_now()

    assert job.status is JobStatus.LOST
    damaged.unlink(missing_ok=True)


def test_a_spool_of_a_job_that_was_deleted_is_removed(
    settings: Settings, session: Session, sweep_now: Callable[[], None]
) -> None:
    path = settings.spool_dir / "999999-1.jsonl"
    path.write_text(json.dumps(OUTPUT) + "\n")

    sweep_now()

    assert not path.exists()


def test_a_sweep_tells_that_the_worker_lives_and_what_it_has_room_for(
    session: Session, settings: Settings, sweep_now: Callable[[], None]
) -> None:
    sweep_now()
    sweep_now()

    pulse = session.scalars(select(Pulse).where(Pulse.name == "worker")).one()
    assert pulse.node == launcher.node_name()
    assert pulse.free_slots == settings.max_runs


def test_the_processes_that_hold_a_file_are_found(tmp_path: Path) -> None:
    path = tmp_path / "held"
    with path.open("w"):
        assert sweep.process_ids_holding(path) == [os.getpid()]
    assert sweep.process_ids_holding(path) == []


@pytest.fixture
def settings(app: Flask) -> Settings:
    return app.extensions["settings"]


@pytest.fixture
def sweep_now(app: Flask, session: Session) -> Callable[[], None]:
    def sweep_now() -> None:
        sweep.sweep(app)
        session.expire_all()

    return sweep_now


@pytest.fixture
def leave(settings: Settings, job: Job) -> Leave:
    def leave(*records: dict[str, Any]) -> Path:
        spool = Spool(settings.spool_dir, f"{job.id}-{job.attempt}")
        for record in records:
            spool.append(record)
        spool.close(keep=True)
        return spool.path

    return leave


@pytest.fixture
def job(session: Session) -> Job:
    job = factories.make_job()
    lifecycle.claim(job.id, "here")
    session.commit()
    return job
