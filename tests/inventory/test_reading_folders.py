"""Holds what is read of packed folders, as they lie on people's disks, against Ansible."""

from pathlib import Path

import pytest

from aops.inventory.reading import ReadError
from aops.inventory.rendering import render_rows
from tests.inventory.ansible_lists import of_text
from tests.inventory.packed_folders import original, read
from tests.inventory.read_apps import reading_app

__all__ = ["reading_app"]

pytestmark = pytest.mark.usefixtures("reading_app")

HOSTS = b"[web]\nw1\nw2\n[db]\nd1\n"
BINARY = b"\x89PNG\r\n\x1a\n\0\0\xff\xfe"
FOLDERS: dict[str, tuple[str, dict[str, bytes]]] = {
    "with files that Ansible passes over": (
        "",
        {
            "hosts": HOSTS,
            "hosts~": b"[bad\n",
            "hosts.orig": b"[bad\n",
            ".hidden/hosts": b"bad\n",
            "vars_plugins/evil.py": b"import os\n",
            "group_vars/web.yml": b"a: 1\n",
            "group_vars/web.yaml": b"a: 2\n",
            "group_vars/logo.png": BINARY,
            "group_vars/db/a.yml": b"b: 1\n",
            "group_vars/db/.hidden.yml": b"b: 2\n",
            "group_vars/db/a.yml~": b"b: 3\n",
            "group_vars/db/notes.txt": b"b: 4\n",
            "group_vars/db/key.bin": BINARY,
            "group_vars/nobody/vault.yml": b"$ANSIBLE_VAULT;1.1;AES256\n3132\n",
            "host_vars/nobody.yml": b"x: [broken\n",
            "files/README.md": b"words",
        },
    ),
    "deep within others": (
        "a/b/c",
        {"a/b/c/hosts": HOSTS, "a/b/c/group_vars/web.yml": b"x: 1\n"},
    ),
    "of a project": (
        "hosts",
        {
            "hosts": HOSTS,
            "group_vars/all.yml": b"x: 1\n",
            "site.yml": b"- hosts: all\n",
            "roles/web/tasks/main.yml": b"- ansible.builtin.ping:\n",
            "roles/web/templates/x.j2": b"bad\n",
            "roles/web/files/logo.png": BINARY,
        },
    ),
    "with odd names of variables": (
        "",
        {"hosts": HOSTS, "group_vars/web.yml": "a-b: 1\n2: x\nyes: z\n~: n\ngröße: 5\n".encode()},
    ),
    "with files that only Ansible passes over": (
        "",
        {"hosts": HOSTS, "LICENSE": b"MIT License\n", "site.yml": b"- hosts: all\n"},
    ),
}


@pytest.mark.parametrize("case", FOLDERS)
def test_a_folder_means_what_it_means_to_ansible(case: str, tmp_path: Path) -> None:
    inner, files = FOLDERS[case]
    listed = original(files, inner, tmp_path)

    reading = read(files)

    copy = of_text(render_rows(reading.snapshot.rows), tmp_path, "copy.yml")
    for export in (False, True):
        assert copy.as_json(export=export) == listed.as_json(export=export)


def test_what_ansible_cannot_read_of_a_folder_is_named_with_the_reason() -> None:
    files = {"hosts": HOSTS, "LICENSE": b"MIT License\n", "x.yml": b"- 1\n", "a.png": BINARY}

    reading = read(files)

    told = sorted(reading.notes)
    assert [note.partition(":")[0] for note in told] == [
        "Ansible cannot read LICENSE and goes on without it, here as in a run",
        "Ansible cannot read x.yml and goes on without it, here as in a run",
        "a.png was left out",
    ]
    assert "Expected key=value host variable assignment" in told[0]
    assert "should be a dictionary" in told[1]


def test_of_a_project_only_its_inventory_is_read_and_that_is_said() -> None:
    reading = read(FOLDERS["of a project"][1])

    (note,) = reading.notes
    assert note.startswith("Only “hosts” was read as the inventory")


def test_a_priority_in_a_file_that_no_host_sees_is_told() -> None:
    files = {"hosts": HOSTS + b"[none]\n", "group_vars/none.yml": b"ansible_group_priority: 4\n"}

    reading = read(files)

    (note,) = reading.notes
    assert note.startswith("ansible_group_priority in a file of group_vars was left out")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"hosts": HOSTS, "group_vars/web.yml": b"x: [1\n"}, r"group_vars/web\.yml:2"),
        ({"hosts": HOSTS, "group_vars/web.yml": b"- 1\n"}, r"group_vars/web\.yml.*expected dicts"),
        ({"hosts": HOSTS, "host_vars/w1.yml": b"a: 1\n---\nb: 1\n"}, "another document"),
        ({"a.yml": b"- 1\n", "b.ini": b"[x\n"}, "b.ini:1"),
    ],
)
def test_a_folder_that_ansible_refuses_is_refused_in_its_words(
    files: dict[str, bytes], words: str
) -> None:
    with pytest.raises(ReadError, match=words):
        read(files)
