"""How times, durations and booleans look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from aops.core import formatting


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0, "0.0 s"),
        (-3, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (59.9, "59 s"),
        (60, "1 min 0 s"),
        (185.5, "3 min 5 s"),
        (7_800, "2 h 10 min"),
        (90_000, "1 d 1 h"),
        (timedelta(minutes=2), "2 min 0 s"),
    ],
)
def test_durations_name_two_units_at_most(app: Flask, value, shown: str) -> None:
    with app.app_context():
        assert formatting.duration(value) == shown


def test_a_moment_carries_its_exact_time_for_the_browser(app: Flask) -> None:
    moment = datetime(2026, 3, 1, 12, 30, 5, 123456, tzinfo=UTC)

    with app.test_request_context():
        shown = formatting.moment(moment)

    assert 'datetime="2026-03-01T12:30:05.123+00:00"' in shown
    assert 'title="2026-03-01 12:30:05 UTC"' in shown


def test_what_is_missing_is_a_dash() -> None:
    assert formatting.moment(None) == "–"
    assert formatting.empty_column(None, None, "x") == "–"
    assert formatting.joined_column(None, [], "x") == "–"


def test_joined_things_are_escaped() -> None:
    assert formatting.joined_column(None, ["<b>", "c"], "x") == "&lt;b&gt;, c"


def test_booleans_are_words(app: Flask) -> None:
    with app.app_context():
        assert (formatting.yes_no(1), formatting.yes_no(None)) == ("Yes", "No")
        assert formatting.boolean_column(None, False, "x") == "No"
