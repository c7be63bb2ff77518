"""What a source says and what people made of it, brought together: nobody's work is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aops.core import yaml_text
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import Snapshot
from aops.inventory.sources.memory import Fates, Kept, Memory
from aops.inventory.sources.merging import merge


def test_an_empty_inventory_becomes_what_the_source_gives() -> None:
    given = snapshot(
        {"web1": "rack: A\n", "db1": ""}, web=group(["web1"]), eu=group(children=["web"])
    )

    merged = merge(Memory(), given, snapshot({}))

    assert merged.wanted.rows == given.rows
    assert merged.memory.groups == {"web", "eu"}
    assert merged.kept == ()


@pytest.mark.parametrize(
    ("before", "current", "given", "expected"),
    [
        ("a: 1", "a: 1", "a: 2", "a: 2"),
        ("a: 1", "a: 1", "a: 1\nb: 2", "a: 1\nb: 2"),
        ("a: 1\nb: 2", "a: 1\nb: 2", "b: 2", "b: 2"),
        ("a: 1", "a: 1\nmine: x", "a: 2", "a: 2\nmine: x"),
        ("a: 1", "mine: x\na: 1 # a comment", "", "mine: x"),
        ("a: 1", "a: 1\n", "", ""),
        ("", "", "a: 1", "a: 1"),
        ("", "mine: x", "a: 1", "mine: x\na: 1"),
        ("a: 0755", "a: 493\nmine: x", "a: 0644", "mine: x\na: 420"),
    ],
)
def test_what_nobody_touched_follows_the_source(
    before: str, current: str, given: str, expected: str
) -> None:
    merged = merge(memory({"web1": before}), snapshot({"web1": given}), snapshot({"web1": current}))

    assert read(merged.wanted.rows.hosts["web1"]) == read(expected)
    assert merged.kept == ()


@pytest.mark.parametrize(
    ("before", "current", "given", "kept"),
    [
        ("a: 1", "a: mine", "a: 2", "a"),
        ("a: 1", "a: mine", "a: 1", "a"),
        ("a: 1", "", "a: 2", "a"),
        ("a: 1", "", "a: 1", "a"),
        ("", "a: mine", "a: 1", "a"),
        ("a: 1", "a: '1'", "a: 2", "a"),
        ("a: 1", "a: true", "a: 1", "a"),
        ("a: 1", "a: !vault x", "a: 2", "a"),
        ("a: 1", "a: [not yaml", "a: 2", ""),
    ],
)
def test_what_somebody_changed_stays_and_is_told(
    before: str, current: str, given: str, kept: str
) -> None:
    merged = merge(memory({"web1": before}), snapshot({"web1": given}), snapshot({"web1": current}))

    assert merged.wanted.rows.hosts["web1"] == current
    assert merged.kept == (Kept("host", "web1", "variables", kept),)


def test_a_changed_value_that_the_source_withdraws_stays() -> None:
    merged = merge(memory({"web1": "a: 1"}), snapshot({"web1": ""}), snapshot({"web1": "a: mine"}))

    assert merged.wanted.rows.hosts["web1"] == "a: mine"
    assert merged.kept == ()


def test_a_text_keeps_its_comments_where_its_meaning_stays() -> None:
    text = "# mine\na: 1   # by hand\n"

    merged = merge(memory({"web1": "a: 1"}), snapshot({"web1": "a: 1"}), snapshot({"web1": text}))

    assert merged.wanted.rows.hosts["web1"] == text


def test_variables_of_groups_and_of_all_follow_the_same_rule() -> None:
    before = snapshot({}, variables="a: 1\nb: 1", web=group(variables="c: 1\nd: 1"))
    given = snapshot({}, variables="a: 2\nb: 2", web=group(variables="c: 2\nd: 2"))
    current = snapshot({}, variables="a: mine\nb: 1", web=group(variables="c: 1\nd: mine"))

    merged = merge(Memory(before), given, current)

    assert read(merged.wanted.rows.variables) == {"a": "mine", "b": 2}
    assert read(merged.wanted.rows.groups["web"].variables) == {"c": 2, "d": "mine"}
    assert set(merged.kept) == {
        Kept("inventory", "all", "variables", "a"),
        Kept("group", "web", "variables", "d"),
    }


def test_members_that_people_added_stay_and_those_they_took_out_stay_out() -> None:
    hosts = dict.fromkeys(("a", "b", "c", "mine"), "")
    before = snapshot(hosts, web=group(["a", "b"]))
    given = snapshot(hosts, web=group(["a", "b", "c"]))
    current = snapshot(hosts, web=group(["mine", "a"]))

    merged = merge(Memory(before), given, current)

    assert merged.wanted.rows.groups["web"].hosts == ["mine", "a", "c"]
    assert merged.kept == (Kept("group", "web", "hosts", "b"),)


def test_members_that_the_source_withdraws_leave_unless_people_added_them() -> None:
    hosts = dict.fromkeys(("a", "b", "mine"), "")
    before = snapshot(hosts, web=group(["a", "b"]))
    given = snapshot(hosts, web=group(["a"]))
    current = snapshot(hosts, web=group(["a", "b", "mine"]))

    merged = merge(Memory(before), given, current)

    assert merged.wanted.rows.groups["web"].hosts == ["a", "mine"]


def test_child_groups_follow_the_rule_of_members() -> None:
    groups = {name: group() for name in ("x", "y", "z", "mine")}
    before = snapshot({}, **groups, eu=group(children=["x", "y"]))
    given = snapshot({}, **groups, eu=group(children=["x", "y", "z"]))
    current = snapshot({}, **groups, eu=group(children=["mine", "y"]))

    merged = merge(Memory(before), given, current)

    assert merged.wanted.rows.groups["eu"].children == ["mine", "y", "z"]
    assert merged.kept == (Kept("group", "eu", "children", "x"),)


def test_a_deleted_host_that_is_still_listed_comes_back_whole() -> None:
    before = snapshot({"a": "x: 1\n", "b": ""}, web=group(["a", "b"]))
    current = snapshot({"b": ""}, web=group(["b"]))

    merged = merge(Memory(before), before, current)

    assert merged.wanted.rows.hosts == {"b": "", "a": "x: 1\n"}
    assert merged.wanted.rows.groups["web"].hosts == ["b", "a"]
    assert merged.kept == ()


def test_a_deleted_group_that_is_still_listed_comes_back_whole() -> None:
    before = snapshot({"a": ""}, web=group(["a"], "x: 1\n"), eu=group(children=["web"]))
    current = snapshot({"a": ""}, eu=group())

    merged = merge(Memory(before, frozenset({"web", "eu"})), before, current)

    assert merged.wanted.rows.groups["web"] == before.rows.groups["web"]
    assert merged.wanted.rows.groups["eu"].children == ["web"]


def test_a_group_that_the_source_brought_goes_with_it_once_it_is_empty() -> None:
    before = snapshot({"a": ""}, web=group(["a"]), eu=group(children=["web"]))
    given = snapshot({"a": ""})

    merged = merge(Memory(before, frozenset({"web", "eu"})), given, before)

    assert merged.wanted.rows.groups == {}
    assert merged.memory.groups == frozenset()


@pytest.mark.parametrize(
    ("current", "pinned"),
    [
        (GroupRow(hosts=["mine"]), ()),
        (GroupRow(variables="mine: 1"), ()),
        (GroupRow(children=["other"]), ()),
        (GroupRow(), ("web",)),
    ],
    ids=["host", "variable", "child", "description"],
)
def test_a_group_in_which_people_put_something_stays(
    current: GroupRow, pinned: tuple[str, ...]
) -> None:
    hosts = {"a": "", "mine": ""}
    before = snapshot(hosts, web=group(["a"]))
    now = snapshot(hosts, web=replace(current, hosts=["a", *current.hosts]), other=group(["mine"]))

    merged = merge(Memory(before, frozenset({"web"})), snapshot(hosts), now, pinned=pinned)

    assert merged.wanted.rows.groups["web"] == current


def test_a_group_that_people_made_is_never_removed() -> None:
    before = snapshot({"a": ""}, web=group(["a"]))

    merged = merge(Memory(before), snapshot({"a": ""}), before)

    assert merged.wanted.rows.groups == {"web": group()}


def test_a_group_that_people_put_into_another_stays() -> None:
    before = snapshot({}, web=group())
    current = snapshot({}, web=group(), mine=group(children=["web"]))

    merged = merge(Memory(before, frozenset({"web"})), snapshot({}), current)

    assert merged.wanted.rows.groups["mine"].children == ["web"]


def test_a_removed_host_leaves_its_groups() -> None:
    before = snapshot({"a": "", "b": ""}, web=group(["a", "b"]))
    current = snapshot({"a": "", "b": ""}, web=group(["a", "b"]), mine=group(["a"]))
    given = snapshot({"b": ""}, web=group(["b"]))

    merged = merge(Memory(before), given, current, fates=Fates(removed=frozenset("a")))

    assert merged.wanted.rows.hosts == {"b": ""}
    assert merged.wanted.rows.groups == {"web": group(["b"]), "mine": group()}


def test_a_disabled_host_stays_as_it_was_and_is_remembered() -> None:
    before = snapshot({"a": "x: 1", "b": ""}, web=group(["a", "b"]), only=group(["a"]))
    given = snapshot({"b": ""}, web=group(["b"]))
    fates = Fates(held=frozenset("a"), enabled={"a": False})

    merged = merge(Memory(before, frozenset({"web", "only"})), given, before, fates=fates)

    assert merged.wanted.rows == before.rows
    assert merged.wanted.details["a"].enabled is False
    assert merged.memory.held == {"a"}
    assert [*merged.memory.listed] == ["b"]


def test_a_host_that_comes_back_takes_the_new_values() -> None:
    first = snapshot({"a": "x: 1", "b": ""}, web=group(["a"]))
    gone = merge(Memory(first), snapshot({"b": ""}), first, fates=Fates(held=frozenset("a")))

    back = merge(
        gone.memory,
        snapshot({"a": "x: 2", "b": ""}, db=group(["a"])),
        gone.wanted,
        fates=Fates(enabled={"a": True}),
    )

    assert back.wanted.rows.hosts["a"] == "x: 2"
    assert back.wanted.rows.groups["web"].hosts == []
    assert back.wanted.rows.groups["db"].hosts == ["a"]
    assert back.memory.held == frozenset()


def test_a_host_that_people_took_over_keeps_what_the_source_gave() -> None:
    before = snapshot({"a": "x: 1", "b": ""}, web=group(["a", "b"]))
    given = snapshot({"b": ""}, web=group(["b"]))

    merged = merge(Memory(before), given, before, fates=Fates(released=frozenset("a")))

    assert merged.wanted.rows == before.rows
    assert "a" not in merged.memory.snapshot.rows.hosts


def test_what_a_source_withdraws_passes_to_another_that_gives_it() -> None:
    before = snapshot({"a": "x: 1\ny: 1"}, web=group(["a"]), own=group(["a"]))
    other = snapshot({"a": "x: 7"}, web=group(["a"]))
    given = snapshot({"a": ""})

    merged = merge(
        Memory(before, frozenset({"web", "own"})), given, before, others={"cloud": other}
    )

    assert read(merged.wanted.rows.hosts["a"]) == {"x": 7}
    assert merged.wanted.rows.groups == {"web": group(["a"])}


def test_what_another_source_gave_is_kept_under_its_name() -> None:
    other = snapshot({"a": "x: 7"})

    merged = merge(
        Memory(), snapshot({"a": "x: 1"}), snapshot({"a": "x: 7"}), others={"cloud": other}
    )

    assert merged.wanted.rows.hosts["a"] == "x: 7"
    assert merged.kept == (Kept("host", "a", "variables", "x", by="cloud"),)


def test_being_directly_in_all_follows_the_source_unless_people_changed_it() -> None:
    def after(before: bool, current: bool, given: bool) -> bool:
        one, now, new = (
            snapshot({}, web=group(in_all=value)) for value in (before, current, given)
        )
        return merge(Memory(one), new, now).wanted.rows.groups["web"].in_all

    assert after(before=False, current=False, given=True) is True
    assert after(before=True, current=True, given=False) is False
    assert after(before=True, current=False, given=True) is False


def test_a_memory_survives_storing() -> None:
    kept = Memory(
        snapshot({"a": "x: 1"}, web=group(["a"], in_all=True)), frozenset({"web"}), frozenset("a")
    )

    assert Memory.from_json(kept.as_json()) == kept
    assert Memory.from_json(None) == Memory()


NAMES = st.sampled_from(["a", "b", "c", "d"])
GROUPS = st.sampled_from(["g", "h", "i"])
VARIABLES = st.dictionaries(
    st.sampled_from(["k", "l", "m"]), st.sampled_from([1, 2, "1", True, None, [1], {"x": 1}])
)
TEXTS = VARIABLES.map(lambda values: yaml_text.dump(values) if values else "")


@st.composite
def snapshots(draw: Any) -> Snapshot:
    hosts = draw(st.dictionaries(NAMES, TEXTS, max_size=4))
    order = ["g", "h", "i"]  # a group only contains later ones, so there are no circles
    groups = {}
    for name in draw(st.lists(GROUPS, unique=True)):
        members = draw(st.lists(st.sampled_from([*hosts]), unique=True)) if hosts else []
        below = draw(st.lists(st.sampled_from(order), unique=True))
        children = [one for one in below if order.index(one) > order.index(name)]
        groups[name] = GroupRow(draw(TEXTS), members, children, draw(st.booleans()))
    for name, one in groups.items():
        groups[name] = replace(one, children=[child for child in one.children if child in groups])
    return Snapshot(InventoryRows(draw(TEXTS), hosts, groups))


@given(snapshots(), snapshots(), snapshots())
@settings(max_examples=300, deadline=None)
def test_applying_twice_changes_nothing(before: Snapshot, given: Snapshot, now: Snapshot) -> None:
    once = merge(Memory(before, frozenset(before.rows.groups)), given, now)

    twice = merge(once.memory, given, once.wanted)

    assert twice.wanted.rows == once.wanted.rows
    assert twice.memory == once.memory


@given(snapshots(), snapshots(), snapshots())
@settings(max_examples=300, deadline=None)
def test_hand_edits_are_never_lost(before: Snapshot, given: Snapshot, now: Snapshot) -> None:
    merged = merge(Memory(before, frozenset(before.rows.groups)), given, now)

    after = merged.wanted.rows
    for name, text in now.rows.hosts.items():
        if name in before.rows.hosts or name in given.rows.hosts:
            old = read(before.rows.hosts.get(name, ""))
            expect_kept(old, read(text), read(after.hosts[name]))
        else:
            assert after.hosts[name] == text
    for name, group_now in now.rows.groups.items():
        old_group = before.rows.groups.get(name, GroupRow())
        by_hand = set(group_now.hosts) - set(old_group.hosts)
        if by_hand:
            assert by_hand <= set(after.groups[name].hosts)
        if name in after.groups:
            expect_kept(
                read(old_group.variables),
                read(group_now.variables),
                read(after.groups[name].variables),
            )
            taken_out = (set(old_group.hosts) & set(now.rows.hosts)) - set(group_now.hosts)
            assert not taken_out & set(after.groups[name].hosts)
    expect_kept(read(before.rows.variables), read(now.rows.variables), read(after.variables))


@given(snapshots(), snapshots())
@settings(max_examples=200, deadline=None)
def test_an_inventory_that_nobody_touched_becomes_what_the_source_gives(
    before: Snapshot, given: Snapshot
) -> None:
    gone = frozenset(before.rows.hosts) - frozenset(given.rows.hosts)
    fates = Fates(removed=gone)

    merged = merge(Memory(before, frozenset(before.rows.groups)), given, before, fates=fates)

    assert meaning(merged.wanted) == meaning(given)
    assert merged.kept == ()


@given(snapshots(), snapshots(), snapshots())
@settings(max_examples=200, deadline=None)
def test_every_group_holds_only_what_there_is(
    before: Snapshot, given: Snapshot, now: Snapshot
) -> None:
    gone = (frozenset(before.rows.hosts) - frozenset(given.rows.hosts)) & frozenset(now.rows.hosts)

    merged = merge(
        Memory(before, frozenset(before.rows.groups)), given, now, fates=Fates(removed=gone)
    )

    rows = merged.wanted.rows
    for one in rows.groups.values():
        assert set(one.hosts) <= rows.hosts.keys()
        assert set(one.children) <= rows.groups.keys()
        assert len(one.hosts) == len(set(one.hosts))


def expect_kept(before: Any, now: Any, after: Any) -> None:
    """Expect what differs from before to be in the result as it is now."""
    if not isinstance(now, dict):
        return
    for key in {*before, *now}:
        if repr(before.get(key, "-")) != repr(now.get(key, "-")) or (key in before) != (key in now):
            assert repr(after.get(key, "-")) == repr(now.get(key, "-")), key


def meaning(one: Snapshot) -> Any:
    rows = one.rows
    return (
        repr(sorted(read(rows.variables).items())),
        {name: repr(sorted(read(text).items())) for name, text in rows.hosts.items()},
        {
            name: (
                repr(sorted(read(value.variables).items())),
                set(value.hosts),
                set(value.children),
                value.in_all,
            )
            for name, value in rows.groups.items()
        },
    )


def read(text: str) -> dict[str, Any]:
    return yaml_text.parse_mapping(text)


def memory(hosts: dict[str, str]) -> Memory:
    return Memory(snapshot(hosts))


def snapshot(hosts: dict[str, str], variables: str = "", **groups: GroupRow) -> Snapshot:
    return Snapshot(InventoryRows(variables, hosts, groups))


def group(
    hosts: list[str] | None = None,
    variables: str = "",
    *,
    children: list[str] | None = None,
    in_all: bool = False,
) -> GroupRow:
    return GroupRow(variables, hosts or [], children or [], in_all)
