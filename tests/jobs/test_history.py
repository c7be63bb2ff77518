from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from aops.jobs import history
from aops.jobs.history import PAGE_SIZE, Filters
from aops.jobs.models import Job, JobHost, JobStatus, JobTemplate
from tests import factories

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=50).map(str.strip)
HOSTILE = [
    "before=" + "9" * 5_000,
    "before=-1",
    "before=٣",
    "before=1e3",
    "since=yesterday",
    "since=0001-01-01",
    "until=9999-12-31",
    "since=2026-13-45",
    "status=nonsense&status=failed%00",
    "name=" + "x" * 5_000,
    "name=%25%5F%5C'\";--",
    "name=%00%F0%9F%98%80",
    "host=' OR 1=1 --",
    "launched_by=%",
    "changed=yes",
]


def ids(filters: Filters) -> list[int]:
    return [job.id for job in history.page(filters).jobs]


@pytest.mark.parametrize(
    "filters",
    [
        Filters(status=("failed", "lost")),
        Filters(name="deploy"),
        Filters(name="DEPLOY"),
        Filters(launched_by="oscar"),
        Filters(inventory="prod"),
        Filters(host="web1"),
        Filters(since=date(2026, 3, 10)),
        Filters(until=date(2026, 3, 10), since=date(2026, 3, 10)),
        Filters(changed=True),
    ],
    ids=repr,
)
def test_each_filter_keeps_what_it_names_and_nothing_else(
    filters: Filters, session: Session
) -> None:
    template = factories.make_template()
    wanted = make_finished(
        template,
        name="Deploy web",
        status=JobStatus.FAILED,
        inventory_name="production",
        created_at=NOON,
        hosts_changed=1,
    )
    make_finished(
        template,
        name="Backup",
        status=JobStatus.SUCCESSFUL,
        inventory_name="lab",
        launched_by_name="oscar2",
        created_at=NOON - timedelta(days=1),
    )
    session.add(JobHost(job_id=wanted.id, host="web1"))
    session.flush()

    assert ids(filters) == [wanted.id]


@pytest.mark.parametrize("name", ["50%", "a_b", "back\\slash", "quo'te", "汉字", "😀"])
def test_signs_with_a_meaning_in_sql_are_only_signs(name: str, session: Session) -> None:
    template = factories.make_template()
    wanted = make_finished(template, name=f"job {name}")
    make_finished(template, name="job 500 aXb backslash quote")

    assert ids(Filters(name=name)) == [wanted.id]


def test_pages_follow_each_other_without_gap_or_double(session: Session) -> None:
    template = factories.make_template()
    expected = [make_finished(template).id for _ in range(2 * PAGE_SIZE + 3)][::-1]

    first = history.page(Filters())
    second = history.page(Filters(before=first.older))
    third = history.page(Filters(before=second.older))

    assert [job.id for page in (first, second, third) for job in page.jobs] == expected
    assert third.older is None
    assert not Filters(before=first.older).narrowing


@pytest.mark.parametrize("query", HOSTILE)
def test_a_query_string_that_makes_no_sense_is_no_error(query: str, session: Session) -> None:
    filters = read(query)

    history.page(filters)
    assert read(filters.query()) == filters


@given(
    st.builds(
        Filters,
        status=st.lists(st.sampled_from(list(JobStatus)), unique=True).map(tuple),
        name=TEXTS,
        host=TEXTS,
        since=st.none() | st.dates(date(1971, 1, 1), date(2100, 1, 1)),
        changed=st.booleans(),
        before=st.none() | st.integers(1, 2**31 - 1),
    )
)
def test_filters_survive_their_way_through_a_url(filters: Filters) -> None:
    assert read(filters.query()) == filters


def test_a_link_changes_one_filter_and_keeps_the_others() -> None:
    filters = Filters(status=("failed",), name="web", before=9)

    assert parse_qs(filters.query(before=None)) == {"status": ["failed"], "name": ["web"]}


def test_a_page_reads_no_long_text(session: Session) -> None:
    make_finished(factories.make_template(), extra_vars="a: 1")
    session.expunge_all()

    [job] = history.page(Filters()).jobs

    assert "extra_vars" not in vars(job)


def test_templates_that_were_launched_last_come_first(session: Session) -> None:
    templates = {name: factories.make_template(name=name) for name in ("b", "a", "d", "c")}
    make_finished(templates["d"])
    make_finished(templates["c"])

    assert [template.name for template in history.favourite_templates(3)] == ["c", "d", "a"]


def test_the_newest_jobs_of_some_states_are_given_for_the_home_page(session: Session) -> None:
    template = factories.make_template()
    old = make_finished(template, status=JobStatus.FAILED, created_at=NOON - timedelta(days=9))
    new = make_finished(template, status=JobStatus.FAILED, created_at=NOON)
    make_finished(template, status=JobStatus.SUCCESSFUL, created_at=NOON)

    newest = history.newest(JobStatus.FAILED, limit=9)
    since = history.newest(JobStatus.FAILED, limit=9, since=NOON - timedelta(days=7))

    assert [job.id for job in newest] == [new.id, old.id]
    assert [job.id for job in since] == [new.id]
    assert [job.id for job in history.of_template(template.id, limit=1)] == [new.id + 1]


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(before=500),
        Filters(status=("failed",)),
        Filters(launched_by="oscar"),
        Filters(host="web1"),
    ],
    ids=repr,
)
def test_no_page_reads_a_table_without_an_index(filters: Filters, session: Session) -> None:
    statement = history._narrowed(filters).limit(PAGE_SIZE)
    state = statement.compile(session.get_bind()).construct_expanded_state()
    sqlite = session.get_bind().dialect.name == "sqlite"
    given = tuple(state.positional_parameters or ()) if sqlite else state.parameters

    rows = session.connection().exec_driver_sql(
        f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{state.statement}", given
    )

    if sqlite:
        assert not [row.detail for row in rows if row.detail.startswith("SCAN job_hosts")]
    else:
        assert all(row.key for row in rows)


def read(query: str) -> Filters:
    pairs = parse_qs(query, keep_blank_values=True, errors="replace")
    arguments = MultiDict(pairs)
    return Filters.read(arguments, arguments.getlist("status"))


def make_finished(template: JobTemplate, **values: Any) -> Job:
    return factories.make_job(
        **{"template": template, "status": JobStatus.SUCCESSFUL, "attempt": 1} | values
    )
