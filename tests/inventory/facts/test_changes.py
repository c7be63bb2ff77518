from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aops.inventory.facts.changes import between, undo
from aops.inventory.facts.stable import UNORDERED, VOLATILE, stable
from tests.inventory.facts.reported import DEBIAN

NAMES = st.sampled_from(["a", "b", "a.b", "", "0", "1", "\\", "mounts", "env"])
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.floats(0, 2) | st.sampled_from("ab")
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
FACTS = st.dictionaries(NAMES, VALUES, max_size=4)


@given(FACTS, FACTS)
def test_an_earlier_state_can_be_told_from_a_later_one_and_the_changes(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert repr_of(undo(new, between(old, new))) == repr_of(old)


@given(FACTS)
def test_a_state_does_not_differ_from_itself(facts: dict[str, Any]) -> None:
    assert between(facts, facts) == {}


@given(FACTS, FACTS)
def test_undoing_leaves_the_later_state_as_it_was(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = repr(new)

    undo(new, between(old, new))

    assert repr(new) == before


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"a": 1}, {"a": 2}, {"a": [[1], [2]]}),
        ({"a": 1}, {}, {"a": [[1], []]}),
        ({}, {"a": None}, {"a": [[], [None]]}),
        ({"a": True}, {"a": 1}, {"a": [[True], [1]]}),
        ({"m": [{"s": 1}, {"s": 2}]}, {"m": [{"s": 1}, {"s": 3}]}, {"m.1.s": [[2], [3]]}),
        ({"m": [1]}, {"m": [1, 2]}, {"m": [[[1]], [[1, 2]]]}),
        ({"a.b": {"c": 1}}, {"a.b": {"c": 2}}, {r"a\.b.c": [[1], [2]]}),
    ],
)
def test_changes_stand_at_their_paths(
    old: dict[str, Any], new: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert between(old, new) == changes


def test_what_differs_with_every_look_is_not_stable() -> None:
    facts = stable(DEBIAN)

    assert {"date_time", "env", "memfree_mb", "uptime_seconds"} & facts.keys() == set()
    assert facts["memory_mb"] == {"real": {"total": 1987}}
    assert facts["mounts"][0] == {"mount": "/", "size_total": 8 << 30}
    assert facts["kernel"] == DEBIAN["kernel"]


def test_an_order_that_means_nothing_makes_no_difference() -> None:
    shuffled = DEBIAN | {
        "interfaces": ["eth0", "lo"],
        "mounts": [*reversed(DEBIAN["mounts"])],
    }

    assert stable(shuffled) == stable(DEBIAN)


@given(st.dictionaries(st.sampled_from(["mounts", "memory_mb", "interfaces"]), VALUES))
def test_whatever_stands_where_lists_are_expected_can_be_compared(facts: dict[str, Any]) -> None:
    assert stable(stable(facts)) == stable(facts)


def test_the_lists_of_paths_are_sorted_and_hold_nothing_twice() -> None:
    for paths in (VOLATILE, UNORDERED):
        assert list(paths) == sorted(set(paths))


def repr_of(value: Any) -> str:
    """Write a value so that 1, 1.0 and True differ, and the order of names does not count."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{k!r}:{repr_of(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(repr_of, value)) + "]"
    return repr(value)
