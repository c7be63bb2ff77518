from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from aops.inventory import positions
from aops.inventory.models import LAST

NAMES = some.lists(some.text("abcd", min_size=1, max_size=3), unique=True, max_size=8)
PLACES = some.dictionaries(
    some.text("abcd", min_size=1, max_size=3), some.sampled_from([0, 1, 2, 7, LAST]), max_size=8
)


@given(NAMES, PLACES)
def test_things_stand_in_the_wanted_order(wanted: list[str], known: dict[str, int]) -> None:
    found = positions.fit(wanted, known, str)

    assert sorted(wanted, key=lambda name: (found[name], name)) == wanted


@given(PLACES)
def test_what_stands_in_order_already_is_left_alone(known: dict[str, int]) -> None:
    wanted = sorted(known, key=lambda name: (known[name], name))

    assert positions.fit(wanted, known, str) == known


def test_what_is_new_goes_behind_what_was_imported() -> None:
    found = positions.fit(["a", "b", "new"], {"a": 3, "b": 9}, str)

    assert found == {"a": 3, "b": 9, "new": 10}


def test_an_order_that_does_not_fit_numbers_all_anew() -> None:
    found = positions.fit(["b", "a"], {"a": 3, "b": 9}, str)

    assert found == {"b": 0, "a": 1}
