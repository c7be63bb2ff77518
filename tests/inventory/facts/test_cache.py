from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from aops.core import clock
from aops.inventory.facts import cache, services
from aops.inventory.facts.reports import Report
from aops.inventory.models import Inventory
from tests.factories import make_group, make_host, make_inventory
from tests.inventory.facts.reported import DEBIAN


def test_a_run_starts_with_what_modules_reported(session: Session, inventory: Inventory) -> None:
    know(inventory, "web1")

    facts = json.loads(cache.of(inventory.id)["web1"])

    assert facts["_ansible_facts_gathered"] is True
    assert facts["ansible_kernel"] == DEBIAN["kernel"]
    assert facts["module_setup"] is True
    assert facts["facter_os"] == "x"
    assert len(facts) == len(DEBIAN) + 2


def test_facts_older_than_a_day_are_not_used(session: Session, inventory: Inventory) -> None:
    know(inventory, "web1", hours=25)
    know(inventory, "web2", hours=23)

    assert list(cache.of(inventory.id)) == ["web2"]


def test_parts_of_facts_do_not_stand_for_all_of_them(
    session: Session, inventory: Inventory
) -> None:
    know(inventory, "web1", full=False)
    know(inventory, "web2", hours=25)
    know(inventory, "web2", full=False)

    assert cache.of(inventory.id) == {}


@pytest.mark.parametrize(
    ("limit", "names"),
    [
        ("", {"web1", "web2", "db1"}),
        ("web", {"web1", "web2"}),
        ("all:!web2", {"web1", "db1"}),
        ("nothing", set()),
        ("@file", set()),
    ],
)
def test_only_hosts_of_the_limit_are_known(
    limit: str, names: set[str], session: Session, inventory: Inventory
) -> None:
    for name in ("web1", "web2", "db1", "off"):
        know(inventory, name)

    assert set(cache.of(inventory.id, limit)) == names


def test_the_newest_facts_are_taken_until_there_is_no_more_room(
    session: Session, inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours, name in enumerate(("web1", "web2", "db1")):
        know(inventory, name, hours=hours)
    size = len(json.dumps(DEBIAN))
    monkeypatch.setattr(cache, "MAX_SIZE", int(size * 2.5))

    assert set(cache.of(inventory.id)) == {"web1", "web2"}


def know(inventory: Inventory, name: str, hours: float = 0, *, full: bool = True) -> None:
    at = clock.now() - timedelta(hours=hours)
    services.record(inventory.id, 1, {name: Report(DEBIAN | {"facter_os": "x"}, at, full)})


@pytest.fixture
def inventory(session: Session) -> Inventory:
    inventory = make_inventory()
    web = [make_host(name, inventory=inventory) for name in ("web1", "web2")]
    make_group("web", inventory=inventory, hosts=web)
    make_host("db1", inventory=inventory)
    make_host("off", inventory=inventory, enabled=False)
    session.commit()
    return inventory
