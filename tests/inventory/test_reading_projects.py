"""Holds what is read of packed projects, which have playbooks around the inventory."""

from pathlib import Path

import pytest

from aops.execution.inventory_child import hosts_files
from aops.inventory.reading import ReadError
from aops.inventory.rendering import render_rows
from tests.inventory.ansible_lists import of_text
from tests.inventory.packed_folders import original, read
from tests.inventory.read_apps import reading_app

__all__ = ["reading_app"]

pytestmark = pytest.mark.usefixtures("reading_app")

HOSTS = b"[web]\nw1\nw2 x=1\n[web:vars]\nanything = goes here\n"
YAML = b"--- # of production\nall:\n  children:\n    web:\n      hosts: {w1: , w2: }\n"
PLAY = b"---\n- hosts: all\n  vars:\n    a: 1\n"
AROUND = {
    "ansible.cfg": b"[defaults]\ninventory = inventory/production\n",
    "README.md": b"words\n",
    "LICENSE": b"MIT License\n\nCopyright (c) us\n",
    "Makefile": b"deploy:\n\tansible-playbook site.yml\n",
    "VERSION": b"1.2.3\n",
    "requirements.yml": b"collections:\n  - name: community.general\n",
    "secrets.yml": b"$ANSIBLE_VAULT;1.1;AES256\n3132\n",
    "site.yml": PLAY,
    "roles/web/tests/inventory": b"localhost\n",
    "roles/web/tasks/main.yml": b"- ansible.builtin.ping:\n",
}
VARIABLES = {
    "group_vars/all/main.yml": b"a: 1\n",
    "group_vars/all/more.yml": b"b: 2\n",
    "host_vars/w1.yml": b"c: 3\n",
}


def _below(place: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{place}/{name}": content for name, content in files.items()}


FULL = {"hosts.yml": YAML, **VARIABLES}
INI = {"hosts": HOSTS, **VARIABLES}
ONE: dict[str, tuple[str, dict[str, bytes]]] = {
    "with the one inventory among several folders": (
        "inventory/production",
        {**AROUND, **_below("inventory/production", FULL)},
    ),
    "with its folders in another": (
        "proj/inventory/production",
        _below("proj", {**AROUND, **_below("inventory/production", FULL)}),
    ),
    "with playbooks that have variables of their own": (
        "inventories/live",
        {**AROUND, **_below("inventories/live", INI), "group_vars/all.yml": b"a: playbook\n"},
    ),
    "with an inventory of several files": (
        "inventory",
        {**AROUND, **_below("inventory", {"01": HOSTS, "02.yml": YAML, **VARIABLES})},
    ),
    "with an inventory that has folders of hosts": (
        "inventory",
        {**AROUND, **_below("inventory", INI), "inventory/more/hosts": b"m1\n"},
    ),
    "without variables": ("inventory", {"site.yml": PLAY, "inventory/hosts": HOSTS}),
    "with nothing but words around": ("lab", {"README.md": b"words\n", **_below("lab", INI)}),
    "of the first layout in Ansible's documentation": (
        "hosts",
        {**AROUND, **INI, "inventory/production/hosts": b"other\n"},
    ),
    "with variables at the top for an inventory without": (
        "",
        {"site.yml": PLAY, "inventory/hosts": HOSTS, **VARIABLES},
    ),
}
SEVERAL: dict[str, tuple[str, dict[str, bytes]]] = {
    "of the second layout in Ansible's documentation": (
        "inventories/production, inventories/staging",
        {
            **AROUND,
            **_below("inventories/production", INI),
            **_below("inventories/staging", FULL),
        },
    ),
    "with variables beside one only": (
        "inventory/production, inventory/staging",
        {**AROUND, **_below("inventory/production", FULL), "inventory/staging/hosts": b"s\n"},
    ),
    "with unusual names": (
        "live, trial",
        {"site.yml": PLAY, **_below("live", INI), "trial/hosts": b"s\n"},
    ),
    "with variables of playbooks": (
        "environments/a, environments/b",
        {
            "ansible.cfg": b"",
            "environments/a/hosts.ini": b"a\n",
            "environments/b/hosts.toml": b"[web.hosts]\nb = {}\n",
            "group_vars/all.yml": b"x: 1\n",
        },
    ),
}


@pytest.mark.parametrize("case", ONE)
def test_a_project_means_what_its_inventory_means_to_ansible(case: str, tmp_path: Path) -> None:
    inner, files = ONE[case]
    listed = original(files, inner, tmp_path)

    reading = read(files)

    copy = of_text(render_rows(reading.snapshot.rows), tmp_path, "copy.yml")
    assert copy.as_json(export=False) == listed.as_json(export=False)


def test_which_folder_of_a_project_was_read_is_said_and_what_was_not() -> None:
    reading = read(ONE["with playbooks that have variables of their own"][1])

    which, what = reading.notes
    assert which.startswith("Only the folder “inventories/live” was read")
    assert what.startswith("group_vars was not read")


@pytest.mark.parametrize("case", SEVERAL)
def test_a_project_with_several_inventories_is_refused_by_their_names(case: str) -> None:
    names, files = SEVERAL[case]

    with pytest.raises(ReadError) as refused:
        read(files)

    said = str(refused.value)
    assert f"several inventories: {names}. Nothing was read" in said
    assert said.endswith("Pack and upload one of these folders.")


def test_folders_of_one_inventory_that_no_project_is_around_stay_one() -> None:
    reading = read({"east/hosts": b"e1\n", "west/hosts": b"w1\n", "group_vars/all.yml": b"x: 1\n"})

    assert list(reading.snapshot.rows.hosts) == ["e1", "w1"]
    assert reading.snapshot.rows.variables == "x: 1\n"
    assert reading.notes == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hosts", b"$ANSIBLE_VAULT;1.1;AES256\n3132\n"),
        ("live", b"[fd00::1]:22 x=1 # no section\n"),
        ("live.yml", b"--- {web: {hosts: {a: }}}\n"),
        ("live.json", b'{"all": {"children": {"web": {"hosts": {"a": {}}}}}}'),
        ("live.toml", b"[web]\nhosts = {a = {}}\n"),
        ("live.ini", "[web]\r\na\tx='b c'\r\n".encode("utf-16")),
        ("live", b"# all of them\n\nall:\n\n  hosts:\n    a:\n"),
    ],
)
def test_a_file_of_hosts_is_known_by_what_is_in_it(
    name: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    assert hosts_files.holds_hosts(path)
