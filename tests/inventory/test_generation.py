from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from aops.core.database import session
from aops.inventory import generation
from aops.inventory.models import Host, Inventory
from tests.factories import make_group, make_host, make_inventory

pytestmark = pytest.mark.usefixtures("session")


def test_an_unknown_inventory_has_no_state_yet() -> None:
    assert generation.of(999) == 0


def test_a_new_host_makes_a_new_state_of_its_inventory_only(inventory: Inventory) -> None:
    other = make_inventory()
    before, before_other = generation.of(inventory.id), generation.of(other.id)

    make_host("web1", inventory=inventory)

    assert generation.of(inventory.id) > before
    assert generation.of(other.id) == before_other


def test_a_changed_host_makes_a_new_state(inventory: Inventory) -> None:
    host = make_host("web1", inventory=inventory)
    before = generation.of(inventory.id)

    host.enabled = False
    session().flush()

    assert generation.of(inventory.id) == before + 1


def test_a_changed_membership_makes_a_new_state(inventory: Inventory) -> None:
    host, group = make_host("web1", inventory=inventory), make_group(inventory=inventory)
    before = generation.of(inventory.id)

    group.hosts = [host]
    session().flush()

    assert generation.of(inventory.id) > before


def test_a_deleted_host_makes_a_new_state(inventory: Inventory) -> None:
    host = make_host("web1", inventory=inventory)
    before = generation.of(inventory.id)

    session().delete(host)
    session().flush()

    assert generation.of(inventory.id) > before


def test_changed_variables_of_all_make_a_new_state(inventory: Inventory) -> None:
    before = generation.of(inventory.id)

    inventory.variables = "rack: b7\n"
    session().flush()

    assert generation.of(inventory.id) > before


def test_a_new_state_outdates_no_form_of_the_inventory(inventory: Inventory) -> None:
    version, changed_at = inventory.version, inventory.updated_at

    make_host("web1", inventory=inventory)
    session().refresh(inventory)

    assert (inventory.version, inventory.updated_at) == (version, changed_at)


def test_what_goes_past_the_session_says_so_itself(inventory: Inventory) -> None:
    before = generation.of(inventory.id)

    generation.raise_for([inventory.id])

    assert generation.of(inventory.id) == before + 1


def test_what_was_rolled_back_made_no_new_state(inventory: Inventory) -> None:
    session().commit()
    before = generation.of(inventory.id)

    session().add(Host(name="web1", inventory=inventory))
    session().flush()
    session().rollback()

    assert generation.of(inventory.id) == before


def test_what_changes_while_it_is_read_is_read_again(inventory: Inventory) -> None:
    times: list[int] = []

    def read() -> int:
        times.append(len(times))
        if len(times) == 1:
            generation.raise_for([inventory.id])
        return generation.of(inventory.id)

    found = generation.steadily(inventory.id, read)

    assert found == generation.of(inventory.id)
    assert len(times) == 2


def test_what_never_stops_changing_is_read_nevertheless(inventory: Inventory) -> None:
    def read() -> int:
        generation.raise_for([inventory.id])
        return generation.of(inventory.id)

    assert generation.steadily(inventory.id, read) == generation.of(inventory.id)


@pytest.fixture
def inventory(session: Session) -> Inventory:
    return make_inventory()
