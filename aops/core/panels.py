"""Parts that a later feature adds to an earlier one's page.

An earlier feature may not import a later one; so the later one registers here which part of
the page it draws, with what, and who may see it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask

from aops.core.permissions import Permission
from aops.core.views import may


class Place(StrEnum):
    """Where on the page; within a place, panels stand as they were registered."""

    ACTIONS = "actions"
    """Buttons beside the heading."""

    FIRST = "first"
    """Above all else: what somebody who is in a hurry came for."""

    LATER = "later"
    """After what the thing is."""


@dataclass(frozen=True)
class Panel:
    """A part of a page, ready to be included.

    Attributes:
        template: Its file; finds this panel under the name ``panel``.
        shown: What it draws.
    """

    template: str
    shown: Any


Build = Callable[[Any], Any]


@dataclass(frozen=True)
class _Offer:
    place: Place
    template: str
    permission: Permission
    build: Build


_offers: dict[type, list[_Offer]] = defaultdict(list)


def init_panels(app: Flask) -> None:
    """Offer ``panels_of(thing, place)`` to the templates."""
    app.jinja_env.globals["panels_of"] = panels_of


def adds_panel(
    model: type, place: Place, template: str, permission: Permission
) -> Callable[[Build], Build]:
    """Register a function that gives what a panel of a row's page shows, or None for no panel.

    Args:
        model: Whose page.
        place: Where on it.
        template: A template of the later feature.
        permission: Who lacks it sees no panel, and nothing is read for it.
    """

    def register(build: Build) -> Build:
        _offers[model].append(_Offer(place, template, permission, build))
        return build

    return register


def panels_of(thing: Any, place: Place | str) -> list[Panel]:
    """Give the panels of a thing's page that its reader may see."""
    built = (
        Panel(offer.template, offer.build(thing))
        for offer in _offers[type(thing)]
        if offer.place == place and may(offer.permission)
    )
    return [panel for panel in built if panel.shown is not None]
