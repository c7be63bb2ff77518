from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aops.inventory.facts.paths import join, lookup, split

FACTS = {
    "mounts": [{"mount": "/", "size_total": 7}],
    "cmdline": {"net.ifnames": "0", "": "empty", "a\\b": "slash"},
    "fips": False,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("fips", False),
        ("mounts.0.size_total", 7),
        ("mounts.0", {"mount": "/", "size_total": 7}),
        (r"cmdline.net\.ifnames", "0"),
        (r"cmdline.a\\b", "slash"),
        ("cmdline.", "empty"),
        ("mounts.1", None),
        ("mounts.-1", None),
        ("mounts.²", None),
        ("mounts." + "9" * 5000, None),
        ("mounts.size_total", None),
        ("cmdline.net.ifnames", None),
        ("fips.deeper", None),
        ("nothing", None),
        ("", None),
    ],
)
def test_a_path_leads_to_one_value_or_nowhere(path: str, value: Any) -> None:
    assert lookup(FACTS, path) == value


@given(st.lists(st.text(), min_size=1))
def test_every_path_can_be_taken_apart_again(parts: list[str]) -> None:
    assert split(join(parts)) == parts
