from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from aops.core.errors import AopsError
from aops.inventory import edits
from aops.inventory.changes import Caution, Changes, Entry, compare
from aops.inventory.comments import has_comments
from aops.inventory.edits import Edit
from aops.inventory.imports.models import ImportMode
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import HostDetails, Snapshot
from tests.inventory.test_snapshot import SNAPSHOTS

MERGE, REPLACE = ImportMode.MERGE, ImportMode.REPLACE


def test_hosts_and_groups_are_added_changed_removed_or_unchanged() -> None:
    old = snapshot(
        {"same": "", "changed": "a: 1\n", "gone": ""}, {"g": GroupRow(), "gone": GroupRow()}
    )
    new = snapshot({"new": "", "same": "", "changed": "a: 2\n"}, {"g": GroupRow(), "n": GroupRow()})

    changes = compare(old, new, REPLACE)

    assert names(changes.hosts.added) == ["new"]
    assert names(changes.hosts.changed) == ["changed"]
    assert names(changes.hosts.removed) == ["gone"]
    assert changes.hosts.unchanged == 1
    assert (names(changes.groups.added), names(changes.groups.removed)) == (["n"], ["gone"])
    assert changes.after.rows == new.rows


def test_merging_keeps_hosts_groups_members_and_variables() -> None:
    old = snapshot(
        {"a": "x: 1\ny: 2\n", "b": ""},
        {"g": GroupRow(variables="v: 1\n", hosts=["b"], children=["h"]), "h": GroupRow()},
    )
    new = snapshot({"a": "y: 3\nz: 4\n"}, {"g": GroupRow(hosts=["a"])})

    changes = compare(old, new, MERGE)

    rows = changes.after.rows
    assert [*rows.hosts] == ["a", "b"]
    assert edits.read(rows.hosts["a"]) == {"x": 1, "y": 3, "z": 4}
    assert rows.groups["g"] == GroupRow(variables="v: 1\n", hosts=["b", "a"], children=["h"])
    assert changes.hosts.removed == changes.groups.removed == ()


@pytest.mark.parametrize("mode", [MERGE, REPLACE])
def test_comments_that_are_lost_are_counted(mode: ImportMode) -> None:
    old = Snapshot(
        InventoryRows(
            "x: 1 # why\n",
            {"changed": "# who\na: 1\n", "same": "a: 1 # what\n", "none": "a: '1 # 2'\n"},
            {"g": GroupRow(variables="a: 1\n  # where\n")},
        )
    )
    new = Snapshot(
        InventoryRows(
            "x: 2\n",
            {"changed": "a: 2\n", "same": "a: 1\n", "none": "a: 2\n"},
            {"g": GroupRow(variables="a: 2\n")},
        )
    )

    changes = compare(old, new, mode)

    assert changes.comments == {"all": ("all",), "groups": ("g",), "hosts": ("changed",)}
    assert changes.as_json()["comments"] == {"all": 1, "groups": 1, "hosts": 1}
    assert changes.after.rows.hosts["same"] == "a: 1 # what\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("a: 1\n", False),
        ("a: x#y\n", False),
        ("a: 'x # y'\n", False),
        ('a: "x\n  # y"\n', False),
        ("a: |\n  # no comment\n", False),
        ("a: >-\n  x # no comment\n", False),
        ("# above\na: 1\n", True),
        ("a: 1 # beside\n", True),
        ("a: 'x # y' # beside\n", True),
        ("a: |\n  # none\n# below\n", True),
        ("a:\n  # within\n  b: 'c'\n", True),
    ],
)
def test_comments_are_told_from_values(text: str, expected: bool) -> None:
    assert has_comments(text) is expected


def test_every_variable_that_differs_is_told_with_both_values() -> None:
    changes = compare(snapshot({"a": "x: 1\ny: 2\n"}), snapshot({"a": "x: 5\nz: 1\n"}), REPLACE)

    assert edits_of(changes, "a") == [
        Edit("variables", "x", "1", "5"),
        Edit("variables", "y", "2", None),
        Edit("variables", "z", None, "1"),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a: 1\n", "a:   1   # one\n"),
        ("a: 1\nb: 2\n", "b: 2\na: 1\n"),
        ("a: {x: 1, y: [1, 2]}\n", "a:\n  y:\n  - 1\n  - 2\n  x: 1\n"),
        ("a: !vault |\n  $ANSIBLE\n  12\n", "a: !vault |\n    $ANSIBLE\n    12\n"),
        ("a: .nan\n", "a: .NaN\n"),
        ("a: 'x'\n", "a: x\n"),
        ("", "{}\n"),
        ("# a remark\n", ""),
    ],
)
@pytest.mark.parametrize("mode", list(ImportMode))
def test_another_way_to_write_the_same_is_no_change_and_keeps_the_text(
    old: str, new: str, mode: ImportMode
) -> None:
    changes = compare(snapshot({"a": old}), snapshot({"a": new}), mode)

    assert changes.nothing
    assert changes.after.rows.hosts["a"] == old


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("1", "true", ("1", "true")),
        ("1", "'1'", ("1", "'1'")),
        ("1", "1.0", ("1", "1.0")),
        ("x", "!unsafe x", ("x", '!unsafe "x"')),
        ("null", "''", ("null", "''")),
        ("[1]", "['1']", ("- 1", "- '1'")),
        ("true", "'true'", ("true", "'true'")),
    ],
)
def test_values_of_different_types_differ_and_show_it(
    old: str, new: str, shown: tuple[str, str]
) -> None:
    changes = compare(snapshot({"a": f"v: {old}\n"}), snapshot({"a": f"v: {new}\n"}), MERGE)

    (edit,) = edits_of(changes, "a")
    assert (edit.old, edit.new) == shown


