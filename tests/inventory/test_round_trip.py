"""What Ansible says of an inventory, it says of our rendering and of each export too.

In the order of hosts, groups and their members. One thing is not kept: the order in which a
wildcard or a regular expression that means host names meets the hosts, where that is another
than the order of ``all``. There it is the order of ``all``.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from ansible.errors import AnsibleError
from hypothesis import HealthCheck, assume, given, settings
from sqlalchemy.orm import Session

from aops.core.errors import AopsError
from aops.execution.inventory_child import ansible_side
from aops.inventory import answers, effective, patterns, rendering, rows, writing
from aops.inventory.changes import compare
from aops.inventory.exports import ini, script_json
from aops.inventory.imports.models import ImportMode
from aops.inventory.rows import InventoryRows
from aops.inventory.snapshot import Snapshot
from tests import factories
from tests.inventory import ansible_lists, inventories
from tests.inventory.ansible_lists import Listed

SAMPLES = sorted(Path(__file__).with_name("samples").iterdir())
LIMITS = {"hosts": 10_000, "groups": 1_000}
PATTERNS = (
    *("all", "*", "all[0]", "all[-1]", "all[0:3]", "all[2:]", "ungrouped", "ungrouped[0]", "empty"),
    *("web", "web[0]", "web[0:1]", "db", "db[-1]", "prod", "prod[0:2]", "g1", "g1[0]", "site-a"),
    *("web:db", "db,web", "web:!db", "all:!web", "!web", "&prod", "prod:&web", "all:&g1:!db"),
    *("组", "服务器1", "localhost", "web1:db", "10.0.0.1", "a.b", "site-a,a.b", "nobody"),
)
WILD = ("web*", "~w.*", "*1", "?*", "[a-d]*", "*:!g*")
"""Select the same hosts, in an order that is not kept."""

QUICK = settings(
    max_examples=40,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[*HealthCheck],
)


@QUICK
@given(text=inventories.yaml_texts())
def test_a_yaml_inventory_comes_out_as_it_went_in(
    session: Session, tmp_path: Path, text: str
) -> None:
    original = readable(text, "original.yml", tmp_path)

    stored = kept(read(original), session)

    assert_same(original, every_form(stored, tmp_path), stored)


@QUICK
@given(text=inventories.ini_texts())
def test_an_ini_inventory_comes_out_as_it_went_in(
    session: Session, tmp_path: Path, text: str
) -> None:
    original = readable(text, "original.ini", tmp_path)

    stored = kept(read(original), session)

    assert_same(original, every_form(stored, tmp_path), stored)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_nasty_inventory_comes_out_as_it_went_in(
    session: Session, tmp_path: Path, sample: Path
) -> None:
    if sample.name == "script.json":
        original = ansible_lists.of_answer(sample.read_text(), tmp_path)
    else:
        path = sample / "hosts" if (sample / "hosts").exists() else sample
        original = Listed(path, "yaml,ini,toml")

    stored = kept(read(original), session)

    files_beat_it = sample.name == "precedence"
    assert_same(original, every_form(stored, tmp_path), stored, effective_only=files_beat_it)


def test_each_form_is_one_that_most_inventories_have(session: Session, tmp_path: Path) -> None:
    text = "all: {hosts: {web1: {a: 1, b: [x, null]}, db: {}}, children: {g: {hosts: {db: ~}}}}\n"
    original = ansible_lists.of_text(text, tmp_path, "plain.yml")

    forms = every_form(kept(read(original), session), tmp_path)

    assert sorted(forms) == ["ini", "json", "yaml"]


def readable(text: str, name: str, folder: Path) -> Listed:
    """List an original; what Ansible refuses, or itself loses, is no example."""
    try:
        listed = ansible_lists.of_text(text, folder, name)
    except AnsibleError:
        listed = None
    assume(listed is not None)
    assert listed is not None
    assume(not forgets_a_group(listed))
    return listed


def forgets_a_group(listed: Listed) -> bool:
    """Tell whether Ansible put a host's namesake into ``ungrouped`` and then lost track."""
    ungrouped = listed.manager.groups["ungrouped"]
    return any(ungrouped not in host.get_groups() for host in ungrouped.get_hosts())


def read(listed: Listed) -> InventoryRows:
    """Read as an import does, without its sandbox."""
    with ansible_lists.strict("yaml,ini"):
        document = ansible_side.describe(
            listed.manager, everything_untrusted=False, limits=LIMITS, notes=[]
        )
    snapshot, _notes = answers.snapshot(json.loads(json.dumps(document)) | {"notes": []})
    return snapshot.rows


def kept(wanted: InventoryRows, session: Session) -> InventoryRows:
    """Write rows into the database as a confirmed import does, and read them again.

    Which names and variables may come in is another question.
    """
    inventory = factories.make_inventory()
    current = writing.current_snapshot(inventory.id)
    changes = compare(current, Snapshot(wanted), ImportMode.REPLACE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing.checking, "check", lambda *_args, **_options: None)
        writing.write(inventory, current, changes)
    session.expire_all()
    return rows.load(inventory.id)


def every_form(stored: InventoryRows, folder: Path) -> dict[str, Listed]:
    """List the rendering and each export that can hold the inventory."""
    forms = {"yaml": ansible_lists.of_text(rendering.render_rows(stored), folder, "r.yml", "yaml")}
    with contextlib.suppress(AopsError):
        forms["ini"] = ansible_lists.of_text(ini.render(stored), folder, "r.ini", "ini")
    with contextlib.suppress(AopsError):
        forms["json"] = ansible_lists.of_answer(script_json.render(stored), folder)
    return forms


def assert_same(
    original: Listed,
    forms: dict[str, Listed],
    stored: InventoryRows,
    *,
    effective_only: bool = False,
) -> None:
    """Compare what is listed, what patterns select, and what we say that they select."""
    members = rows.members_of(stored)
    for name, form in forms.items():
        assert form.as_json(export=False) == original.as_json(export=False), name
        if not effective_only:
            assert form.as_json(export=True) == original.as_json(export=True), name
        for pattern in PATTERNS:
            assert form.matching(pattern) == original.matching(pattern), (name, pattern)
        for pattern in WILD:
            assert in_any_order(form, pattern) == in_any_order(original, pattern), (name, pattern)
    for pattern in (*PATTERNS, *WILD):
        assert matched(pattern, stored, members) == forms["yaml"].matching(pattern), pattern
    assert effective_names(stored) == listed_names(original)


def effective_names(stored: InventoryRows) -> dict[str, set[str]]:
    """Name the variables that we say each host has; one without any is missing."""
    return {host: {*values} for host, values in effective.values(stored) if values}


def listed_names(listed: Listed) -> dict[str, set[str]]:
    """Name the variables that Ansible lists for each host."""
    hosts = listed.as_json(export=False)["_meta"]["hostvars"]
    return {host: {*values} for host, values in hosts.items() if values}


def in_any_order(listed: Listed, pattern: str) -> list[str]:
    return sorted(listed.matching(pattern) or [])


def matched(pattern: str, stored: InventoryRows, members: dict[str, list[str]]) -> list[str] | None:
    try:
        return patterns.match(pattern, [*stored.hosts], members)
    except AopsError:
        return None
