from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aops.jobs import lifecycle, log
from aops.jobs.lifecycle import ClaimLost
from aops.jobs.models import Job, JobHost, JobOutput, JobStatus
from aops.jobs.sink import COUNTS
from aops.jobs.store import store
from tests import factories


def piece(seq: int, text: str = "a line\n", cut: int = 0) -> dict[str, Any]:
    return {
        "kind": "output",
        "seq": seq,
        "first_line": seq,
        "line_count": 1,
        "text": text,
        "cut": cut,
    }


def hosts(**failed: int) -> dict[str, Any]:
    zeros = dict.fromkeys(COUNTS, 0)
    return {"kind": "hosts", "hosts": {h: zeros | {"failed": n} for h, n in failed.items()}}


def test_pieces_are_stored_and_the_job_says_how_far(session: Session, running: Job) -> None:
    store(running.id, 1, [piece(1, "ä\n"), piece(2, cut=7)])

    session.refresh(running)
    assert (running.output_seq, running.output_lines) == (2, 2)
    assert running.output_bytes == len("ä\na line\n".encode())
    assert running.output_cut == 7
    assert "".join(log.whole(running.id)) == "ä\na line\n"


def test_a_batch_that_is_sent_twice_is_stored_once(session: Session, running: Job) -> None:
    batch = [piece(1), piece(2), hosts(web1=1)]
    store(running.id, 1, batch)
    session.refresh(running)
    before = running.output_bytes, running.output_lines, running.hosts_failed

    store(running.id, 1, batch)
    store(running.id, 1, [*batch, piece(3)])

    session.refresh(running)
    assert before == (14, 2, 1)
    assert (running.output_bytes, running.output_lines, running.hosts_failed) == (21, 3, 1)
    assert session.scalar(select(func.count()).select_from(JobOutput)) == 3


def test_an_old_attempt_can_store_nothing(session: Session, running: Job) -> None:
    with pytest.raises(ClaimLost):
        store(running.id, 0, [piece(1)])

    assert session.scalar(select(func.count()).select_from(JobOutput)) == 0


def test_a_run_whose_job_was_ended_can_store_nothing(running: Job) -> None:
    lifecycle.lose(running.id, 1)

    with pytest.raises(ClaimLost):
        store(running.id, 1, [piece(1)])


def test_what_a_dead_run_left_is_stored_after_its_end(session: Session, running: Job) -> None:
    lifecycle.lose(running.id, 1)

    store(running.id, 1, [piece(1)], fenced=False)

    session.refresh(running)
    assert (running.output_seq, running.status) == (1, JobStatus.LOST)


def test_not_even_then_may_another_attempt_store_anything(running: Job) -> None:
    with pytest.raises(ClaimLost):
        store(running.id, 2, [piece(1)], fenced=False)


def test_a_job_that_is_gone_takes_nothing(session: Session) -> None:
    with pytest.raises(ClaimLost):
        store(10**6, 1, [piece(1)])


@pytest.mark.parametrize(
    "text",
    [
        "😀 emoji\n",
        "汉字\n",
        "NUL \x00 NUL\n",
        "\x1b[31mred\x1b[0m\n",
        "é\u2028\x85\n",
        "x" * 65_536,
    ],
)
def test_every_text_survives_the_database(text: str, running: Job) -> None:
    store(running.id, 1, [piece(1, text)])

    assert "".join(log.whole(running.id)) == text


def test_counts_are_replaced_and_summed_up(session: Session, running: Job) -> None:
    zeros = dict.fromkeys(COUNTS, 0)
    store(running.id, 1, [hosts(web1=0, web2=1)])

    store(running.id, 1, [{"kind": "hosts", "hosts": {"web1": zeros | {"changed": 3}}}])
    store(running.id, 1, [{"kind": "hosts", "hosts": {"web3": zeros | {"unreachable": 1}}}])

    session.refresh(running)
    assert (running.hosts_total, running.hosts_failed, running.hosts_changed) == (3, 2, 1)
    rows = session.scalars(select(JobHost).order_by(JobHost.host)).all()
    assert [(row.host, row.failed, row.changed, row.unreachable) for row in rows] == [
        ("web1", 0, 3, 0),
        ("web2", 1, 0, 0),
        ("web3", 0, 0, 1),
    ]


@pytest.mark.parametrize("name", ["汉字", "😀", "Web1", "web1", "h" * 200])
def test_every_host_name_survives(name: str, session: Session, running: Job) -> None:
    store(running.id, 1, [hosts(**{name: 1, "other": 0})])

    names = session.scalars(select(JobHost.host).where(JobHost.failed == 1)).all()
    assert names == [name]


@pytest.fixture
def running(session: Session) -> Job:
    job = factories.make_job()
    session.commit()
    assert lifecycle.claim(job.id, "here") == 1
    return job