def test_a_vaulted_value_is_never_shown() -> None:
    old = "a: !vault |\n  $ANSIBLE_VAULT;1\n  1234\n"
    new = "a: !vault |\n  $ANSIBLE_VAULT;1\n  5678\nb: {c: !vault 'zzz'}\n"

    changed = compare(snapshot({"a": old}), snapshot({"a": new}), MERGE)
    added = compare(Snapshot(), snapshot({"a": new}, {"g": GroupRow(variables=new)}), MERGE)

    assert edits_of(changed, "a")[0] == Edit("variables", "a", "(vaulted)", "(vaulted)")
    for changes in (changed, added):
        assert not {"1234", "5678", "zzz"} & set(json.dumps(changes.as_json()).split('"'))
        assert "5678" not in json.dumps(changes.as_json())


def test_groups_that_a_host_joins_and_leaves_are_told_on_both_sides() -> None:
    old = snapshot({"a": "", "b": ""}, {"x": GroupRow(hosts=["a", "b"]), "y": GroupRow()})
    new = snapshot({"a": "", "b": ""}, {"x": GroupRow(hosts=["b"]), "y": GroupRow(hosts=["a"])})

    changes = compare(old, new, REPLACE)

    assert edits_of(changes, "a") == [Edit("groups", old="x", new="y")]
    assert entries(changes.groups.changed) == {
        "x": [Edit("hosts", old="a")],
        "y": [Edit("hosts", new="a")],
    }


def test_children_and_the_place_in_all_are_told() -> None:
    old = snapshot({}, {"x": GroupRow(children=["y"]), "y": GroupRow()})
    new = snapshot({}, {"x": GroupRow(), "y": GroupRow(in_all=True)})

    changes = compare(old, new, REPLACE)

    assert entries(changes.groups.changed) == {
        "x": [Edit("children", old="y")],
        "y": [Edit("in_all", old="false", new="true")],
    }


def test_details_are_told_and_what_is_not_said_stays() -> None:
    old = Snapshot(
        InventoryRows(hosts={"a": "", "b": ""}),
        {"a": HostDetails(enabled=False, description="x", labels=("p",)), "b": HostDetails()},
    )
    new = Snapshot(
        InventoryRows(hosts={"a": "", "b": ""}),
        {"a": HostDetails(enabled=True, labels=("q", "p"))},
    )

    changes = compare(old, new, REPLACE)

    assert edits_of(changes, "a") == [
        Edit("enabled", old="false", new="true"),
        Edit("labels", new="q"),
    ]
    assert changes.after.details["a"] == HostDetails(True, "x", ("p", "q"))
    assert changes.hosts.unchanged == 1


def test_another_order_alone_is_told_as_that() -> None:
    old = snapshot({"a": "", "b": ""}, {"g": GroupRow(hosts=["a", "b"]), "h": GroupRow()})
    new = snapshot({"b": "", "a": ""}, {"h": GroupRow(), "g": GroupRow(hosts=["b", "a"])})

    replaced, merged = compare(old, new, REPLACE), compare(old, new, MERGE)

    assert replaced.order == ("hosts", "groups")
    assert entries(replaced.groups.changed) == {"g": [Edit("order", key="hosts")]}
    assert replaced.hosts.changed == ()
    assert merged.nothing


def test_variables_of_all_are_compared() -> None:
    old, new = Snapshot(InventoryRows("a: 1\n")), Snapshot(InventoryRows("b: 1\n"))

    merged, replaced = compare(old, new, MERGE), compare(old, new, REPLACE)

    assert merged.variables == (Edit("variables", "b", None, "1"),)
    assert len(replaced.variables) == 2
    assert replaced.after.rows.variables == "b: 1\n"


