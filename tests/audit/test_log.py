import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.orm import Session

from aops.audit import log
from aops.audit.models import AuditEntry
from aops.core.database import db

MORNING = datetime(2026, 5, 1, 8, tzinfo=UTC)


def test_the_newest_line_comes_first(session: Session) -> None:
    _lines(3)

    names = [entry.object_name for entry in log.page(log.Filters()).entries]

    assert names == ["web2", "web1", "web0"]


def test_pages_follow_each_other_without_gap_or_repetition(session: Session) -> None:
    _lines(2 * log.PAGE_SIZE + 7)

    pages = [log.page(log.Filters())]
    while pages[-1].older:
        pages.append(log.page(log.Filters(before=pages[-1].older)))

    names = [entry.object_name for page in pages for entry in page.entries]
    assert [len(page.entries) for page in pages] == [log.PAGE_SIZE, log.PAGE_SIZE, 7]
    assert len(set(names)) == len(names) == 2 * log.PAGE_SIZE + 7


def test_a_line_written_meanwhile_does_not_shift_the_next_page(session: Session) -> None:
    _lines(log.PAGE_SIZE + 1)
    first = log.page(log.Filters())
    _lines(5, name="late")

    second = log.page(log.Filters(before=first.older))

    assert [entry.object_name for entry in second.entries] == ["web0"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (log.Filters(actor="arthur"), {"db0"}),
        (log.Filters(action="host.deleted"), {"db0"}),
        (log.Filters(type="user"), {"oscar0"}),
        (log.Filters(name="web0"), {"web0"}),
        (log.Filters(name="WEB0"), set()),
        (log.Filters(since=date(2026, 5, 2)), {"db0", "oscar0"}),
        (log.Filters(until=date(2026, 5, 2)), {"web0", "db0"}),
        (log.Filters(since=date(2026, 5, 2), until=date(2026, 5, 2)), {"db0"}),
        (log.Filters(since=date(2026, 6, 1)), set()),
        (log.Filters(until=date(2026, 4, 1)), set()),
        (log.Filters(actor="alice", since=date(2026, 5, 2)), {"oscar0"}),
    ],
)
def test_filters_narrow_the_log(session: Session, filters: log.Filters, expected: set[str]) -> None:
    _lines(1)
    _lines(1, "db", actor_name="arthur", action="host.deleted", recorded_at=MORNING + _days(1))
    _lines(1, "oscar", object_type="user", recorded_at=MORNING + _days(2))

    names = {entry.object_name for entry in log.page(filters).entries}

    assert names == expected


def test_filters_survive_the_way_through_a_url() -> None:
    filters = log.Filters("alice", "host.updated", "host", "web & 北京", date(2026, 5, 1), before=7)

    assert filters.query() == (
        "actor=alice&action=host.updated&type=host&name=web+%26+%E5%8C%97%E4%BA%AC"
        "&since=2026-05-01&before=7"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"before": "-1"},
        {"before": "x"},
        {"before": "9" * 400},
        {"before": "٣"},
        {"since": "yesterday"},
        {"since": "9999-12-31"},
        {"until": "9999-12-31"},
        {"since": "0001-01-01"},
        {"until": "2026-02-30"},
    ],
)
def test_nonsense_in_a_url_narrows_nothing(session: Session, arguments: dict[str, str]) -> None:
    filters = log.Filters.read(arguments)

    assert filters == log.Filters()


def test_a_page_is_one_statement_that_neither_counts_nor_skips(session: Session) -> None:
    _lines(3)
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement.lower())

    event.listen(session.get_bind(), "before_cursor_execute", note)
    log.page(log.Filters(actor="alice", before=1_000_000))
    event.remove(session.get_bind(), "before_cursor_execute", note)

    (statement,) = statements
    assert "count(" not in statement
    assert not re.search(r"offset [1-9]|limit \S+, ", statement)


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (log.Filters(before=40), "PRIMARY"),
        (log.Filters(actor="arthur"), "ix_audit_entries_actor_name_id"),
        (log.Filters(action="host.deleted"), "ix_audit_entries_action_id"),
        (log.Filters(name="db0"), "ix_audit_entries_object_name_id"),
    ],
)
def test_every_filter_has_its_index(session: Session, filters: log.Filters, index: str) -> None:
    _lines(300)
    _lines(1, "db", actor_name="arthur", action="host.deleted")
    query = log._query(filters).limit(log.PAGE_SIZE + 1)
    statement = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})

    explain = "EXPLAIN" if db.engine.dialect.name == "mysql" else "EXPLAIN QUERY PLAN"
    plan = session.execute(text(f"{explain} {statement}")).mappings().one()

    assert index in str(plan.get("key") or plan.get("detail"))


def test_a_change_shows_what_was_and_what_became() -> None:
    entry = _entry("host.updated", '{"enabled": [true, false], "description": [null, "web"]}')

    changes = log.changes_of(entry)

    assert changes == [
        log.Change("enabled", "true", "false"),
        log.Change("description", None, "web"),
    ]


def test_members_of_a_group_are_shown_as_a_list() -> None:
    entry = _entry("group.updated", '{"hosts": [["a"], ["a", "b"]]}')

    assert log.changes_of(entry) == [log.Change("hosts", "a", "a, b")]


def test_a_secret_shows_only_that_it_changed() -> None:
    entry = _entry("credential.updated", '{"password": "(changed)"}')

    assert log.changes_of(entry) == [log.Change("password", None, "(changed)")]


def test_a_fact_that_is_a_pair_is_no_change() -> None:
    entry = _entry("job.launched", '{"hosts": ["a", "b"], "limit": ""}')

    assert log.changes_of(entry) == [
        log.Change("hosts", None, "a, b"),
        log.Change("limit", None, None),
    ]


def _entry(action: str, changes: str) -> AuditEntry:
    return AuditEntry(action=action, changes=changes)


def _lines(number: int, name: str = "web", **values: Any) -> None:
    session = db.session
    usual = {
        "recorded_at": MORNING,
        "actor_name": "alice",
        "action": "host.updated",
        "object_type": "host",
        "source": "",
        "changes": "{}",
    }
    rows = [usual | {"object_name": f"{name}{n}"} | values for n in range(number)]
    session.execute(insert(AuditEntry), rows)


def _days(number: int) -> timedelta:
    return timedelta(days=number)
