from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from aops.core.database import db
from aops.inventory.facts import services as facts_services
from aops.inventory.facts.models import FactChange
from aops.inventory.models import Host, HostResult
from aops.jobs import delivery, lifecycle, outcomes
from aops.jobs.models import Job, JobHost, JobResult, JobStatus
from aops.jobs.sink import COUNTS
from aops.jobs.store import store
from tests import factories

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_results_are_stored_in_order(session: Session, running: Job) -> None:
    store(running.id, 1, [results(1, 1, "ok", "changed"), results(2, 3, "failed")])

    rows = session.scalars(select(JobResult).order_by(JobResult.seq)).all()
    assert [(row.seq, row.host, row.status) for row in rows] == [
        (1, "h1", "ok"),
        (2, "h2", "changed"),
        (3, "h3", "failed"),
    ]
    assert (rows[0].task, rows[0].duration, rows[0].message) == ("Copy", 0.5, "said")


def test_reports_that_are_sent_twice_are_stored_once(session: Session, running: Job) -> None:
    batch = [results(1, 1, "ok"), facts(2, "1"), facts(3, "2")]
    store(running.id, 1, batch)

    store(running.id, 1, batch)
    store(running.id, 1, [*batch, results(4, 2, "ok")])

    session.refresh(running)
    assert running.report_seq == 4
    assert session.scalar(select(func.count()).select_from(JobResult)) == 2
    assert session.scalar(select(func.count()).select_from(FactChange)) == 1


def test_a_dead_runs_spool_read_from_the_start_makes_no_history_of_its_own(
    session: Session, running: Job, host: Host
) -> None:
    store(running.id, 1, [facts(1, "1")])
    store(running.id, 1, [facts(2, "2", minutes=1)])

    store(running.id, 1, [facts(1, "1")])
    store(running.id, 1, [facts(2, "2", minutes=1), facts(3, "3", minutes=2)])

    history = facts_services.history_of(host.id).changes
    assert [change.changes for change in history] == [
        {"kernel": [["2"], ["3"]]},
        {"kernel": [["1"], ["2"]]},
        {},
    ]


def test_partial_facts_of_one_batch_are_put_together(
    session: Session, running: Job, host: Host
) -> None:
    store(running.id, 1, [facts(1, "1"), facts(2, None, full=False, minutes=1, fips=True)])

    stored = facts_services.facts_of(host.id)
    assert stored is not None
    assert stored.data == {"kernel": "1", "fips": True}
    assert (stored.job_id, stored.gathered_at) == (running.id, NOON)


def test_facts_of_a_deleted_inventory_are_dropped(session: Session, running: Job) -> None:
    running.inventory_id = None
    session.commit()

    store(running.id, 1, [facts(1, "1"), results(2, 1, "ok")])

    assert session.scalar(select(func.count()).select_from(JobResult)) == 1


@pytest.mark.parametrize(
    "error", [IntegrityError("statement", {}, ValueError()), RecursionError(), KeyError("web1")]
)
def test_facts_that_cannot_be_stored_cost_nothing_else(
    error: Exception, session: Session, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise error

    monkeypatch.setattr(facts_services, "record", refuse)

    store(running.id, 1, [results(1, 1, "ok"), facts(2, "1")])

    session.refresh(running)
    assert running.report_seq == 2
    assert session.scalar(select(func.count()).select_from(JobResult)) == 1


def test_an_outage_while_facts_are_stored_is_waited_out(
    session: Session, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("statement", {}, ConnectionError())

    monkeypatch.setattr(facts_services, "record", away)

    with pytest.raises(OperationalError):
        store(running.id, 1, [facts(1, "1")])


def test_the_first_failure_stands_with_the_counts(session: Session, running: Job) -> None:
    store(running.id, 1, [hosts(web1={"failed": 1}, web2={"ok": 1})])

    rows = session.scalars(select(JobHost).order_by(JobHost.host)).all()
    assert [(row.failed_task, row.message) for row in rows] == [("Copy", "said"), ("", "")]


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ({"ok": 2}, "ok"),
        ({"skipped": 2}, "ok"),
        ({"ok": 2, "changed": 1}, "changed"),
        ({"ok": 2, "changed": 1, "failed": 1}, "failed"),
        ({"failed": 1, "unreachable": 1}, "unreachable"),
    ],
)
def test_when_a_job_ends_its_hosts_know_how(
    counts: dict[str, int], status: str, session: Session, running: Job, host: Host
) -> None:
    delivery.deliver(running.id, 1, [hosts(web1=counts), end("canceled")])

    session.refresh(running)
    row = session.scalars(select(HostResult)).one()
    assert (row.host_id, row.last_job_id, row.last_status) == (host.id, running.id, status)
    assert row.last_at == running.finished_at


