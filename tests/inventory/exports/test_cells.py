from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from aops.core.yaml_text import UnsafeText, VaultText
from aops.inventory.exports import cells

WIDE = ("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", "'\uff1d1")
RISKY = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''@x", *WIDE)
HARMLESS = ("", "text", "'quoted'", "it's", "1", "a=b", "'", "''")

TEXTS = some.text(some.characters(codec="utf-8"), max_size=20)
SCALARS = (
    TEXTS
    | some.integers()
    | some.booleans()
    | some.floats(allow_nan=False)
    | some.none()
    | some.dates()
    | some.builds(VaultText, TEXTS)
    | some.builds(UnsafeText, TEXTS)
)
VALUES = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NAMES = some.text(
    some.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=9
).filter(lambda name: name == name.strip())


@pytest.mark.parametrize("text", RISKY)
def test_what_could_be_a_formula_begins_with_an_apostrophe(text: str) -> None:
    cell = cells.guarded(text)

    assert cell == "'" + text
    assert cells.unguarded(cell) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cells.guarded(text) == text
    assert cells.unguarded(text) == text


@given(TEXTS)
def test_the_apostrophe_comes_off_again(text: str) -> None:
    assert cells.unguarded(cells.guarded(text)) == text


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_every_value_is_one_line_and_reads_back_as_itself(value: Any) -> None:
    cell = cells.guarded(cells.value(value))

    read = cells.parsed(cells.unguarded(cell))

    assert len(cell.splitlines()) == 1
    assert not cell.startswith(("=", "+", "-", "@"))
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (8080, "8080"),
        ("8080", "'8080'"),
        (True, "true"),
        ("yes", "'yes'"),
        ("two words", "two words"),
        (["a", 1], "[a, 1]"),
        ({"a": None}, "{a: null}"),
        ("a\nb", '"a\\nb"'),
        (VaultText("$ANSIBLE_VAULT\n12\n"), '!vault "$ANSIBLE_VAULT\\n12\\n"'),
    ],
)
def test_values_look_as_a_person_would_write_them(value: Any, cell: str) -> None:
    assert cells.value(value) == cell


@given(some.lists(NAMES, max_size=4))
def test_names_in_one_cell_come_apart_again(names: list[str]) -> None:
    assert cells.split(cells.names(names)) == names


def test_names_are_parted_by_commas() -> None:
    assert cells.names(["web", "my group", 'say "hi"', "a,b"]) == (
        'web, "my group", "say ""hi""", "a,b"'
    )
