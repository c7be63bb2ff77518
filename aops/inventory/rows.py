"""An inventory as plain rows: what rendering, patterns and addresses work on.

Read with explicit columns in five queries, however many hosts there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.orm import aliased

from aops.core.database import session
from aops.inventory.models import Group, Host, Inventory, group_children, group_hosts

IMPLICIT_GROUPS = ("all", "ungrouped")


@dataclass(frozen=True)
class GroupRow:
    """A group with the names of its own hosts and child groups, in alphabetical order."""

    variables: str = ""
    hosts: list[str] = field(default_factory=list)
    children: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class InventoryRows:
    """All of an inventory that a run sees.

    Attributes:
        variables: YAML of the group ``all``.
        hosts: Name to YAML variables, in inventory order.
        groups: Name to group, in alphabetical order.
    """

    variables: str = ""
    hosts: dict[str, str] = field(default_factory=dict)
    groups: dict[str, GroupRow] = field(default_factory=dict)


def load(inventory_id: int) -> InventoryRows:
    """Read an inventory without its disabled hosts; an unknown one is empty."""
    return _load(inventory_id, Host.enabled.is_(True))


def load_all(inventory_id: int) -> InventoryRows:
    """Read an inventory with its disabled hosts, for the pages where it is kept."""
    return _load(inventory_id, true())


def load_one(host: Host) -> InventoryRows:
    """Read an inventory with this host, enabled or not, and no other."""
    return _load(host.inventory_id, Host.id == host.id)


def roots(rows: InventoryRows) -> list[str]:
    """Name the groups that stand in no other, in alphabetical order."""
    nested = {child for group in rows.groups.values() for child in group.children}
    return [name for name in rows.groups if name not in nested]


def in_order(rows: InventoryRows) -> list[str]:
    """Name the groups as Ansible meets them in the rendered inventory: parents, then children."""
    found: dict[str, None] = {}
    waiting = [*reversed(roots(rows))]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting.extend(reversed(rows.groups[name].children))
    return list(found)


def members_of(rows: InventoryRows) -> dict[str, list[str]]:
    """Map every group, ``all`` and ``ungrouped`` too, to all its hosts in Ansible's order."""
    grouped = {host for group in rows.groups.values() for host in group.hosts}
    ungrouped = [host for host in rows.hosts if host not in grouped]
    implicit = dict(zip(IMPLICIT_GROUPS, ([*rows.hosts], ungrouped), strict=True))
    return implicit | {
        name: _unique(
            host for part in _with_descendants(rows, name) for host in rows.groups[part].hosts
        )
        for name in in_order(rows)
    }


def _with_descendants(rows: InventoryRows, name: str) -> list[str]:
    """Walk level by level, as Ansible does."""
    found = level = [name]
    while level:
        below = (child for part in level for child in rows.groups[part].children)
        level = [child for child in _unique(below) if child not in found]
        found = found + level
    return found


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _load(inventory_id: int, wanted: ColumnElement[bool]) -> InventoryRows:
    variables = session().scalar(select(Inventory.variables).where(Inventory.id == inventory_id))
    members, children = _members(inventory_id, wanted), _children(inventory_id)
    hosts = select(Host.name, Host.variables).where(Host.inventory_id == inventory_id, wanted)
    groups = select(Group.name, Group.variables).where(Group.inventory_id == inventory_id)
    return InventoryRows(
        variables=variables or "",
        hosts=dict(_pairs(hosts)),
        groups={
            name: GroupRow(text, members[name], children[name]) for name, text in _pairs(groups)
        },
    )


def _members(inventory_id: int, wanted: ColumnElement[bool]) -> defaultdict[str, list[str]]:
    return _grouped(
        select(Group.name, Host.name)
        .join(group_hosts, group_hosts.c.group_id == Group.id)
        .join(Host, group_hosts.c.host_id == Host.id)
        .where(Group.inventory_id == inventory_id, wanted)
    )


def _children(inventory_id: int) -> defaultdict[str, list[str]]:
    child = aliased(Group)
    return _grouped(
        select(Group.name, child.name)
        .join(group_children, group_children.c.parent_id == Group.id)
        .join(child, group_children.c.child_id == child.id)
        .where(Group.inventory_id == inventory_id)
    )


def _grouped(query: Select[str, str]) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in _pairs(query):
        found[name].append(value)
    return found


def _pairs(query: Select[str, str]) -> list[tuple[str, str]]:
    """Sort here, so that every database gives the same order."""
    return sorted((name, value) for name, value in session().execute(query))
