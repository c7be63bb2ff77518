from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from aops.core.database import db
from aops.inventory import results
from aops.inventory.models import Host, HostResult, Inventory
from aops.inventory.results import HostOutcome
from tests.factories import make_host, make_inventory

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
FULL_DISK = HostOutcome("failed", "Copy", "no space left")


def test_a_failure_is_noted_with_its_task_and_message(session: Session, host: Host) -> None:
    results.record(host.inventory_id, 5, {"web1": FULL_DISK}, NOON)

    row = result_of(session, host)
    assert (row.last_job_id, row.last_status, row.last_at) == (5, "failed", NOON)
    assert (row.failed_job_id, row.failed_at) == (5, NOON)
    assert (row.failed_task, row.failed_message) == ("Copy", "no space left")
    assert row.last_ok_at is None


def test_a_failure_is_remembered_when_a_later_run_succeeds(session: Session, host: Host) -> None:
    results.record(host.inventory_id, 5, {"web1": FULL_DISK}, NOON)

    results.record(host.inventory_id, 6, {"web1": HostOutcome("changed")}, LATER)

    row = result_of(session, host)
    assert (row.last_job_id, row.last_status) == (6, "changed")
    assert row.last_ok_at == row.last_at == LATER
    assert (row.failed_job_id, row.failed_at) == (5, NOON)
    assert (row.failed_task, row.failed_message) == ("Copy", "no space left")


def test_a_success_is_remembered_when_a_later_run_fails(session: Session, host: Host) -> None:
    results.record(host.inventory_id, 5, {"web1": HostOutcome("ok")}, NOON)

    results.record(host.inventory_id, 6, {"web1": HostOutcome("unreachable")}, LATER)

    row = result_of(session, host)
    assert (row.last_status, row.last_ok_at, row.failed_job_id) == ("unreachable", NOON, 6)


@pytest.mark.parametrize("late", ["ok", "failed"])
def test_a_run_that_ended_earlier_does_not_overrule_a_later_one(
    late: str, session: Session, host: Host
) -> None:
    results.record(host.inventory_id, 6, {"web1": HostOutcome("changed")}, LATER)

    results.record(host.inventory_id, 5, {"web1": HostOutcome(late)}, NOON)

    row = result_of(session, host)
    assert (row.last_job_id, row.last_status, row.failed_job_id) == (6, "changed", None)


def test_what_is_noted_twice_is_as_if_once(session: Session, host: Host) -> None:
    for _ in range(2):
        results.record(host.inventory_id, 5, {"web1": FULL_DISK}, NOON)

    assert result_of(session, host).failed_job_id == 5


def test_hosts_of_other_inventories_and_made_up_ones_are_passed_over(
    session: Session, host: Host
) -> None:
    make_host("elsewhere")
    made_up = ("elsewhere", "localhost", "web1 ", "WEB1")

    results.record(host.inventory_id, 5, dict.fromkeys(made_up, HostOutcome("ok")), NOON)

    assert session.scalars(select(HostResult)).all() == []


def test_many_hosts_take_as_many_queries_as_two(session: Session) -> None:
    inventory = make_inventory()
    for number in range(300):
        make_host(f"h{number}", inventory=inventory)
    session.commit()

    _record(inventory, 2)
    few = _count(lambda: _record(inventory, 2))
    many = _count(lambda: _record(inventory, 300))

    assert few == many
    assert len(session.scalars(select(HostResult)).all()) == 300


def result_of(session: Session, host: Host) -> HostResult:
    return session.get_one(HostResult, host.id, populate_existing=True)


def _record(inventory: Inventory, number: int) -> None:
    outcomes = {f"h{n}": HostOutcome("ok" if n % 2 else "failed") for n in range(number)}
    results.record(inventory.id, 1, outcomes, NOON)


def _count(work: Callable[[], None]) -> int:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    work()
    event.remove(db.engine, "before_cursor_execute", note)
    return len(statements)


@pytest.fixture
def host(session: Session) -> Host:
    return make_host("web1")
