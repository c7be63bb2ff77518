"""Reads the hosts that a table shows, in a few queries, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select

from aops.core.database import session
from aops.inventory.models import Group, Host, HostLabel, Inventory, group_hosts
from aops.inventory.rows import UNGROUPED

_CHUNK = 5_000
"""Ids in one statement; SQLite takes 32,766."""


@dataclass(frozen=True)
class HostRow:
    """A host as a table shows it; its groups are those that it stands in itself."""

    inventory: str
    name: str
    variables: str
    enabled: bool
    description: str
    groups: list[str]
    labels: list[str]


def hosts(inventory_id: int | None, host_ids: Collection[int] | None) -> list[HostRow]:
    """Give hosts by inventory, and in the order that they have there.

    Args:
        inventory_id: Only of this inventory.
        host_ids: Only these; None is all.
    """
    wanted = [Host.inventory_id == inventory_id] if inventory_id is not None else []
    found = [row for part in _parts(host_ids) for row in _hosts([*wanted, *part])]
    return [row for _place, row in sorted(found, key=lambda pair: pair[0])]


def inventories_of(host_ids: Collection[int]) -> set[int]:
    """Name the inventories that hosts belong to."""
    return {
        key
        for part in _parts(host_ids)
        for key in session().scalars(select(Host.inventory_id).where(*part).distinct())
    }


def names_of(host_ids: Collection[int]) -> set[str]:
    """Name hosts of one inventory."""
    return {
        name
        for part in _parts(host_ids)
        for name in session().scalars(select(Host.name).where(*part))
    }


def number_annotated(inventory_id: int | None, host_ids: Collection[int] | None) -> int:
    """Count the hosts that have labels or notes; arguments as for ``hosts``."""
    labelled = exists().where(HostLabel.host_id == Host.id)
    wanted = [or_(Host.description != "", labelled)]
    if inventory_id is not None:
        wanted.append(Host.inventory_id == inventory_id)
    query = select(func.count()).select_from(Host)
    return sum(session().scalar(query.where(*wanted, *part)) or 0 for part in _parts(host_ids))


def describes_groups(inventory_id: int) -> bool:
    """Tell whether a group of an inventory has a description."""
    query = select(Group.id).where(Group.inventory_id == inventory_id, Group.description != "")
    return session().scalar(query.limit(1)) is not None


def _parts(host_ids: Collection[int] | None) -> Iterator[list[ColumnElement[bool]]]:
    if host_ids is None:
        yield []
        return
    rest = iter(host_ids)
    while piece := [*islice(rest, _CHUNK)]:
        yield [Host.id.in_(piece)]


def _hosts(wanted: list[ColumnElement[bool]]) -> Iterator[tuple[Any, HostRow]]:
    groups, labels = _groups(wanted), _labels(wanted)
    query = (
        select(
            Host.id,
            Inventory.name,
            Host.position,
            Host.name,
            Host.variables,
            Host.enabled,
            Host.description,
        )
        .join(Inventory, Host.inventory_id == Inventory.id)
        .where(*wanted)
    )
    for key, inventory, position, name, variables, enabled, description in session().execute(query):
        yield (
            (inventory, position, name),
            HostRow(
                inventory, name, variables, enabled, description, groups[key], sorted(labels[key])
            ),
        )


def _groups(wanted: list[ColumnElement[bool]]) -> defaultdict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    query = (
        select(Host.id, Group.position, Group.name)
        .join_from(group_hosts, Group, group_hosts.c.group_id == Group.id)
        .join(Host, group_hosts.c.host_id == Host.id)
        .where(Group.name != UNGROUPED, *wanted)
    )
    for key, _position, name in sorted(session().execute(query), key=itemgetter(1, 2)):
        found[key].append(name)
    return found


def _labels(wanted: list[ColumnElement[bool]]) -> defaultdict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    query = select(HostLabel.host_id, HostLabel.name).join(Host, HostLabel.host_id == Host.id)
    for key, name in session().execute(query.where(*wanted)):
        found[key].append(name)
    return found
