import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from aops.audit import log
from aops.audit.models import AuditEntry
from aops.core import clock
from aops.users.models import User
from tests.console import ConsoleClient


def test_a_line_tells_who_changed_what_and_from_what_to_what(
    admin: ConsoleClient, session: Session
) -> None:
    _line(session, action="host.updated", changes='{"variables": ["a: 1", "a: 2"]}')

    row = admin.get("/audit/").select_one("tbody tr")

    assert "arthur changed host web1: variables" in " ".join(row.text.split())
    assert row.select_one("details del").text == "a: 1"
    assert row.select_one("details ins").text == "a: 2"
    assert "192.0.2.7" in row.text


def test_markup_in_a_name_stays_text(admin: ConsoleClient, session: Session) -> None:
    _line(session, object_name="<img src=x onerror=alert(1)>", changes='{"<b>": [null, "<i>"]}')

    page = admin.get("/audit/")

    assert not page.select("main img")
    assert "<img src=x onerror=alert(1)>" in page.text


def test_older_lines_are_one_link_away_and_the_filter_stays(
    admin: ConsoleClient, session: Session
) -> None:
    for _ in range(log.PAGE_SIZE + 3):
        _line(session)

    page = admin.get("/audit/?actor=arthur")
    (older,) = [link["href"] for link in page.select(".list-foot a") if "Older" in link.text]
    second = admin.get(f"/audit/{older}")

    assert "actor=arthur" in older
    assert len(page.select("tbody tr")) == log.PAGE_SIZE
    assert len(second.select("tbody tr")) == 3


def test_filters_are_kept_in_the_form(admin: ConsoleClient, session: Session) -> None:
    _line(session)

    page = admin.get("/audit/?actor=arthur&type=host&since=2026-01-01&action=host.created")

    assert page.select_one("[name=actor]")["value"] == "arthur"
    assert page.select_one("[name=type] [selected]")["value"] == "host"
    assert page.select_one("[name=action] [selected]")["value"] == "host.created"
    assert page.select_one("[name=since]")["value"] == "2026-01-01"


def test_nothing_found_says_so(admin: ConsoleClient) -> None:
    page = admin.get("/audit/?actor=nobody-at-all")

    assert "Nothing matches" in page.text


@pytest.mark.parametrize(
    "query",
    ["before=0", "before=99999999999999999999", "since=x", "actor=%00", "name=%F0%9F%A6%8A"],
)
def test_nonsense_in_the_address_is_no_error(admin: ConsoleClient, query: str) -> None:
    admin.fetch(f"/audit/?{query}")


@pytest.mark.parametrize("person", ["victor", "oscar", "arthur"])
def test_only_administrators_read_it(
    client: ConsoleClient, request: pytest.FixtureRequest, person: str
) -> None:
    client.sign_in(request.getfixturevalue(person))

    client.get("/audit/", 403)


def test_it_cannot_be_written(admin: ConsoleClient) -> None:
    admin.post("/audit/", {"action": "x"}, code=405)


def _line(session: Session, **values: str) -> None:
    usual = {
        "recorded_at": clock.now(),
        "actor_name": "arthur",
        "source": "192.0.2.7",
        "action": "host.created",
        "object_type": "host",
        "object_name": "web1",
        "changes": "{}",
    }
    session.execute(insert(AuditEntry), [usual | values])
    session.commit()


@pytest.fixture
def admin(client: ConsoleClient, alice: User) -> ConsoleClient:
    return client.sign_in(alice)
