"""What the filters of the list of hosts offer, and how the active ones are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import literal, select

from aops.core.database import session
from aops.inventory import kept
from aops.inventory.filters.models import HostFilter
from aops.inventory.host_filters import Filters
from aops.inventory.kept import State
from aops.inventory.labels import KEY_STATES, LAST_STATUSES
from aops.inventory.models import Group, HostLabel
from aops.inventory.sources.models import InventorySource

MOST_OFFERED = 300
"""More names than this are typed, not chosen."""


@dataclass(frozen=True)
class Chip:
    """One active filter; ``url`` leads to the list without it."""

    name: str
    value: str
    url: str


@dataclass(frozen=True)
class Choices:
    """What can be chosen; pairs of key and name, or names."""

    inventories: list[tuple[int, str]]
    sources: list[tuple[int, str]]
    saved: list[tuple[int, str]]
    groups: list[str]
    labels: list[str]


def choices(filters: Filters, state: State | None = None) -> Choices:
    """Read what there is; groups only of the inventory that is chosen.

    Args:
        filters: As they stand in the URL.
        state: Of the inventories, where it is known already.
    """
    state = state or kept.now()
    sources, saved = _sources_and_filters()
    return Choices(
        inventories=[*state.inventories],
        sources=sources,
        saved=saved,
        groups=kept.get(state, ("groups", filters.inventory), lambda: _groups(filters.inventory)),
        labels=_labels(state),
    )


def chips(filters: Filters, offered: Choices) -> list[Chip]:
    """Show every active filter with the way to drop it."""
    return [
        Chip(str(name), str(value), f"?{filters.query(**without)}")
        for name, value, without in _active(filters, offered)
    ]


def _active(filters: Filters, offered: Choices) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    if filters.search:
        where = _("Name, description or variables") if filters.variables else _("Name")
        yield where, filters.search, {"search": "", "variables": False}
    if filters.inventory is not None:
        name = dict(offered.inventories).get(filters.inventory, filters.inventory)
        yield _("Inventory"), name, {"inventory": None}
    if filters.group:
        yield _("Group"), filters.group, {"group": ""}
    if filters.group_id is not None:
        yield _("Group"), _group_name(filters.group_id), {"group_id": None}
    if filters.label:
        yield _("Label"), filters.label, {"label": ""}
    if filters.enabled:
        yield _("Enabled"), _("Yes") if filters.enabled == "1" else _("No"), {"enabled": ""}
    if filters.last:
        words = ", ".join(str(LAST_STATUSES[word]) for word in filters.last)
        yield _("Last result"), words, {"last": ()}
    yield from _rare(filters, offered)


def _rare(filters: Filters, offered: Choices) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    if filters.host:
        yield _("Chosen hosts"), len(filters.host), {"host": ()}
    if filters.keys:
        yield _("SSH keys"), KEY_STATES[filters.keys], {"keys": ""}
    if filters.source is not None:
        name = dict(offered.sources).get(filters.source, filters.source)
        yield _("Source"), name, {"source": None}
    if filters.filter:
        yield _("Filter"), filters.filter, {"filter": ""}
    if filters.saved is not None:
        name = dict(offered.saved).get(filters.saved, filters.saved)
        yield _("Saved filter"), name, {"saved": None}


def _group_name(group_id: int) -> str:
    return session().scalar(select(Group.name).where(Group.id == group_id)) or f"#{group_id}"


def _groups(inventory: int | None) -> list[str]:
    query = select(Group.name).distinct().order_by(Group.name).limit(MOST_OFFERED)
    if inventory is not None:
        query = query.where(Group.inventory_id == inventory)
    return [*session().scalars(query)]


def _labels(state: State) -> list[str]:
    query = select(HostLabel.name).distinct().order_by(HostLabel.name).limit(MOST_OFFERED)
    return kept.get(state, "labels", lambda: [*session().scalars(query)])


def _sources_and_filters() -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Read both in one query: they are few, and every page asks for them."""
    sources = select(literal(0).label("kind"), InventorySource.id, InventorySource.name)
    both = sources.union_all(select(literal(1), HostFilter.id, HostFilter.name)).subquery()
    rows = session().execute(select(both).order_by(both.c.name)).all()
    found: tuple[list[tuple[int, str]], list[tuple[int, str]]] = ([], [])
    for kind, key, name in rows:
        found[kind].append((key, name))
    return found
