from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from aops.core import clock, references
from aops.core.errors import AopsError, InUse
from aops.inventory import generation, rows, writing
from aops.inventory.changes import Changes, compare
from aops.inventory.imports.models import ImportMode
from aops.inventory.models import Host, HostKey, HostLabel, Inventory
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import HostDetails, Snapshot
from tests import factories

MERGE, REPLACE = ImportMode.MERGE, ImportMode.REPLACE


def test_an_empty_inventory_becomes_the_snapshot(inventory: Inventory) -> None:
    wanted = SITE

    write(inventory, wanted, REPLACE)

    assert writing.current_snapshot(inventory.id) == wanted


def test_what_was_written_is_no_change_any_more(inventory: Inventory) -> None:
    write(inventory, SITE, REPLACE)

    changes = compare(writing.current_snapshot(inventory.id), SITE, REPLACE)

    assert changes.nothing


def test_replacing_removes_what_is_not_mentioned(inventory: Inventory) -> None:
    write(inventory, SITE, REPLACE)
    wanted = snapshot({"web2": ""}, {"web": GroupRow(hosts=["web2"])})

    write(inventory, wanted, REPLACE)

    assert writing.current_snapshot(inventory.id) == wanted


def test_merging_keeps_what_is_not_mentioned(inventory: Inventory) -> None:
    write(inventory, SITE, REPLACE)

    write(inventory, snapshot({"new": ""}, {"web": GroupRow(hosts=["new"])}), MERGE)

    loaded = rows.load_all(inventory.id)
    assert [*loaded.hosts] == [*SITE.rows.hosts, "new"]
    assert loaded.groups["web"].hosts == ["web1", "web2", "new"]


def test_existing_hosts_keep_their_ids_and_what_hangs_on_them(
    session: Session, inventory: Inventory
) -> None:
    host = factories.make_host("web1", inventory=inventory, variables="a: 1\n")
    session.add(
        HostKey(
            host=host,
            address="web1",
            key_type="x",
            public_key="y",
            fingerprint="z",
            seen_at=clock.now(),
        )
    )
    session.flush()
    before = host.id

    write(inventory, SITE, REPLACE)

    assert host_named("web1").id == before
    assert session.scalars(select(HostKey.host_id)).all() == [before]


def test_the_versions_of_changed_hosts_rise_and_those_of_others_do_not(
    inventory: Inventory,
) -> None:
    factories.make_host("same", inventory=inventory, variables="a: 1\n")
    factories.make_host("other", inventory=inventory, variables="a: 1\n")

    write(inventory, snapshot({"same": "a: 1\n", "other": "a: 2\n"}), MERGE)

    assert host_named("same").version == 1
    assert host_named("other").version == 2


def test_a_host_that_joins_a_group_outdates_its_open_form(
    session: Session, inventory: Inventory
) -> None:
    opened = factories.make_host("web1", inventory=inventory, variables="")
    session.expunge(opened)

    write(inventory, snapshot({"web1": ""}, {"web": GroupRow(hosts=["web1"])}), MERGE)

    opened.description = "typed meanwhile"
    session.add(opened)
    with pytest.raises(StaleDataError):
        session.flush()
    session.rollback()


def test_a_write_makes_a_new_generation(inventory: Inventory) -> None:
    before = generation.of(inventory.id)

    write(inventory, SITE, MERGE)

    assert generation.of(inventory.id) == before + 1


def test_writing_nothing_makes_no_new_generation(inventory: Inventory) -> None:
    write(inventory, SITE, MERGE)
    before = generation.of(inventory.id)

    write(inventory, SITE, MERGE)

    assert generation.of(inventory.id) == before


def test_hosts_added_by_hand_stay_where_they_are_when_hosts_are_merged_in(
    inventory: Inventory,
) -> None:
    factories.make_host("m", inventory=inventory, variables="")
    factories.make_host("b", inventory=inventory, variables="")

    write(inventory, snapshot({"z": "", "a": ""}), MERGE)

    assert [*rows.load_all(inventory.id).hosts] == ["b", "m", "z", "a"]


