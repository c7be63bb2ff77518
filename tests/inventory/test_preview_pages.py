from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.inventory.models import Inventory
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient

_XS = "Matches nothing: " + ", ".join(f"x{n}" for n in range(10))


@pytest.mark.parametrize(
    ("query", "number", "hosts"),
    [
        ({"pattern": "web*"}, 60, 50),
        ({"pattern": "web*", "disabled": "1"}, 61, 50),
        ({"pattern": "web1,db1"}, 2, 2),
        ({"pattern": "nothing"}, 0, 0),
        ({"pattern": ""}, 0, 0),
        ({"pattern": "", "all": "1"}, 61, 50),
        ({}, 0, 0),
    ],
)
def test_a_pattern_is_answered_with_the_number_and_the_first_names(
    *,
    query: dict[str, str],
    number: int,
    hosts: int,
    client: ConsoleClient,
    victor: User,
    shop: Inventory,
) -> None:
    client.sign_in(victor)

    answer = client.fetch(url(shop), query_string=query, headers={"Accept": "application/json"})

    assert answer.json["number"] == number
    assert len(answer.json["hosts"]) == hosts
    assert answer.json["total"] == (62 if "disabled" in query else 61)


def test_the_part_of_the_page_says_it_in_words(
    client: ConsoleClient, victor: User, shop: Inventory
) -> None:
    client.sign_in(victor)

    part = client.fetch(url(shop), query_string={"pattern": "web*"}).text

    assert "60 of 61 hosts" in part
    assert "… and 10 more" in part
    assert "<html" not in part


@pytest.mark.parametrize(
    ("pattern", "note"),
    [
        ("web1,xx", "Matches nothing: xx"),
        ("web1:!yy:&zz:xx:xx", "Matches nothing: yy, zz, xx"),
        ("web1,all,ungrouped", None),
        ("web1,x*,x[0],x?,xx[1:2]", None),
        ("web1,localhost", "Matches nothing: localhost"),
        ("web1,web-off", "Matches nothing: web-off"),
        (",".join(["web1", *(f"x{n}" for n in range(12))]), f"{_XS} …"),
    ],
)
def test_names_that_match_nothing_are_named(
    pattern: str, note: str | None, client: ConsoleClient, victor: User, shop: Inventory
) -> None:
    client.sign_in(victor)

    answer = client.fetch(
        url(shop), query_string={"pattern": pattern}, headers={"Accept": "application/json"}
    )

    assert answer.json["note"] == note


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("@/etc/passwd", "control node"),
        ("--x", "dash"),
        ("~web", "for authors"),
        ("x" * 5000, "at most 4000 characters"),
        ("<script>alert(1)</script>", "0 of 61 hosts"),
        ("web\x00", "invisible"),
    ],
)
def test_what_is_no_pattern_is_told_so(
    pattern: str, sentence: str, client: ConsoleClient, victor: User, shop: Inventory
) -> None:
    client.sign_in(victor)

    answer = client.fetch(url(shop), query_string={"pattern": pattern})

    assert sentence in answer.text
    assert "<script>" not in answer.text


def test_authors_may_use_expressions_and_are_not_kept_waiting(
    client: ConsoleClient, arthur: User, shop: Inventory
) -> None:
    factories.make_host("a" * 60, inventory=shop)
    client.sign_in(arthur)

    good = client.fetch(url(shop), query_string={"pattern": "~web[12]$"}).text
    endless = client.fetch(url(shop), query_string={"pattern": "~(a+)+$b"}).text

    assert "2 of 62 hosts" in good
    assert "takes too long" in endless


def test_a_filter_narrows_a_pattern(client: ConsoleClient, victor: User, shop: Inventory) -> None:
    saved = factories.make_filter("name ~ *9")
    client.sign_in(victor)

    part = client.fetch(url(shop), query_string={"pattern": "web1*", "filter": str(saved.id)}).text

    assert "1 of 61 hosts" in part


def test_hosts_join_and_leave_a_group_by_a_pattern_in_one_line_of_the_log(
    session: Session, client: ConsoleClient, arthur: User, shop: Inventory
) -> None:
    group = factories.make_group("web", inventory=shop)
    client.sign_in(arthur)
    session.commit()
    before = shop.generation

    client.post(f"/groups/{group.id}/hosts/add/", {"pattern": "web*"})
    joined = {host.name for host in group.hosts}
    client.post(f"/groups/{group.id}/hosts/remove/", {"pattern": "web1*"})

    assert len(joined) == 61
    assert len(group.hosts) == 50
    assert shop.generation == before + 2
    actions = ("group.hosts_added", "group.hosts_removed")
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action.in_(actions))).all()
    assert [('"number": 61' in one.changes) for one in entries] == [True, False]


def url(inventory: Inventory) -> str:
    return f"/inventories/{inventory.id}/matching-hosts"


@pytest.fixture
def shop(session: Session) -> Inventory:
    shop = factories.make_inventory(name="shop")
    for number in range(60):
        factories.make_host(f"web{number}", inventory=shop)
    factories.make_host("web-off", inventory=shop, enabled=False)
    factories.make_host("db1", inventory=shop)
    return shop