def test_names_that_differ_only_by_case_or_are_host_and_group_are_pointed_out() -> None:
    old = snapshot({"Web1": "", "web1": ""})
    new = snapshot({"WEB1": "", "db": ""}, {"db": GroupRow()})

    changes = compare(old, new, MERGE)

    assert changes.cautions == (Caution("case", "WEB1", "Web1"), Caution("namesake", "db", "db"))


def test_what_is_new_shows_its_variables_and_groups() -> None:
    changes = compare(
        Snapshot(), snapshot({"a": "x: 1\n"}, {"g": GroupRow("v: 1\n", ["a"])}), MERGE
    )

    assert entries(changes.hosts.added) == {
        "a": [Edit("groups", new="g"), Edit("variables", new="x: 1")]
    }
    assert entries(changes.groups.added) == {
        "g": [Edit("hosts", new="a"), Edit("variables", new="v: 1")]
    }


def test_big_values_and_long_lists_are_cut_for_the_page() -> None:
    hosts = {f"h{number}": "" for number in range(300)}
    big = snapshot(hosts | {"a": f"x: {'y' * 5000}\n"}, {"g": GroupRow(hosts=[*hosts])})

    changes = compare(Snapshot(), big, MERGE)

    assert len(edits_of(changes, "a", "added")[0].new) < 500
    assert entries(changes.groups.added)["g"][0].new.endswith("h19 … (+280)")


def test_variables_that_are_no_mapping_are_refused() -> None:
    with pytest.raises(AopsError, match="not a mapping"):
        compare(snapshot({"a": "x: 1\n"}), snapshot({"a": "- 1\n"}), MERGE)


def test_changes_are_plain_json_without_the_inventory_itself() -> None:
    changes = compare(snapshot({"a": ""}), snapshot({"a": "x: 1\n", "b": ""}), MERGE)

    document = json.loads(json.dumps(changes.as_json()))

    assert "after" not in document
    assert document["counts"]["hosts_added"] == 1
    assert document["hosts"]["changed"][0]["edits"][0] == {
        "field": "variables",
        "key": "",
        "old": None,
        "new": "1",
    } | {"key": "x"}


@given(SNAPSHOTS)
def test_replacing_by_itself_changes_nothing(given_snapshot: Snapshot) -> None:
    one = consistent(given_snapshot)

    changes = compare(one, one, REPLACE)

    assert changes.nothing
    assert changes.after.rows == one.rows


@given(SNAPSHOTS, SNAPSHOTS)
def test_what_was_replaced_is_no_change_any_more(first: Snapshot, second: Snapshot) -> None:
    old, new = consistent(first), consistent(second)

    after = compare(old, new, REPLACE).after

    assert compare(after, new, REPLACE).nothing
    assert after.rows == new.rows


@given(SNAPSHOTS, SNAPSHOTS)
def test_what_was_merged_is_no_change_any_more(first: Snapshot, second: Snapshot) -> None:
    old, new = consistent(first), consistent(second)

    after = compare(old, new, MERGE).after

    assert compare(after, new, MERGE).nothing
    assert {*old.rows.hosts, *new.rows.hosts} == {*after.rows.hosts}


def test_ten_thousand_equal_hosts_are_compared_in_a_blink() -> None:
    text = "".join(f"variable_{number}: value {number}\n" for number in range(20))
    hosts = {f"host{number}": text for number in range(10_000)}
    groups = {f"g{number}": GroupRow(hosts=[*hosts][number::200]) for number in range(200)}
    one, other = snapshot(hosts, groups), snapshot({**hosts}, {**groups})

    started = time.process_time()
    changes = compare(one, other, REPLACE)

    assert changes.nothing
    assert time.process_time() - started < 1


def snapshot(hosts: dict[str, str], groups: dict[str, GroupRow] | None = None) -> Snapshot:
    return Snapshot(InventoryRows(hosts=hosts, groups=groups or {}))


def consistent(one: Snapshot) -> Snapshot:
    """Make texts variables, and name each member once."""
    rows = one.rows
    return Snapshot(
        InventoryRows(
            as_yaml(rows.variables),
            {name: as_yaml(text) for name, text in rows.hosts.items()},
            {
                name: replace(
                    group,
                    variables=as_yaml(group.variables),
                    hosts=[*dict.fromkeys(group.hosts)],
                    children=[*dict.fromkeys(group.children)],
                )
                for name, group in rows.groups.items()
            },
        ),
        one.details,
    )


def as_yaml(text: str) -> str:
    return edits.yaml_text.dump({"v": text, f"k{len(text)}": len(text)}) if text else ""


def names(found: tuple[Entry, ...]) -> list[str]:
    return [entry.name for entry in found]


def entries(found: tuple[Entry, ...]) -> dict[str, list[Edit]]:
    return {entry.name: [*entry.edits] for entry in found}


def edits_of(changes: Changes, name: str, verb: str = "changed") -> list[Any]:
    return entries(getattr(changes.hosts, verb))[name]
