"""What people are told when a plugin gives no hosts; Ansible itself runs in every test."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from aops.core.errors import AopsError
from aops.inventory.imports.models import ImportKind
from aops.inventory.reading import ReadError, read_source, read_upload
from aops.inventory.sources import services
from aops.inventory.sources.models import InventorySource, SourceKind
from tests.inventory.read_apps import reading_app

__all__ = ["reading_app"]

pytestmark = pytest.mark.usefixtures("reading_app")

HOSTLESS = {
    "constructed": "Write its groups, keyed_groups and compose into the source that gives",
    "ansible.builtin.constructed": "The plugin “constructed” gives no hosts",
    "ansible.legacy.ini": "The plugin “ini” reads a file",
    "advanced_host_list": "reads a file",
    "auto": "reads a file",
    "host_list": "reads a file",
    "script": "a source of the kind “Script”",
    "toml": "To bring in a file of hosts, import it",
    "yaml": "reads a file",
}

PLUGIN = """from ansible.plugins.inventory import BaseInventoryPlugin
DOCUMENTATION = '''
name: {name}
plugin_type: inventory
short_description: x
options: {{plugin: {{description: x}}}}
'''
{top}


class InventoryModule(BaseInventoryPlugin):
    NAME = "test.cloud.{name}"

    def verify_file(self, path):
        return path.endswith("cloud.yml")

    def parse(self, inventory, loader, path, cache=True):
        {body}
"""
RUNS = {
    "unguarded": ("import notathere.deep", "pass"),
    "late": ("", "import notathere"),
    "polite": (
        "",
        "from ansible.module_utils import basic; raise OSError(basic.missing_required_lib('n.a'))",
    ),
    "picky": ("", "pass"),
    "careless": ("", "{}['regions']"),
    "telling": ("", "raise Exception('the cloud says no')"),
    "empty": ("", "pass"),
}


@pytest.mark.parametrize("plugin", HOSTLESS)
def test_a_plugin_that_never_gives_hosts_is_refused_with_what_to_do(plugin: str) -> None:
    with pytest.raises(ReadError) as caught:
        _ask(f"plugin: {plugin}\n", "x.yml")

    assert HOSTLESS[plugin] in str(caught.value)


@pytest.mark.parametrize("plugin", HOSTLESS)
def test_the_form_refuses_it_too(plugin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_refuse_taken", lambda _source: None)
    source = InventorySource(kind=SourceKind.PLUGIN, content=f"plugin: {plugin}\n")

    with pytest.raises(AopsError) as caught:
        services.check_source(source, may_reserve=True)

    assert HOSTLESS[plugin] in str(caught.value)
    assert caught.value.field == "content"


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        ("amazon.aws.aws_ec2", "the collection amazon.aws, which is not installed"),
        ("aws_ec2", "ansible-galaxy collection install amazon.aws"),
        ("nonsense", "Ansible knows no inventory plugin “nonsense”"),
        ("ansible.builtin.nonsense", "knows no inventory plugin"),
    ],
)
def test_a_plugin_that_is_not_there_is_named_with_its_collection(plugin: str, words: str) -> None:
    with pytest.raises(ReadError) as caught:
        _ask(f"plugin: {plugin}\n", "aws_ec2.yml")

    assert words in str(caught.value)
    assert "ini" not in str(caught.value)


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        ("unguarded", "needs the Python library notathere,"),
        ("late", "needs the Python library notathere,"),
        ("polite", "needs the Python library n.a,"),
        ("picky", "does not take a file of this name"),
        ("careless", "looked for “regions” and did not find it"),
        ("telling", "says: the cloud says no"),
        ("empty", "It gave no hosts. Look at its filters"),
        ("absent", "The collection test.cloud is installed, but has no inventory plugin"),
    ],
)
def test_what_a_plugin_lacks_is_one_sentence(
    plugin: str, words: str, collections: Path, reading_app: Flask
) -> None:
    name = "other.yml" if plugin == "picky" else "cloud.yml"

    with pytest.raises(ReadError) as caught:
        _ask(f"plugin: test.cloud.{plugin}\n", name, ANSIBLE_COLLECTIONS_PATH=str(collections))

    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_broken_yaml_of_an_upload_is_told_by_the_parser_that_was_meant() -> None:
    with pytest.raises(ReadError) as caught:
        read_upload(ImportKind.ANSIBLE, b"all:\n  hosts: [\n", "")

    assert "'ini'" not in str(caught.value)
    assert "inventory:3" in str(caught.value)
    assert "ini: " in caught.value.output


def test_broken_ini_is_told_by_the_parser_that_was_meant() -> None:
    with pytest.raises(ReadError) as caught:
        read_upload(ImportKind.ANSIBLE, b"# x: y\n[web]\na b c\n", "")

    assert "Expected key=value host variable assignment, got: b" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "start", [b"#!/usr/bin/env python3\nimport json\n", b"\xef\xbb\xbf#!/bin/sh\n"]
)
def test_a_script_that_is_imported_is_called_one(start: bytes) -> None:
    with pytest.raises(ReadError, match=r"This is a script.*dynamic source"):
        read_upload(ImportKind.ANSIBLE, start, "ec2.py")


def _ask(content: str, file_name: str, **environment: str) -> None:
    read_source(
        SourceKind.PLUGIN, content, file_name=file_name, environment=environment, timeout=30
    )


@pytest.fixture
def collections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place with a collection of ours; read without walls, which would hide it."""
    folder = tmp_path / "ansible_collections" / "test" / "cloud" / "plugins" / "inventory"
    folder.mkdir(parents=True)
    for name, (top, body) in RUNS.items():
        (folder / f"{name}.py").write_text(PLUGIN.format(name=name, top=top, body=body))
    monkeypatch.setattr("aops.execution.reader.shutil.which", lambda _name: None)
    monkeypatch.setattr("aops.inventory.reading.Isolation", lambda _value: "auto")
    return tmp_path
