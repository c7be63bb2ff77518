from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from aops.core import clock
from aops.inventory.facts import lines
from aops.inventory.facts.models import HostFacts
from aops.inventory.filters import loading, matching, names
from aops.inventory.filters.tokens import FilterError
from aops.inventory.models import HostLabel, HostResult, Inventory
from tests import factories


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("enabled = yes", ["web1", "db1", "lonely"]),
        ("enabled = no", ["web2"]),
        ("label = prod", ["web1", "db1"]),
        ("label = prod and not group = db", ["web1"]),
        ("label is missing", ["lonely"]),
        ("label ~ t* or label = nobody", ["web2"]),
        ("group = web", ["web1", "web2"]),
        ("group = shop", ["web1", "web2", "db1"]),
        ("group ~ s* and name ~ db*", ["db1"]),
        ("group is missing", ["lonely"]),
        ("group = web or group is missing", ["web1", "web2", "lonely"]),
        ("group != shop", ["lonely"]),
        ("inventory = shop", ["web1", "web2", "db1", "lonely"]),
        ("last_result = failed", ["db1"]),
        ("last_result != failed", ["web1"]),
        ("last_seen < 7 days ago", ["db1"]),
        ("last_seen is missing", ["web2", "lonely"]),
        ("failed_message ~ '*disk*'", ["db1"]),
        ("distribution = Debian and memory < 2 GiB", ["web1"]),
        ("memory >= 1 GiB", ["web1", "db1"]),
        ("facts_gathered > 1 hour ago", ["web1", "db1"]),
        ("changed_at > 1 hour ago", ["web1", "web2", "db1", "lonely"]),
        ("description ~ '*rack*'", ["lonely"]),
        ("var.http_port = 80", ["web1"]),
        ("var.http_port = 8080", ["web2"]),
        ("var.everywhere = yes", ["web1", "web2", "db1", "lonely"]),
        ("var.secret is missing and name = db1", ["db1"]),
        ("fact.mounts.0.fstype = ext4", ["web1"]),
        ("fact.mounts.*.fstype = xfs and distribution = Rocky", ["db1"]),
        ("fact.mounts is missing and fact.x is missing", ["web1", "web2", "db1", "lonely"]),
        ("fact.kernel is missing or name = web1", ["web1", "web2", "lonely"]),
        ("var.http_port = 80 and fact.kernel = 6.1", ["web1"]),
        ("enabled = yes and not (label = prod or name = lonely)", []),
    ],
)
def test_a_filter_finds_its_hosts_in_inventory_order(
    query: str, expected: list[str], shop: Inventory
) -> None:
    found = matching.matches(query, shop.id)

    assert [host.name for host in found] == expected
    assert {host.id for host in found} == matching.host_ids(query, shop.id)


def test_without_an_inventory_all_are_looked_into(shop: Inventory) -> None:
    other = factories.make_inventory(name="other", variables="everywhere: true\n")
    factories.make_host("web9", inventory=other, variables="http_port: 80\n")
    factories.make_group("web", inventory=other)

    assert names_of("name ~ web*") == ["web1", "web2", "web9"]
    assert names_of("inventory = other") == ["web9"]
    assert names_of("group = web") == ["web1", "web2"]
    assert names_of("var.http_port = 80") == ["web1", "web9"]
    assert names_of("var.everywhere = yes and group is missing") == ["lonely", "web9"]


def test_a_filter_that_is_none_is_refused_before_anything_is_read(shop: Inventory) -> None:
    with pytest.raises(FilterError, match="At character 1"):
        matching.host_ids("nonsense = 1", shop.id)


@pytest.mark.parametrize(
    ("query", "most"),
    [
        ("enabled = yes", 1),
        ("distribution = Debian and last_result = ok and inventory = shop", 1),
        ("label = prod and group = web and distribution = Debian", 6),
        ("var.http_port = 80", 8),
        ("fact.kernel = 6.1", 2),
    ],
)
def test_the_number_of_queries_does_not_grow_with_hosts(
    query: str, most: int, shop: Inventory, session: Session
) -> None:
    for number in range(30):
        factories.make_host(f"more{number}", inventory=shop)
    statements: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))

    matching.host_ids(query, shop.id)

    assert 1 <= len(statements) <= most, statements


@pytest.mark.parametrize("text", ["'; DROP TABLE hosts; --", "%s", "x' OR '1'='1", "a:b", "\\"])
def test_no_value_becomes_sql(text: str, shop: Inventory) -> None:
    factories.make_host(text, inventory=shop, description=text)
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')

    assert names_of(f'name = "{quoted}" and description = "{quoted}"') == [text]
    assert names_of(f'label = "{quoted}" or group = "{quoted}"') == []


def test_every_column_that_is_read_is_a_name_of_the_language() -> None:
    assert set(loading._COLUMNS) <= {name.name for name in names.OF_HOSTS}
    assert len({name.name for name in (*names.OF_HOSTS, *names.OF_FACTS)}) == len(
        names.OF_HOSTS
    ) + len(names.OF_FACTS)


def names_of(query: str) -> list[str]:
    return [host.name for host in matching.matches(query)]


@pytest.fixture
def shop(session: Session) -> Inventory:
    shop = factories.make_inventory(name="shop", variables="everywhere: yes\n")
    web1, web2, db1, _lonely = (
        factories.make_host(name, inventory=shop, position=place, **values)
        for place, (name, values) in enumerate(
            [
                ("web1", {}),
                ("web2", {"enabled": False, "variables": "http_port: 8080\n"}),
                ("db1", {"variables": "secret: !vault |\n  $ANSIBLE_VAULT\n"}),
                ("lonely", {"description": "in the old rack"}),
            ]
        )
    )
    web = factories.make_group(
        "web", inventory=shop, hosts=[web1, web2], variables="http_port: 80\n"
    )
    db = factories.make_group("db", inventory=shop, hosts=[db1])
    factories.make_group("shop", inventory=shop, children=[web, db])
    now = clock.now()
    session.add_all(
        [
            HostLabel(host_id=web1.id, name="prod"),
            HostLabel(host_id=db1.id, name="prod"),
            HostLabel(host_id=web2.id, name="test"),
            HostResult(host_id=web1.id, last_job_id=1, last_status="ok", last_at=now),
            HostResult(
                host_id=db1.id,
                last_job_id=1,
                last_status="failed",
                last_at=now - timedelta(days=8),
                failed_message="No space left on disk",
            ),
            facts_of(web1.id, "ext4", {"distribution": "Debian", "memory": 1 << 30}),
            facts_of(db1.id, "xfs", {"distribution": "Rocky", "memory": 8 << 30}),
        ]
    )
    session.flush()
    return shop


def facts_of(host_id: int, fstype: str, summary: dict[str, object]) -> HostFacts:
    data = {"kernel": "6.1" if fstype == "ext4" else "5.14", "mounts": [{"fstype": fstype}]}
    return HostFacts(
        host_id=host_id,
        gathered_at=clock.now(),
        summary=json.dumps(summary),
        small=lines.small(data),
        data=data,
    )