def test_the_order_of_a_group_s_hosts_and_children_is_kept(inventory: Inventory) -> None:
    wanted = snapshot(
        {"a": "", "b": "", "c": ""},
        {
            "top": GroupRow(hosts=["c", "a", "b"], children=["two", "one"]),
            "one": GroupRow(),
            "two": GroupRow(),
        },
    )

    write(inventory, wanted, REPLACE)
    write(inventory, snapshot({"c": "", "b": "", "a": ""}, wanted.rows.groups), REPLACE)

    loaded = rows.load_all(inventory.id)
    assert [*loaded.hosts] == ["c", "b", "a"]
    assert loaded.groups["top"] == wanted.rows.groups["top"]


def test_labels_descriptions_and_disabled_hosts_are_written(inventory: Inventory) -> None:
    details = {"a": HostDetails(enabled=False, description="old one", labels=("prod", "eu"))}

    write(inventory, Snapshot(InventoryRows(hosts={"a": ""}), details), MERGE)

    host = host_named("a")
    assert (host.enabled, host.description) == (False, "old one")
    assert [str(label) for label in host.labels] == ["eu", "prod"]


def test_what_an_upload_does_not_say_about_a_host_stays(
    session: Session, inventory: Inventory
) -> None:
    host = factories.make_host(
        "a", inventory=inventory, description="kept", enabled=False, variables=""
    )
    session.add(HostLabel(host_id=host.id, name="prod"))
    session.flush()

    write(inventory, snapshot({"a": "x: 1\n"}), REPLACE)

    host = host_named("a")
    assert (host.description, host.enabled, str(host.labels[0])) == ("kept", False, "prod")


def test_variables_of_all_are_written_and_outdate_the_inventory_s_form(
    inventory: Inventory,
) -> None:
    version = inventory.version

    write(inventory, Snapshot(InventoryRows(variables="ntp: a\n")), MERGE)

    assert inventory.variables == "ntp: a\n"
    assert inventory.version == version + 1


def test_other_inventories_are_left_alone(inventory: Inventory) -> None:
    other = factories.make_host("web1", variables="a: 1\n")

    write(inventory, SITE, REPLACE)
    write(inventory, Snapshot(), REPLACE)

    assert writing.current_snapshot(other.inventory_id).rows.hosts == {"web1": "a: 1\n"}
    assert writing.current_snapshot(inventory.id) == Snapshot()


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (InventoryRows(hosts={"a[1:2]": ""}), "Host “a.1:2.”: .*more than a name"),
        (InventoryRows(hosts={"a": "ansible_port: 99999\n"}), "Host “a”: ansible_port must be"),
        (InventoryRows(hosts={"a": "yes: 1\n"}), "must be text"),
        (InventoryRows(hosts={"a": "a: 1\na: 2\n"}), "stands twice"),
        (InventoryRows(hosts={"a": "ansible_host: -oProxyCommand=x\n"}), "must be a host name"),
        (InventoryRows(hosts={"a": "ansible_ssh_common_args: -v\n"}), "Only administrators"),
        (InventoryRows(groups={"all": GroupRow()}), "Ansible keeps for itself"),
        (InventoryRows(variables="ansible_user: -x\n"), "Variables of all hosts: ansible_user"),
        (
            InventoryRows(groups={"a": GroupRow(children=["b"]), "b": GroupRow(children=["a"])}),
            "cannot contain itself: ",
        ),
    ],
)
def test_what_a_form_would_refuse_is_refused(
    inventory: Inventory, wanted: InventoryRows, sentence: str
) -> None:
    with pytest.raises(AopsError, match=sentence):
        write(inventory, Snapshot(wanted), MERGE)

    assert writing.current_snapshot(inventory.id) == Snapshot()


