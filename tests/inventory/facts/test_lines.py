from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aops.inventory.facts import lines
from aops.inventory.facts.lines import PackedFacts
from tests.embedded import PROJECT
from tests.inventory.facts.reported import DEBIAN

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.sampled_from(["kernel", '"kernel":', '\n"kernel":6', "\u2028", "a,", "}", "\\", "", "内核"]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(TEXTS, below, max_size=3)),
    max_leaves=8,
)
FACTS = st.dictionaries(TEXTS, VALUES, max_size=6)


@settings(max_examples=400, deadline=None, database=None)
@given(FACTS, st.sets(TEXTS, max_size=3), st.integers(0, 120))
@example({"a": '\n"b":1', "b": 2}, {"b"}, 120)
def test_what_is_found_among_lines_is_what_the_document_says(
    facts: dict[str, Any], others: set[str], largest: int
) -> None:
    wanted = {*list(facts)[:2], *others}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LARGEST", largest)
        text, packed = lines.small(facts), PackedFacts.pack(facts)

    among_small = lines.among_small(text, wanted)

    expected = {name: facts[name] for name in facts if name in wanted}
    assert lines.among_all(packed, wanted) == expected
    assert lines.holding(packed, [[]]) == facts
    assert lines.holding(packed, []) == {}
    assert among_small in (expected, None)
    assert among_small is not None or len(text) < len(json.dumps(facts)) + len(facts)


def test_the_documents_say_how_much_is_kept_at_hand() -> None:
    text = " ".join((PROJECT / "docs" / "inventory.md").read_text().split())

    named = " and ".join(f"`{name}`" for name in ("mounts", "default_ipv4"))
    assert f"with {named}, are kept at hand up to {lines.LARGEST >> 10} KiB" in text
    assert sorted(lines._ASKED_MOST) == ["default_ipv4", "mounts"]


def test_a_document_is_plain_json() -> None:
    packed = PackedFacts.pack(DEBIAN)

    assert json.loads(zlib.decompress(packed)) == DEBIAN
    assert json.loads(zlib.decompress(PackedFacts.pack({}))) == {}


@settings(max_examples=200, deadline=None, database=None)
@given(FACTS, TEXTS, TEXTS)
@example({"内核": {"\u2028": 1}}, "内核", "\u2028")
def test_what_holds_a_name_is_found_whatever_it_is_called(
    facts: dict[str, Any], one: str, other: str
) -> None:
    found = lines.holding(PackedFacts.pack(facts), [[one, other]])

    holding = {name for name, value in facts.items() if {one, other} <= {name, *names_in(value)}}
    assert holding <= found.keys()
    assert found == {name: facts[name] for name in facts if name in found}


def test_what_holds_no_such_name_is_not_even_read() -> None:
    packed = PackedFacts.pack({"eth0": {"mtu": 1500}, "lo": {"mtu": 65536, "mac": "x"}, "mac": 1})

    assert lines.holding(packed, [["mac", "mtu"]]) == {"lo": {"mtu": 65536, "mac": "x"}}
    assert lines.holding(packed, [["mac"], ["eth0"]]).keys() == {"eth0", "lo", "mac"}


def names_in(value: Any) -> set[str]:
    match value:
        case dict():
            return {*value, *(name for one in value.values() for name in names_in(one))}
        case list():
            return {name for one in value for name in names_in(one)}
    return set()


def test_types_are_kept() -> None:
    facts = {"a": True, "b": 1, "c": 1.0, "d": "1", "e": None, "f": []}

    found = lines.among_small(lines.small(facts), facts)

    assert repr(found) == repr(facts)


def test_small_facts_are_bounded_and_the_biggest_are_looked_up_elsewhere() -> None:
    facts = DEBIAN | {f"fact{number}": "x" * 100 for number in range(10)} | {"big": "y" * 9000}

    text = lines.small(facts)

    names = sum(len(name) + 4 for name in facts)
    assert len(text) <= lines.LARGEST + names
    assert lines.among_small(text, {"kernel", "fact7", "none"}) == {
        "kernel": DEBIAN["kernel"],
        "fact7": "x" * 100,
    }
    assert lines.among_small(text, {"kernel", "big"}) is None


def test_file_systems_stand_among_the_small_facts_before_smaller_ones() -> None:
    facts = {f"fact{number}": "x" * 200 for number in range(60)} | {"mounts": ["y" * 3000]}

    text = lines.small(facts)

    assert lines.among_small(text, {"mounts"}) == {"mounts": ["y" * 3000]}
    assert lines.among_small(text, facts) is None
