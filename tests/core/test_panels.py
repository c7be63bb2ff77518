from typing import Any

import pytest

from aops.core import panels
from aops.core.panels import Place, adds_panel, panels_of
from aops.core.permissions import Permission, Role, allows


class Thing:
    """Something of an earlier feature."""

    name = "thing"


def test_a_later_feature_adds_to_the_page_of_an_earlier_one() -> None:
    @adds_panel(Thing, Place.FIRST, "jobs/_one.html", Permission.JOBS_READ)
    def _one(thing: Thing) -> str:
        return thing.name

    found = panels_of(Thing(), Place.FIRST)
    elsewhere = panels_of(Thing(), Place.LATER)

    assert [(panel.template, panel.shown) for panel in found] == [("jobs/_one.html", "thing")]
    assert elsewhere == []


def test_who_may_not_see_a_panel_does_not_cause_it_to_be_read() -> None:
    built = []

    @adds_panel(Thing, Place.ACTIONS, "jobs/_one.html", Permission.JOBS_LAUNCH)
    def _one(thing: Thing) -> str:
        built.append(thing)
        return thing.name

    found = panels_of(Thing(), Place.ACTIONS)

    assert (found, built) == ([], [])


def test_a_panel_with_nothing_to_show_is_left_out() -> None:
    @adds_panel(Thing, Place.LATER, "jobs/_one.html", Permission.JOBS_READ)
    def _one(_thing: Thing) -> None:
        return None

    found = panels_of(Thing(), Place.LATER)

    assert found == []


@pytest.fixture(autouse=True)
def _a_viewer_and_nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    registry: Any = type(panels._offers)(list)
    monkeypatch.setattr(panels, "_offers", registry)
    monkeypatch.setattr(panels, "may", lambda right: allows(Role.VIEWER, right))
