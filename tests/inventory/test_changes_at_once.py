from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import delete

from aops.audit.models import AuditEntry
from aops.core.database import db
from aops.inventory import generation, index, rows
from aops.inventory.models import Group, Host, Inventory
from tests import factories

MANY = 4
TIMES = 10


def test_hosts_added_to_one_inventory_at_once_wait_for_each_other(tidied: Flask) -> None:
    with tidied.app_context():
        key = factories.make_inventory().id
        db.session.commit()
        before = generation.of(key)
        db.session.remove()
    together = Barrier(MANY)

    def add(person: int) -> None:
        for number in range(TIMES):
            together.wait(60)
            with tidied.app_context():
                db.session.add(Host(name=f"web{person}-{number}", inventory_id=key))
                db.session.commit()
                db.session.remove()

    with ThreadPoolExecutor(MANY) as pool:
        [*pool.map(add, range(MANY))]

    with tidied.app_context():
        assert len(index.of(key).all.hosts) == MANY * TIMES
        assert generation.of(key) == before + MANY * TIMES


def test_what_is_read_while_somebody_writes_is_all_of_one_state(tidied: Flask) -> None:
    with tidied.app_context():
        inventory = factories.make_inventory()
        groups = [factories.make_group(name, inventory=inventory).id for name in ("left", "right")]
        host = factories.make_host("web1", inventory=inventory).id
        key = inventory.id
        db.session.commit()
        db.session.remove()

    def move() -> None:
        for number in range(60):
            with tidied.app_context():
                there = db.session.get_one(Host, host)
                there.groups = [db.session.get_one(Group, groups[number % 2])]
                there.variables = f"side: {number % 2}\n"
                db.session.commit()
                db.session.remove()

    def look() -> list[tuple[str, list[str]]]:
        with tidied.app_context():
            loaded = rows.load(key)
            db.session.remove()
            sides = [name for name, group in loaded.groups.items() if "web1" in group.hosts]
            return [(loaded.hosts["web1"], sides)] if sides else []

    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(move)
        seen = []
        while not moving.done():
            seen += look()
        moving.result()

    assert {*map(str, seen)} <= {
        str(("side: 0\n", ["left"])),
        str(("side: 1\n", ["right"])),
    }


@pytest.fixture
def tidied(app: Flask) -> Iterator[Flask]:
    yield app
    with app.app_context():
        for model in (Inventory, AuditEntry):
            db.session.execute(delete(model))
        db.session.commit()
        db.session.remove()
