from __future__ import annotations

import json
from typing import Any

import pytest

from aops.inventory.imports import paged


def test_what_is_packed_comes_back_as_it_was() -> None:
    changes = made(250)

    found = paged.opened(json.loads(json.dumps(paged.packed(changes))))

    assert [*found["hosts"]["added"]] == changes["hosts"]["added"]
    assert (len(found["hosts"]["added"]), len(found["groups"]["removed"])) == (250, 0)
    assert not found["groups"]["removed"]
    assert found["counts"] == {"x": 1}
    assert found["hosts"]["unchanged"] == 3


@pytest.mark.parametrize(
    "place", [slice(0, 100), slice(90, 110), slice(200, 300), slice(900, 1000), slice(0, 0)]
)
def test_a_part_is_the_part_of_the_list(place: slice) -> None:
    changes = made(250)

    found = paged.opened(paged.packed(changes))["hosts"]["added"]

    assert found[place] == changes["hosts"]["added"][place]
    assert found[249] == changes["hosts"]["added"][249]


def test_a_page_opens_no_more_than_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    found = paged.opened(paged.packed(made(1_000)))["hosts"]["added"]
    opened: list[str] = []
    open_pack = paged._opened
    monkeypatch.setattr(paged, "_opened", lambda pack: opened.append(pack) or open_pack(pack))

    page = found[300:400]

    assert len(page) == 100
    assert len(opened) == 1


def made(number: int) -> dict[str, Any]:
    nothing: dict[str, Any] = {"added": [], "changed": [], "removed": [], "unchanged": 3}
    added = [{"name": f"h{one}", "edits": [{"field": "ü"}]} for one in range(number)]
    return {"counts": {"x": 1}, "hosts": nothing | {"added": added}, "groups": nothing}
