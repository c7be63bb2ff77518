"""Comparing two texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from aops.playbooks.diff import MAX_ROWS, Change, DiffRow, diff


def test_equal_texts_have_no_difference() -> None:
    assert diff("a\nb\n", "a\nb\n") == []


def test_a_changed_line_is_removed_and_added_under_its_numbers() -> None:
    rows = diff("one\ntwo\nthree\n", "one\n2\nthree\n")

    assert rows == [
        DiffRow(Change.SAME, "one", 1, 1),
        DiffRow(Change.REMOVED, "two", old=2),
        DiffRow(Change.ADDED, "2", new=2),
        DiffRow(Change.SAME, "three", 3, 3),
    ]


def test_far_changes_are_parted_by_a_gap() -> None:
    lines = [str(number) for number in range(40)]
    older, newer = "\n".join(lines), "\n".join(["first", *lines, "last"])

    rows = diff(older, newer)

    assert [row.change for row in rows] == [
        Change.ADDED,
        *[Change.SAME] * 3,
        Change.GAP,
        *[Change.SAME] * 3,
        Change.ADDED,
    ]
    assert (rows[-1].new, rows[-2].old, rows[-2].new) == (42, 40, 41)


def test_a_huge_difference_is_cut() -> None:
    assert len(diff("", "line\n" * (MAX_ROWS + 10))) == MAX_ROWS


_texts = some.lists(some.sampled_from("abcd"), max_size=30).map("\n".join)


@given(older=_texts, newer=_texts)
def test_the_rows_name_lines_that_are_there(older: str, newer: str) -> None:
    old_lines, new_lines = older.splitlines(), newer.splitlines()

    rows = diff(older, newer)

    for row in rows:
        assert row.old is None or old_lines[row.old - 1] == row.text
        assert row.new is None or new_lines[row.new - 1] == row.text
    removed = [row.old for row in rows if row.change is Change.REMOVED]
    added = [row.new for row in rows if row.change is Change.ADDED]
    kept_old = [line for n, line in enumerate(old_lines, 1) if n not in removed]
    kept_new = [line for n, line in enumerate(new_lines, 1) if n not in added]
    assert kept_old == kept_new
