from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from aops.core.database import db
from aops.inventory.facts import keeping, reports, services
from aops.inventory.facts.models import FactChange, HostFacts
from aops.inventory.facts.reports import Report
from aops.inventory.facts.stable import stable
from aops.inventory.models import Host
from tests.factories import make_host, make_inventory
from tests.inventory.facts.reported import DEBIAN, NOON, report


def test_a_host_has_one_row_with_its_newest_facts(session: Session, host: Host) -> None:
    report(host, DEBIAN, job_id=1)
    report(host, DEBIAN | {"kernel": "6.12"}, minutes=5, job_id=2)

    facts = services.facts_of(host.id)
    assert facts is not None
    assert facts.data == DEBIAN | {"kernel": "6.12"}
    assert (facts.job_id, facts.gathered_at) == (2, NOON + timedelta(minutes=5))
    assert json.loads(facts.summary)["kernel"] == "6.12"
    assert facts.size == pytest.approx(len(json.dumps(facts.data)), rel=0.05)
    assert session.scalar(select(func.count()).select_from(HostFacts)) == 1


def test_only_what_changed_is_remembered(session: Session, host: Host) -> None:
    report(host, DEBIAN)
    report(host, DEBIAN | {"memfree_mb": 7, "uptime_seconds": 1}, minutes=1)
    report(host, DEBIAN | {"kernel": "6.12", "memfree_mb": 9}, minutes=2)

    newest, first = services.history_of(host.id).changes
    assert (first.number, first.changes) == (0, {})
    assert newest.changes == {"kernel": [["6.1.0-35-amd64"], ["6.12"]]}
    assert (newest.number, newest.recorded_at) == (1, NOON + timedelta(minutes=2))
    assert services.first_known_at(host.id) == NOON


def test_what_is_recorded_twice_is_remembered_once(session: Session, host: Host) -> None:
    for _ in range(2):
        report(host, DEBIAN)
        report(host, DEBIAN | {"kernel": "6.12"}, minutes=1)

    assert len(services.history_of(host.id).changes) == 2


def test_an_older_report_that_comes_late_changes_nothing(session: Session, host: Host) -> None:
    report(host, DEBIAN, minutes=10)

    report(host, DEBIAN | {"kernel": "5.10"}, minutes=3)

    facts = services.facts_of(host.id)
    assert facts is not None
    assert facts.data["kernel"] == DEBIAN["kernel"]
    assert len(services.history_of(host.id).changes) == 1


def test_a_partial_report_adds_to_what_is_known(session: Session, host: Host) -> None:
    report(host, {"kernel": "6.1", "fips": False}, job_id=1)

    report(host, {"kernel": "6.12"}, minutes=1, full=False, job_id=2)

    facts = services.facts_of(host.id)
    assert facts is not None
    assert facts.data == {"kernel": "6.12", "fips": False}
    assert (facts.complete, facts.job_id, facts.gathered_at) == (True, 1, NOON)
    newest = services.history_of(host.id).changes[0]
    assert (newest.job_id, newest.recorded_at) == (2, NOON + timedelta(minutes=1))


def test_parts_alone_are_not_all_facts_until_all_come(session: Session, host: Host) -> None:
    report(host, {"kernel": "6.1"}, full=False)
    report(host, {"fips": False}, minutes=1, full=False)
    parts = services.facts_of(host.id)
    assert parts is not None
    before = parts.complete, parts.gathered_at

    report(host, {"kernel": "6.1", "fips": True}, minutes=2)

    facts = services.facts_of(host.id)
    assert facts is not None
    assert before == (False, NOON + timedelta(minutes=1))
    assert facts.complete


def test_what_a_full_report_lacks_is_gone(session: Session, host: Host) -> None:
    report(host, {"kernel": "6.1", "eth1": {"mtu": 1500}})

    report(host, {"kernel": "6.1"}, minutes=1)

    assert services.history_of(host.id).changes[0].changes == {"eth1": [[{"mtu": 1500}], []]}


def test_facts_that_are_too_big_are_left_out_and_named(session: Session, host: Host) -> None:
    big = {f"big{number}": str(number) * (200 << 10) for number in range(5)}

    report(host, {"kernel": "6.1", **big}, left_out=("huge",))

    facts = services.facts_of(host.id)
    assert facts is not None
    assert facts.size <= reports.LARGEST
    assert facts.data["kernel"] == "6.1"
    assert len(facts.data) == 3
    left_out = json.loads(facts.left_out)
    assert left_out[0] == "huge"
    assert {*left_out[1:], *facts.data} == {"kernel", *big}


def test_variables_of_the_login_that_look_like_secrets_are_not_kept(
    session: Session, host: Host
) -> None:
    env = {"HOME": "/root", "AWS_SECRET_ACCESS_KEY": "x", "db_password": "x", "GH_TOKEN": "x"}

    report(host, {"env": env})

    facts = services.facts_of(host.id)
    assert facts is not None
    assert facts.data["env"] == {"HOME": "/root"}


