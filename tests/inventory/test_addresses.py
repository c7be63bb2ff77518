from pathlib import Path

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager

from aops.inventory.addresses import Connection, connections
from aops.inventory.rendering import render_rows
from aops.inventory.rows import GroupRow, InventoryRows

TANGLED = InventoryRows(
    variables="ansible_host: from-all\nansible_port: 1000\n",
    hosts={
        "alone": "",
        "deep": "",
        "many": "",
        "nearest": "ansible_host: own\nansible_port: '2222'\n",
        "strong": "",
        "tied": "",
    },
    groups={
        "a": GroupRow("ansible_host: from-a\n", hosts=["tied"], children=["below"]),
        "b": GroupRow("ansible_host: from-b\nansible_port: 1002\n", hosts=["tied", "nearest"]),
        "below": GroupRow("ansible_host: from-below\n", hosts=["deep", "many"]),
        "first": GroupRow(
            "ansible_host: from-first\nansible_group_priority: 10\n", hosts=["strong"]
        ),
        "second": GroupRow("ansible_host: from-second\n", hosts=["strong", "many"]),
        "top": GroupRow("ansible_port: 1003\n", children=["below", "a"]),
    },
)


def test_addresses_follow_ansibles_precedence(tmp_path: Path) -> None:
    file = tmp_path / "hosts.yml"
    file.write_text(render_rows(TANGLED))
    loader = DataLoader()
    inventory = InventoryManager(loader, sources=[str(file)])
    variables = VariableManager(loader, inventory)

    found = connections(TANGLED)

    for host in inventory.get_hosts("all"):
        wanted = variables.get_vars(host=host)
        assert found[host.name].address == wanted["ansible_host"], host.name
        assert found[host.name].port == int(wanted["ansible_port"]), host.name
    assert {connection.address for connection in found.values()} >= {"own", "from-first"}


def test_a_host_without_variables_is_where_its_name_says() -> None:
    rows = InventoryRows(hosts={"web1": ""})

    assert connections(rows)["web1"] == Connection(ssh=True, address="web1", port=22)


def test_of_two_spellings_the_older_wins_as_in_ansible() -> None:
    rows = InventoryRows(hosts={"web1": "ansible_host: new\nansible_ssh_host: old\n"})

    assert connections(rows)["web1"].address == "old"


def test_what_only_a_run_can_know_is_no_address() -> None:
    rows = InventoryRows(
        hosts={
            "port": "ansible_port: '{{ port }}'",
            "template": "ansible_host: '{{ inventory_hostname }}.example.com'",
            "vaulted": "ansible_host: !vault '$ANSIBLE_VAULT;1.1;AES256'",
        }
    )

    found = connections(rows)

    assert {connection.address for connection in found.values()} == {None}
    assert {connection.known_hosts_name for connection in found.values()} == {""}


@pytest.mark.parametrize(
    "name", ["localhost,*", "a,b", "web*", "web?", "!web", "|1|a", "@x", "#x", "two words", "10/8"]
)
def test_a_name_that_known_hosts_would_read_more_into_is_no_address(name: str) -> None:
    rows = InventoryRows(
        hosts={name: "ansible_port: 2222", "web1": "", "v6": "ansible_host: 'fe80::1%eth0'"}
    )

    found = connections(rows)

    assert found[name].address is None
    assert found[name].unusable == name
    assert found[name].known_hosts_name == ""
    assert (found["web1"].address, found["v6"].address) == ("web1", "fe80::1%eth0")


def test_ansible_host_makes_a_host_of_any_name_reachable() -> None:
    rows = InventoryRows(hosts={"a,b": "ansible_host: 10.0.0.1"})

    assert connections(rows)["a,b"] == Connection(ssh=True, address="10.0.0.1")


def test_a_local_host_needs_no_ssh() -> None:
    rows = InventoryRows(
        variables="ansible_connection: local\n",
        hosts={"here": "", "there": "ansible_connection: ssh"},
    )

    found = connections(rows)

    assert (found["here"].ssh, found["there"].ssh) == (False, True)


def test_known_hosts_writes_other_ports_in_brackets() -> None:
    plain = Connection(ssh=True, address="Web1.Example.com")
    other = Connection(ssh=True, address="2001:db8::1", port=2222)

    assert plain.known_hosts_name == "web1.example.com"
    assert other.known_hosts_name == "[2001:db8::1]:2222"
