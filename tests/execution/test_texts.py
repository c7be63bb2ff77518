import pytest

from aops.execution.inventory_child import texts
from aops.execution.inventory_child.problems import Note


@pytest.mark.parametrize(
    "text",
    ["# why\na", "  ; why", "web1 rack=B7  # why", 'web1 n="first row"  # why', "a: it's # why"],
)
def test_a_comment_is_noticed(text: str) -> None:
    notes: list[Note] = []

    texts.note_comments(["", text], notes)

    assert notes == [("comments", {})]


@pytest.mark.parametrize(
    "text", ["web1", "a=b#c", "u: http://x/#y", 'n="x # y"', "n='x # y'", r'a: "x\" # y"', "a;b"]
)
def test_a_sign_within_a_value_is_no_comment(text: str) -> None:
    notes: list[Note] = []

    texts.note_comments([text], notes)

    assert notes == []
