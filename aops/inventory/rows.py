"""An inventory as plain rows: what rendering, patterns and addresses work on.

Read with explicit columns in seven queries, however many hosts there are, all of one state
of the inventory, and in the order that Ansible would meet them: by position, then by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import aliased

from aops.core.database import session
from aops.inventory import generation
from aops.inventory.models import Group, Host, Inventory, group_children, group_hosts

ALL = "all"
UNGROUPED = "ungrouped"


@dataclass(frozen=True)
class GroupRow:
    """A group with the names of its own hosts and child groups, in inventory order.

    Attributes:
        in_all: Whether it stands directly in ``all`` although other groups contain it too.
    """

    variables: str = ""
    hosts: list[str] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    in_all: bool = False


@dataclass(frozen=True)
class InventoryRows:
    """All of an inventory that a run sees.

    Attributes:
        variables: YAML of the group ``all``.
        hosts: Name to YAML variables, in inventory order.
        groups: Name to group, in inventory order.
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


def load_these(inventory_id: int, host_ids: Collection[int]) -> InventoryRows:
    """Read an inventory with a few of its hosts, enabled or not, and no other."""
    return _load(inventory_id, Host.id.in_(host_ids))


def load_one(host: Host) -> InventoryRows:
    """Read an inventory with this host, enabled or not, and no other."""
    return _load(host.inventory_id, Host.id == host.id)


def host_names(inventory_id: int) -> frozenset[str]:
    """Name all hosts of an inventory, disabled ones too."""
    query = select(Host.name).where(Host.inventory_id == inventory_id)
    return frozenset(session().scalars(query))


def roots(rows: InventoryRows) -> list[str]:
    """Name the groups that stand directly in ``all``, in inventory order; not ``ungrouped``."""
    nested = {child for group in rows.groups.values() for child in group.children}
    return [
        name
        for name, group in rows.groups.items()
        if name != UNGROUPED and (group.in_all or name not in nested)
    ]


def in_order(rows: InventoryRows) -> list[str]:
    """Name the groups as Ansible meets them in the rendered inventory: parents, then children."""
    found: dict[str, None] = {}
    waiting = [*reversed(roots(rows)), *([UNGROUPED] if UNGROUPED in rows.groups else [])]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting.extend(reversed(rows.groups[name].children))
    return list(found)


def ungrouped(rows: InventoryRows) -> list[str]:
    """Name the hosts that are in no group, in Ansible's order.

    They are known by being nowhere else; a row of the group ``ungrouped`` may carry its
    variables, and name those of its hosts that come first. Where a group of a host's name
    stands in ``ungrouped``, the host does so only if it is named: Ansible confuses the two.
    """
    row = rows.groups.get(UNGROUPED, GroupRow())
    elsewhere = {
        host for name, group in rows.groups.items() if name != UNGROUPED for host in group.hosts
    }
    confused = frozenset(row.children).difference(row.hosts)
    return [
        host
        for host in _unique((*row.hosts, *rows.hosts))
        if host not in elsewhere and host not in confused and host in rows.hosts
    ]


def hosts_of_groups(rows: InventoryRows) -> dict[str, list[str]]:
    """Map every group, ``ungrouped`` too, to its own hosts, without those of child groups."""
    return {name: group.hosts for name, group in rows.groups.items()} | {UNGROUPED: ungrouped(rows)}


def members_of(rows: InventoryRows) -> dict[str, list[str]]:
    """Map every group, ``all`` and ``ungrouped`` too, to all its hosts in Ansible's order."""
    own = hosts_of_groups(rows)
    implicit = {ALL: [*rows.hosts], UNGROUPED: own[UNGROUPED]}
    return implicit | {
        name: _unique(host for part in _with_descendants(rows, name) for host in own[part])
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
    return generation.steadily(inventory_id, lambda: _read(inventory_id, wanted))


def _read(inventory_id: int, wanted: ColumnElement[bool]) -> InventoryRows:
    variables = session().scalar(select(Inventory.variables).where(Inventory.id == inventory_id))
    members, children = _members(inventory_id, wanted), _children(inventory_id)
    hosts = select(Host.position, Host.name, Host.variables)
    groups = select(Group.position, Group.name, Group.variables, Group.in_all)
    return InventoryRows(
        variables=variables or "",
        hosts=dict(_in_order(hosts.where(Host.inventory_id == inventory_id, wanted))),
        groups={
            name: GroupRow(text, members[name], children[name], in_all)
            for name, text, in_all in _in_order(groups.where(Group.inventory_id == inventory_id))
        },
    )


def _members(inventory_id: int, wanted: ColumnElement[bool]) -> defaultdict[str, list[str]]:
    return _grouped(
        select(group_hosts.c.position, Host.position, Host.name, Group.name)
        .join_from(group_hosts, Group, group_hosts.c.group_id == Group.id)
        .join(Host, group_hosts.c.host_id == Host.id)
        .where(Group.inventory_id == inventory_id, wanted)
    )


def _children(inventory_id: int) -> defaultdict[str, list[str]]:
    child = aliased(Group)
    return _grouped(
        select(group_children.c.position, child.position, child.name, Group.name)
        .join_from(group_children, Group, group_children.c.parent_id == Group.id)
        .join(child, group_children.c.child_id == child.id)
        .where(Group.inventory_id == inventory_id)
    )


def _grouped(query: Any) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for _place, _own_place, name, group in sorted(map(tuple, session().execute(query))):
        found[group].append(name)
    return found


def _in_order(query: Any) -> list[tuple[Any, ...]]:
    """Sort by position, then by name; here, so that every database gives the same order."""
    return [row[1:] for row in sorted(map(tuple, session().execute(query)))]