def test_a_variable_may_be_called_as_ansible_lets_it_be_called(inventory: Inventory) -> None:
    odd = 'x-y: 1\n"1st": 2\ngröße: 3\na.b: 4\nnone: 5\n"": 6\n'

    write(inventory, snapshot({"a": odd}), MERGE)

    assert host_named("a").variables == odd


def test_groups_nested_too_deep_are_refused(inventory: Inventory) -> None:
    chain = {f"g{n}": GroupRow(children=[f"g{n + 1}"]) for n in range(60)}

    with pytest.raises(AopsError, match="at most 50 deep"):
        write(inventory, Snapshot(InventoryRows(groups=chain | {"g60": GroupRow()})), MERGE)


def test_reserved_variables_go_only_with_the_whole_host(session: Session) -> None:
    inventory = factories.make_inventory(name="kept")
    factories.make_host(
        "web9", inventory=inventory, variables="ansible_connection: local\nrack: 1\n"
    )
    session.commit()
    without = Snapshot(InventoryRows(hosts={"web9": "rack: 2\n"}))

    with pytest.raises(AopsError, match="take away ansible_connection"):
        write(inventory, without, REPLACE)
    write(inventory, without, MERGE)
    merged = writing.current_snapshot(inventory.id).rows.hosts["web9"]
    write(inventory, Snapshot(), REPLACE)

    assert merged == "ansible_connection: local\nrack: 2\n"
    assert writing.current_snapshot(inventory.id).rows.hosts == {}


def test_reserved_variables_may_be_written_by_those_who_may(inventory: Inventory) -> None:
    wanted = snapshot({"a": "ansible_ssh_common_args: -v\n"})

    write(inventory, wanted, MERGE, may_reserve=True)
    write(inventory, snapshot({"a": "ansible_ssh_common_args: -v\nx: 1\n"}), MERGE)

    assert "x: 1" in host_named("a").variables


def test_many_mistakes_are_told_at_once_but_not_all(inventory: Inventory) -> None:
    wanted = snapshot({f"bad[{n}]": "" for n in range(9)})

    with pytest.raises(AopsError) as caught:
        write(inventory, wanted, MERGE)

    assert str(caught.value).count("\n") == 5
    assert str(caught.value).endswith("There may be more.")


def test_a_host_that_something_uses_is_not_removed(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(inventory, SITE, REPLACE)
    monkeypatch.setitem(references._finders, Host, [lambda host: [f"schedule of {host}"]])

    with pytest.raises(InUse, match=r"used by schedule of (web1|web2|alone)\."):
        write(inventory, Snapshot(), REPLACE)


SITE = Snapshot(
    InventoryRows(
        variables="ntp: time.example.com\n",
        hosts={"web2": "rack: 2\n", "web1": "rack: 1\nansible_host: 10.0.0.1\n", "alone": ""},
        groups={
            "prod": GroupRow(variables="env: prod\n", children=["web"]),
            "web": GroupRow(hosts=["web1", "web2"], in_all=True),
        },
    ),
    {"alone": HostDetails(enabled=False, description="spare", labels=("eu",))},
)


def snapshot(hosts: dict[str, str], groups: dict[str, GroupRow] | None = None) -> Snapshot:
    return Snapshot(InventoryRows(hosts=hosts, groups=groups or {}))


def write(inventory: Inventory, wanted: Snapshot, mode: ImportMode, **options: Any) -> Changes:
    writing.lock(inventory.id)
    current = writing.current_snapshot(inventory.id)
    changes = compare(current, wanted, mode)
    writing.write(inventory, current, changes, **options)
    return changes


def host_named(name: str) -> Host:
    found = writing.session().scalars(select(Host).where(Host.name == name)).one()
    assert isinstance(found, Host)
    return found


@pytest.fixture
def inventory(session: Session) -> Inventory:
    return factories.make_inventory()
