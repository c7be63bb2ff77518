from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.inventory.filters import names
from aops.inventory.filters.models import HostFilter
from aops.inventory.models import Inventory
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient


def test_a_filter_is_written_and_its_page_shows_what_it_finds(
    session: Session, client: ConsoleClient, arthur: User, shop: Inventory
) -> None:
    client.sign_in(arthur)

    client.submit(
        "/filters/new/",
        {"name": "Web servers", "query": "name ~ web*", "inventory": str(shop.id)},
    )

    saved = session.scalars(select(HostFilter)).one()
    assert (saved.query, saved.inventory_id) == ("name ~ web*", shop.id)
    page = client.get(f"/filters/details/?id={saved.id}")
    assert [item.text for item in page.select(".host-list li")] == ["web1", "web2"]
    assert "2 of 3 hosts" in page.text
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "filter.created")).one()
    assert entry.object_name == "Web servers"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("query", "memry > 1", "At character 1"),
        ("query", "name = 'x", "not closed"),
        ("query", "", "Write a condition"),
        ("query", "x" * 5000, "at most 2000"),
        ("name", "", "A name is needed"),
        ("name", "taken", "already taken"),
        ("inventory", "987654", "not offered; choose again"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    *, field: str, value: str, sentence: str, client: ConsoleClient, arthur: User, shop: Inventory
) -> None:
    factories.make_filter(name="taken")
    client.sign_in(arthur)
    typed = {"name": "new", "query": "enabled = yes", "description": "kept"} | {field: value}

    page = client._checked(client.submit("/filters/new/", typed, code=200))

    assert sentence in page.select_one(f"#{field}-error").text
    assert page.select_one("#description")["value"] == "kept"
    if field == "query":
        assert page.select_one("#query").text.strip() == value


def test_a_filter_that_a_template_uses_is_not_deleted(
    session: Session, client: ConsoleClient, arthur: User, shop: Inventory
) -> None:
    saved = factories.make_filter(name="Web")
    factories.make_template(name="Deploy", inventory=shop, host_filter=saved)
    client.sign_in(arthur)

    answer = client.post("/filters/delete/", {"id": str(saved.id)})

    assert "used by template “Deploy”" in client.get(answer.headers["Location"]).text
    assert session.get(HostFilter, saved.id) is not None
    assert "template “Deploy”" in client.get(f"/filters/details/?id={saved.id}").text


def test_the_help_names_everything_that_the_language_knows(
    client: ConsoleClient, arthur: User
) -> None:
    client.sign_in(arthur)

    page = client.get("/filters/new/")

    shown = {code.text for code in page.select(".filter-help details dt code")}
    assert shown == {name.name for name in (*names.OF_HOSTS, *names.OF_FACTS)}


def test_what_is_typed_is_answered_as_a_part_of_a_page_and_as_json(
    client: ConsoleClient, victor: User, shop: Inventory
) -> None:
    client.sign_in(victor)
    url = f"/filters/matching-hosts?inventory={shop.id}&query=name+~+web*"

    part = client.fetch(url).text
    answer = client.fetch(url, headers={"Accept": "application/json"}).json

    assert "2 of 3 hosts" in part
    assert "1 of them is disabled" in part
    assert answer["hosts"] == ["web1", "web2"]
    assert answer["error"] is None


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "0 of 3 hosts"),
        ("name ~", "At character 7: a value was expected."),
        ("name ~ nothing*", "0 of 3 hosts"),
        ("name ~ web2", "web2 (shop)"),
    ],
)
def test_what_is_typed_so_far_is_answered_too(
    query: str, sentence: str, client: ConsoleClient, victor: User, shop: Inventory
) -> None:
    client.sign_in(victor)

    answer = client.fetch("/filters/matching-hosts", query_string={"query": query})

    assert sentence in answer.text


@pytest.mark.parametrize("inventory", ["-1", "987654", "10000000000000000000000", "x"])
def test_an_inventory_that_is_not_there_has_no_hosts_or_is_all(
    inventory: str, client: ConsoleClient, victor: User, shop: Inventory
) -> None:
    client.sign_in(victor)

    answer = client.fetch(
        f"/filters/matching-hosts?inventory={inventory}&query=enabled=yes",
        headers={"Accept": "application/json"},
    )

    assert answer.json["number"] == (2 if inventory == "x" else 0)


@pytest.fixture
def shop(session: Session) -> Inventory:
    shop = factories.make_inventory(name="shop")
    for name in ("db1", "web1", "web2"):
        factories.make_host(name, inventory=shop, enabled=name != "web2")
    return shop
