"""Who uses a thing, and why it then stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aops.core import references
from aops.core.errors import InUse


class Thing:
    """Something that others refer to."""

    def __str__(self) -> str:
        return "thing one"


def test_what_nobody_uses_may_go() -> None:
    references.refuse_if_used(Thing())

    assert references.references_to(Thing()) == []


def test_every_finder_is_asked() -> None:
    references.finds_references(Thing)(lambda _thing: ["template A"])
    references.finds_references(Thing)(lambda _thing: ["schedule B", "schedule C"])

    assert references.references_to(Thing()) == ["template A", "schedule B", "schedule C"]


def test_the_refusal_names_the_thing_and_its_users() -> None:
    references.finds_references(Thing)(lambda _thing: ["template A", "template B"])

    with pytest.raises(InUse, match=r"thing one cannot be deleted: .* template A, template B"):
        references.refuse_if_used(Thing())


def test_many_users_are_counted_after_the_fifth() -> None:
    references.finds_references(Thing)(lambda _thing: [f"user {n}" for n in range(8)])

    with pytest.raises(InUse, match=r"user 4 and 3 more\.$"):
        references.refuse_if_used(Thing())


@pytest.fixture(autouse=True)
def no_finders() -> Iterator[None]:
    """Leave no finder behind."""
    yield
    references._finders.pop(Thing, None)
