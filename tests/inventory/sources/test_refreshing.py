"""What refreshes write, one after the other; the answers are given, the rest is real."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core import references
from aops.credentials.models import CredentialType
from aops.inventory import generation, reading
from aops.inventory.models import Group, Host, HostLabel
from aops.inventory.reading import Reading
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import Snapshot
from aops.inventory.sources import claims, tasks
from aops.inventory.sources.models import (
    InventorySource,
    RefreshStatus,
    SourceHost,
    SourceRefresh,
    Vanished,
)
from tests import factories
from tests.inventory.sources.scripts import make_source


class Answers:
    """Refreshes a source with an answer of hosts and groups."""

    def __init__(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        self._session = session
        self._next = Snapshot()
        monkeypatch.setattr(reading, "read_source", lambda *_, **__: Reading(self._next))

    def __call__(
        self, source: InventorySource, hosts: dict[str, str], **groups: list[str]
    ) -> SourceRefresh:
        rows = InventoryRows(
            "", hosts, {name: GroupRow(hosts=members) for name, members in groups.items()}
        )
        self._next = Snapshot(rows)
        number = claims.request(source.id, "oscar")
        self._session.commit()
        assert tasks.refresh_next()
        return self._session.get_one(SourceRefresh, number, populate_existing=True)


def test_what_people_added_beside_it_is_kept(session: Session, answers: Answers) -> None:
    source = make_source()
    mine = factories.make_host("mine", inventory=source.inventory)
    answers(source, {"web1": "rack: A\n", "web2": "rack: A\n"}, web=["web1", "web2"])
    web1, web2 = host(session, "web1"), host(session, "web2")
    web1.variables = "rack: B\nowner: me\n"
    web1.description = "the noisy one"
    web1.labels = [HostLabel(name="prod")]
    web2.enabled = False
    web = session.scalars(select(Group)).one()
    web.hosts.append(mine)
    session.commit()

    refresh = answers(source, {"web1": "rack: C\n", "web2": "rack: C\n"}, web=["web1", "web2"])

    assert (web1.variables, web1.description) == ("rack: B\nowner: me\n", "the noisy one")
    assert [label.name for label in web1.labels] == ["prod"]
    assert (web2.variables, web2.enabled) == ("rack: C\n", False)
    assert {one.name for one in web.hosts} == {"mine", "web1", "web2"}
    assert refresh.changes["kept"] == [
        {"kind": "host", "name": "web1", "field": "variables", "key": "rack", "by": ""}
    ]
    assert refresh.counts["kept"] == 1


def test_the_same_answer_changes_nothing(session: Session, answers: Answers) -> None:
    source = make_source()
    answers(source, {"web1": "rack: A\n"}, web=["web1"])
    before = generation.of(source.inventory_id)
    lines = len(session.scalars(select(AuditEntry.id)).all())

    refresh = answers(source, {"web1": "rack: A\n"}, web=["web1"])

    assert refresh.status is RefreshStatus.SUCCESSFUL
    assert refresh.counts["hosts_unchanged"] == 1
    assert generation.of(source.inventory_id) == before
    assert len(session.scalars(select(AuditEntry.id)).all()) == lines


def test_leave_for_another_text_is_none_for_the_answer_of_the_first(
    session: Session, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source()

    def answer(*_: Any, **__: Any) -> Reading:
        source.content, source.may_reserve = "#!/bin/true\n", True  # somebody allows it meanwhile
        session.commit()
        return Reading(Snapshot(InventoryRows("", {"web1": "ansible_connection: local\n"})))

    monkeypatch.setattr(reading, "read_source", answer)
    number = claims.request(source.id, "oscar")
    session.commit()
    tasks.refresh_next()

    refresh = session.get_one(SourceRefresh, number, populate_existing=True)
    assert refresh.status is RefreshStatus.FAILED
    assert "ansible_connection" in refresh.error
    assert not session.scalars(select(Host)).all()


def test_warnings_are_kept_without_secrets(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = factories.make_credential(
        type=CredentialType.ENVIRONMENT,
        username="",
        password=None,
        environment="TOKEN=secret-canary",
    )
    source = make_source(credentials=[key])
    answer = Reading(Snapshot(InventoryRows("", {"web1": ""})), ["cannot use secret-canary"])
    monkeypatch.setattr(reading, "read_source", lambda *_, **__: answer)
    number = claims.request(source.id, "oscar")
    session.commit()

    tasks.refresh_next()

    refresh = session.get_one(SourceRefresh, number, populate_existing=True)
    assert refresh.status is RefreshStatus.SUCCESSFUL
    assert refresh.changes["notes"] == ["cannot use ********"]


def test_a_vanished_host_is_disabled_and_enabled_when_it_is_back(
    session: Session, answers: Answers
) -> None:
    source = make_source()
    answers(source, {"web1": "ip: 1\n", "web2": ""}, web=["web1"])
    web1 = host(session, "web1")

    gone = answers(source, {"web2": ""})
    disabled = (web1.enabled, web1.variables, [str(group) for group in web1.groups])
    again = answers(source, {"web2": ""})
    back = answers(source, {"web1": "ip: 2\n", "web2": ""}, web=["web1"])

    assert disabled == (False, "ip: 1\n", ["web"])
    assert (gone.counts["hosts_disabled"], again.counts["hosts_disabled"]) == (1, 0)
    assert gone.changes["fates"] == {"web1": "disabled"}
    assert (web1.enabled, web1.variables) == (True, "ip: 2\n")
    assert back.counts["hosts_enabled"] == 1
    assert session.get_one(SourceHost, (source.id, web1.id)).disabled is False


def test_a_host_that_somebody_disabled_stays_so_when_it_is_back(
    session: Session, answers: Answers
) -> None:
    source = make_source()
    answers(source, {"web1": "", "web2": ""})
    web1 = host(session, "web1")
    web1.enabled = False
    session.commit()

    answers(source, {"web2": ""})
    answers(source, {"web1": "", "web2": ""})

    assert web1.enabled is False


def test_a_host_that_somebody_enabled_again_is_left_to_people(
    session: Session, answers: Answers
) -> None:
    source = make_source()
    answers(source, {"web1": "ip: 1\n", "web2": ""})
    answers(source, {"web2": ""})
    web1 = host(session, "web1")
    web1.enabled = True
    session.commit()

    told = answers(source, {"web2": ""})
    answers(source, {"web2": ""})

    assert told.changes["fates"] == {"web1": "left_to_people"}
    assert (web1.enabled, web1.variables) == (True, "ip: 1\n")


def test_only_hosts_that_the_source_brought_are_removed(session: Session, answers: Answers) -> None:
    source = make_source(vanished=Vanished.REMOVE)
    factories.make_host("mine", inventory=source.inventory, variables="")
    answers(source, {"mine": "", "web1": "", "web2": ""}, web=["web1"])

    refresh = answers(source, {"web2": ""})

    assert [(one.name, one.enabled) for one in hosts(session)] == [("mine", False), ("web2", True)]
    assert session.scalars(select(Group)).all() == []
    assert refresh.changes["fates"] == {"mine": "disabled_not_brought", "web1": "removed"}
    assert refresh.counts["hosts_removed"] == 1


def test_a_host_that_something_uses_is_disabled_instead(session: Session, answers: Answers) -> None:
    source = make_source(vanished=Vanished.REMOVE)
    answers(source, {"web1": "", "web2": ""})
    references.finds_references(Host)(lambda one: ["a plan"] if one.name == "web1" else [])

    try:
        refresh = answers(source, {"web2": ""})
    finally:
        references._finders[Host].pop()

    assert refresh.status is RefreshStatus.SUCCESSFUL, refresh.error
    assert [(one.name, one.enabled) for one in hosts(session)] == [("web1", False), ("web2", True)]
    assert refresh.changes["fates"] == {"web1": "disabled_in_use"}


def test_a_host_that_another_source_lists_stays(session: Session, answers: Answers) -> None:
    source = make_source(vanished=Vanished.REMOVE)
    other = make_source(source.inventory, name="the other")
    answers(source, {"web1": "a: 1\nb: 1\n", "web2": ""})
    told = answers(other, {"web1": "a: 2\n"})

    refresh = answers(source, {"web2": ""})

    assert told.changes["kept"][0]["by"] == source.name
    assert (host(session, "web1").enabled, host(session, "web1").variables) == (True, "a: 2\n")
    assert refresh.changes["fates"] == {"web1": "left_to_another"}
    rows = session.scalars(select(SourceHost).where(SourceHost.source_id == other.id)).all()
    assert [(row.host_id, row.created) for row in rows] == [(host(session, "web1").id, False)]


def test_a_host_that_another_source_finds_is_enabled_again(
    session: Session, answers: Answers
) -> None:
    source = make_source()
    other = make_source(source.inventory)
    answers(source, {"web1": "", "web2": ""})
    answers(source, {"web2": ""})
    answers(other, {"web1": ""})

    refresh = answers(source, {"web2": ""})

    assert host(session, "web1").enabled is True
    assert refresh.changes["fates"] == {"web1": "handed_over"}


def test_reserved_variables_need_leave(session: Session, answers: Answers) -> None:
    source = make_source()

    refused = answers(source, {"web1": "ansible_connection: local\n"})
    source.may_reserve = True
    session.commit()
    taken = answers(source, {"web1": "ansible_connection: local\n"})

    assert refused.status is RefreshStatus.FAILED
    assert "ansible_connection" in refused.error
    assert "allow this in the settings of the source" in refused.error
    assert taken.status is RefreshStatus.SUCCESSFUL, taken.error
    assert len(hosts(session)) == 1


def test_a_source_without_leave_takes_away_what_it_set(session: Session, answers: Answers) -> None:
    source = make_source(may_reserve=True)
    answers(source, {"web1": "ansible_connection: local\n"})
    source.may_reserve = False
    session.commit()

    refresh = answers(source, {"web1": ""})

    assert refresh.status is RefreshStatus.SUCCESSFUL, refresh.error
    assert host(session, "web1").variables == ""


def test_a_source_without_leave_gives_no_template_that_runs_something(
    session: Session, answers: Answers
) -> None:
    source = make_source()

    refresh = answers(source, {"web1": "ansible_host: \"{{ lookup('pipe', 'id') }}\"\n"})

    assert refresh.status is RefreshStatus.FAILED
    assert "ansible_host" in refresh.error
    assert "allow this in the settings of the source" in refresh.error
    assert hosts(session) == []


def test_an_answer_that_does_not_fit_changes_nothing(session: Session, answers: Answers) -> None:
    source = make_source()
    before = generation.of(source.inventory_id)

    refresh = answers(source, {"web1": "", "web2": "ansible_port: 99999\n"})

    assert refresh.status is RefreshStatus.FAILED
    assert "ansible_port must be a number" in refresh.error
    assert "allow this" not in refresh.error
    assert hosts(session) == []
    assert generation.of(source.inventory_id) == before


def test_the_audit_log_gets_one_line_with_the_numbers(session: Session, answers: Answers) -> None:
    source = make_source()

    answers(source, {"web1": "", "web2": ""}, web=["web1"])

    lines = session.scalars(select(AuditEntry).where(AuditEntry.action.like("source.ref%"))).all()
    assert [line.action for line in lines] == ["source.refreshed"]
    assert '"hosts_added": 2' in lines[0].changes
    assert '"cause": "oscar"' in lines[0].changes
    assert (
        session.scalars(select(AuditEntry).where(AuditEntry.action == "host.created")).all() == []
    )


def test_a_form_that_is_open_during_a_refresh_stays_good(
    session: Session, answers: Answers
) -> None:
    source = make_source()
    session.commit()
    version = source.version

    answers(source, {"web1": ""})

    assert source.version == version
    assert source.refreshed_at is not None


@pytest.mark.parametrize("number", [10, 200])
def test_the_number_of_queries_does_not_grow_with_the_hosts(
    session: Session, answers: Answers, number: int
) -> None:
    source = make_source()
    answers(source, {f"web{n}": "a: 1\n" for n in range(number)}, web=["web1"])
    statements: list[Any] = []
    listener = lambda *arguments: statements.append(arguments[2])  # noqa: E731
    engine = session.get_bind()

    event.listen(engine, "before_cursor_execute", listener)
    answers(source, {f"web{n}": "a: 2\n" for n in range(5, number + 5)}, web=["web7"])
    event.remove(engine, "before_cursor_execute", listener)

    assert len(statements) < 90


def host(session: Session, name: str) -> Host:
    return session.scalars(select(Host).where(Host.name == name)).one()


def hosts(session: Session) -> list[Host]:
    return list(session.scalars(select(Host).order_by(Host.name)))


@pytest.fixture
def answers(session: Session, monkeypatch: pytest.MonkeyPatch) -> Answers:
    return Answers(session, monkeypatch)