def test_hosts_of_a_lost_job_know_what_is_known(session: Session, running: Job) -> None:
    store(running.id, 1, [hosts(web1={"failed": 1})])
    lifecycle.lose(running.id, 1)

    outcomes.publish(running.id)

    row = session.scalars(select(HostResult)).one()
    assert (row.last_status, row.failed_task, row.failed_message) == ("failed", "Copy", "said")


def test_a_job_that_runs_or_is_gone_says_nothing_of_its_hosts(
    session: Session, running: Job
) -> None:
    store(running.id, 1, [hosts(web1={"ok": 1})])

    outcomes.publish(running.id)
    outcomes.publish(10**6)

    assert session.scalars(select(HostResult)).all() == []


def test_last_results_that_cannot_be_stored_cost_no_status(
    session: Session, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise IntegrityError("statement", {}, ValueError())

    monkeypatch.setattr(outcomes.results, "record", refuse)

    delivery.deliver(running.id, 1, [hosts(web1={"ok": 1}), end("successful")])

    session.refresh(running)
    assert running.status is JobStatus.SUCCESSFUL


def test_a_batch_of_many_reports_takes_as_many_queries_as_one_of_few(
    session: Session, running: Job
) -> None:
    few = _count(lambda: store(running.id, 1, [results(1, 1, *["ok"] * 2)]))
    many = _count(lambda: store(running.id, 1, [results(2, 3, *["ok"] * 2_000)]))

    assert few == many


def results(seq: int, first: int, *statuses: str) -> dict[str, Any]:
    rows = [[f"h{first + n}", "Copy", status, 0.5, "said"] for n, status in enumerate(statuses)]
    return {"kind": "results", "seq": seq, "first": first, "rows": rows}


def facts(seq: int, kernel: str | None, minutes: int = 0, **more: Any) -> dict[str, Any]:
    full = more.pop("full", True)
    return {
        "kind": "facts",
        "seq": seq,
        "host": "web1",
        "facts": ({"kernel": kernel} if kernel else {}) | more,
        "full": full,
        "left_out": [],
        "at": (NOON + timedelta(minutes=minutes)).isoformat(),
    }


def hosts(**counts: dict[str, int]) -> dict[str, Any]:
    zeros = dict.fromkeys(COUNTS, 0)
    failed = [h for h, c in counts.items() if c.keys() & {"failed", "unreachable"}]
    return {
        "kind": "hosts",
        "hosts": {host: zeros | given for host, given in counts.items()},
        "failures": {host: ["Copy", "said"] for host in failed},
    }


def end(outcome: str) -> dict[str, Any]:
    return {
        "kind": "result",
        "outcome": outcome,
        "exit_code": 0,
        "reason": "",
        "known_hosts": "",
        "isolated": True,
        "cut": 0,
    }


def _count(work: Callable[[], None]) -> int:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    work()
    event.remove(db.engine, "before_cursor_execute", note)
    return len(statements)


@pytest.fixture
def host(session: Session, running: Job) -> Host:
    return session.scalars(select(Host).where(Host.inventory_id == running.inventory_id)).one()


@pytest.fixture
def running(session: Session) -> Job:
    inventory = factories.make_host("web1").inventory
    job = factories.make_job(template=factories.make_template(inventory=inventory))
    session.commit()
    assert lifecycle.claim(job.id, "here") == 1
    return job