def test_hosts_that_the_inventory_does_not_have_are_passed_over(
    session: Session, host: Host
) -> None:
    other = make_host("other")

    made_up = ("other", "localhost", "web1 ", "WEB1")
    services.record(host.inventory_id, 1, dict.fromkeys(made_up, Report(DEBIAN, NOON)))

    assert services.facts_of(other.id) is None
    assert session.scalar(select(func.count()).select_from(HostFacts)) == 0


def test_every_text_survives_the_database(session: Session, host: Host) -> None:
    facts = {"汉字 😀": ["\x00", "\u2028", "é", {"": None}], "nested": {"a.b": {"\\": 1.5}}}

    report(host, facts)

    stored = services.facts_of(host.id)
    assert stored is not None
    assert stored.data == facts


def test_earlier_states_are_told(session: Session, host: Host) -> None:
    for minutes, kernel in enumerate(["1", "2", "3"]):
        report(host, DEBIAN | {"kernel": kernel}, minutes=minutes)

    at = {
        minutes: services.facts_at(host.id, NOON + timedelta(minutes=minutes))
        for minutes in (-1, 0, 0.5, 1, 2, 99)
    }

    assert at[-1] is None
    kernels = {minutes: facts["kernel"] for minutes, facts in at.items() if facts}
    assert kernels == {0: "1", 0.5: "1", 1: "2", 2: "3", 99: "3"}


def test_two_dates_can_be_compared(session: Session, host: Host) -> None:
    report(host, {"kernel": "1", "fips": False})
    report(host, {"kernel": "2", "fips": True}, minutes=1)
    report(host, {"kernel": "3", "fips": False}, minutes=2)

    later = NOON + timedelta(minutes=2)
    assert services.diff(host.id, NOON, later) == {"kernel": [["1"], ["3"]]}
    assert services.diff(host.id, later, NOON) == {"kernel": [["3"], ["1"]]}
    assert services.diff(host.id, NOON - timedelta(days=1), later) is None


def test_a_host_without_facts_has_no_past(session: Session, host: Host) -> None:
    assert services.facts_of(host.id) is None
    assert services.facts_at(host.id, NOON) is None
    assert services.first_known_at(host.id) is None


FACTS = st.dictionaries(
    st.sampled_from(["kernel", "mounts", "memfree_mb", "a.b", "interfaces"]),
    st.recursive(
        st.none() | st.integers(-2, 2) | st.sampled_from("ab"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("a.\\"), inner),
        max_leaves=6,
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(FACTS, min_size=1, max_size=6))
def test_every_state_that_was_reported_can_be_told_but_for_what_is_volatile(
    session: Session, reported: list[dict[str, Any]]
) -> None:
    host = make_host()

    for minutes, facts in enumerate(reported):
        report(host, facts, minutes=minutes)

    for minutes, facts in enumerate(reported):
        moment = NOON + timedelta(minutes=minutes, seconds=30)
        assert services.facts_at(host.id, moment) == stable(facts)


def test_the_history_is_bounded_in_number(
    session: Session, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_CHANGES", 3)

    for minutes in range(6):
        report(host, {"kernel": str(minutes)}, minutes=minutes)

    changes = services.history_of(host.id).changes
    assert [change.changes["kernel"] for change in changes] == [
        [["4"], ["5"]],
        [["3"], ["4"]],
        [["2"], ["3"]],
    ]
    assert services.facts_at(host.id, NOON + timedelta(minutes=2)) is None
    assert services.facts_at(host.id, NOON + timedelta(minutes=3)) == {"kernel": "3"}


def test_the_history_is_bounded_in_size_and_keeps_the_newest(
    session: Session, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_BYTES", 10)

    for minutes in range(3):
        report(host, {"kernel": str(minutes)}, minutes=minutes)

    assert len(services.history_of(host.id).changes) == 1


def test_the_history_comes_in_pages(
    session: Session, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PAGE_SIZE", 2)
    for minutes in range(3):
        report(host, {"kernel": str(minutes)}, minutes=minutes)

    newest = services.history_of(host.id)
    oldest = services.history_of(host.id, before=newest.older)

    assert [change.number for change in newest.changes] == [1, 1]
    assert [change.number for change in oldest.changes] == [0]
    assert oldest.older is None


def test_a_hundred_hosts_take_as_many_queries_as_one(session: Session) -> None:
    inventory = make_inventory()
    for number in range(90):
        make_host(f"h{number}", inventory=inventory)
    session.commit()

    def record(names: list[str], kernel: str) -> Callable[[], None]:
        reports = {name: Report({"kernel": kernel}, NOON) for name in names}
        return lambda: services.record(inventory.id, 1, reports)

    everyone = [f"h{number}" for number in range(90)]
    record(everyone, "1")()
    few = _count(record(["h1"], "2"))
    many = _count(record(everyone, "3"))

    assert few == many
    assert session.scalar(select(func.count()).select_from(FactChange)) == 181


def test_facts_leave_with_their_host(session: Session, host: Host) -> None:
    report(host, DEBIAN)

    session.delete(host)
    session.commit()

    assert session.scalar(select(func.count()).select_from(HostFacts)) == 0
    assert session.scalar(select(func.count()).select_from(FactChange)) == 0


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
