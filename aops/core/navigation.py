"""The sidebar: what features registered, cut down to what the reader may open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, request, url_for

from aops.core.permissions import Permission


@dataclass(frozen=True)
class NavItem:
    """One line of the sidebar, ready to show."""

    label: str
    url: str
    icon: str
    active: bool


@dataclass(frozen=True)
class NavSection:
    """A group of lines under a title; the title may be empty."""

    title: str
    items: list[NavItem]


@dataclass(frozen=True)
class Page:
    """A page that the sidebar leads to.

    Attributes:
        endpoint: As for url_for; pages of the same view light the line up too.
        icon: Name in the icon sprite.
    """

    label: Any
    endpoint: str
    icon: str
    permission: Permission


Sidebar = tuple[tuple[Any, tuple[Page, ...]], ...]


def init_navigation(app: Flask, sidebar: Sidebar, may: Callable[[Permission], bool]) -> None:
    """Offer ``navigation()`` to the templates.

    Args:
        app: Gets the global.
        sidebar: Sections in order: title and pages.
        may: Tells whether the reader has a right.
    """

    def navigation() -> list[NavSection]:
        sections = [
            NavSection(str(title), [_item(page) for page in pages if may(page.permission)])
            for title, pages in sidebar
        ]
        return [section for section in sections if section.items]

    app.jinja_env.globals["navigation"] = navigation


def _item(page: Page) -> NavItem:
    here = (request.endpoint or "").split(".")[0]
    url = url_for(page.endpoint)
    below = url != "/" and request.path.startswith(url)
    return NavItem(
        label=str(page.label),
        url=url,
        icon=page.icon,
        active=below or here == page.endpoint.split(".")[0],
    )
