from __future__ import annotations

import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from aops.core.database import session as current_session
from aops.inventory import generation, index, rows
from aops.inventory.models import Group, Host, Inventory, group_children, group_hosts
from tests import factories


def test_it_holds_what_the_rows_hold_in_the_same_order(shop: Inventory) -> None:
    found = index.of(shop.id)

    for view, loaded in ((found.all, rows.load_all(shop.id)), (found.enabled, rows.load(shop.id))):
        members = rows.members_of(loaded)
        assert [*view.hosts] == [*loaded.hosts]
        assert [*view.groups] == [*members]
        assert {name: [*hosts] for name, hosts in view.groups.items()} == members
    assert found.ids == {host.name: host.id for host in current_session().query(Host)}


def test_the_same_state_is_read_once(shop: Inventory, session: Session) -> None:
    session.commit()
    first = index.of(shop.id)
    statements: list[str] = []
    event.listen(
        session.connection(), "before_cursor_execute", lambda *given: statements.append(given[2])
    )

    again = index.of(shop.id)

    assert again is first
    assert len(statements) == 1, "only the generation is asked for"


def test_a_change_is_seen_at_once(shop: Inventory, session: Session) -> None:
    session.commit()
    assert "new" not in index.of(shop.id).enabled.hosts

    factories.make_host("new", inventory=shop)
    before_commit = index.of(shop.id)
    session.commit()

    assert "new" in before_commit.enabled.hosts
    assert "new" in index.of(shop.id).enabled.hosts


def test_what_was_taken_back_is_not_remembered(shop: Inventory, session: Session) -> None:
    session.commit()
    factories.make_host("never", inventory=shop)
    index.of(shop.id)
    session.rollback()
    factories.make_host("other", inventory=shop)
    session.commit()

    assert "never" not in index.of(shop.id).all.hosts
    assert "other" in index.of(shop.id).all.hosts


def test_a_savepoint_that_is_kept_leaves_the_change_unsettled(
    shop: Inventory, session: Session
) -> None:
    session.commit()

    with session.begin_nested():
        factories.make_host("new", inventory=shop)

    assert generation.is_unsettled(shop.id)
    session.commit()
    assert not generation.is_unsettled(shop.id)


def test_only_some_inventories_are_kept(session: Session) -> None:
    inventories = [factories.make_inventory() for _ in range(index._KEPT + 3)]
    session.commit()

    for inventory in inventories:
        index.of(inventory.id)

    assert len(index._kept) == index._KEPT


def test_an_unknown_inventory_is_empty(session: Session) -> None:
    found = index.of(987_654)

    assert found.enabled.hosts == ()
    assert found.enabled.matching("all") == []


def test_what_is_remembered_of_a_deleted_inventory_is_not_taken_for_a_new_one(
    session: Session,
) -> None:
    for name in ("prod", "test"):  # SQLite gives both the same id
        inventory = factories.make_inventory(name=name)
        factories.make_host(f"{name}1", inventory=inventory)
        session.commit()
        assert index.of(inventory.id).all.hosts == (f"{name}1",)
        session.delete(inventory)
        session.commit()


def test_what_is_given_cannot_be_changed(shop: Inventory) -> None:
    found = index.of(shop.id)

    with pytest.raises(TypeError):
        found.all.groups["web"] = ()  # type: ignore[index]
    with pytest.raises(TypeError):
        found.ids["web1"] = 1  # type: ignore[index]


def test_a_text_that_the_database_cut_is_read_row_by_row(shop: Inventory, session: Session) -> None:
    if session.get_bind().dialect.name == "mysql":
        session.connection().exec_driver_sql("SET SESSION group_concat_max_len = 8")  # MySQL: 1,024

    members = rows.members_of(rows.load_all(shop.id))

    assert {name: [*hosts] for name, hosts in index.of(shop.id).all.groups.items()} == members


@pytest.fixture
def shop(session: Session) -> Inventory:
    shop = factories.make_inventory(name="shop")
    hosts = [
        factories.make_host(name, inventory=shop, enabled=name != "web2", position=position)
        for name, position in (("web1", 7), ("web2", 1), ("db1", 1), ("服务器", 3), ("lonely", 9))
    ]
    groups = [
        factories.make_group(name, inventory=shop, position=position, in_all=name == "top")
        for name, position in (("web", 2), ("db", 1), ("top", 1), ("empty", 5))
    ]
    links = [(0, 0, 4), (0, 1, 4), (0, 3, 2), (1, 2, 1), (1, 0, 1)]
    session.execute(
        insert(group_hosts),
        [
            {"group_id": groups[group].id, "host_id": hosts[host].id, "position": position}
            for group, host, position in links
        ],
    )
    below = [(2, 0, 2), (2, 1, 1), (3, 2, 1)]
    session.execute(
        insert(group_children),
        [
            {"parent_id": groups[one].id, "child_id": groups[other].id, "position": position}
            for one, other, position in below
        ],
    )
    generation.raise_for([shop.id])
    assert session.query(Group).count() == 4
    return shop
