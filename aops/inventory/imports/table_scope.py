"""Keeps what a table cannot say when an inventory is replaced by one.

A table has a row for each host and no place for groups' variables, their nesting, groups
without hosts, or the inventory's own variables. That these are missing says nothing.
"""

from __future__ import annotations

from dataclasses import replace

from aops.inventory.rows import UNGROUPED, GroupRow, InventoryRows
from aops.inventory.snapshot import Snapshot


def completed(table: Snapshot, current: Snapshot) -> Snapshot:
    """Give a table the rest of an inventory, so that replacing by it is about hosts only.

    Hosts, and the groups that each stands in, are as the table says. Members of a group
    keep their order.
    """
    listed, known = table.rows, current.rows
    kept = {
        name: replace(group, hosts=_members(name, group, listed))
        for name, group in known.groups.items()
    }
    groups = kept | {name: group for name, group in listed.groups.items() if name not in kept}
    return Snapshot(InventoryRows(known.variables, listed.hosts, groups), table.details)


def _members(name: str, group: GroupRow, listed: InventoryRows) -> list[str]:
    if name == UNGROUPED:  # no table names it; who is elsewhere too is not in it
        return [host for host in group.hosts if host in listed.hosts]
    wanted = dict.fromkeys(listed.groups[name].hosts if name in listed.groups else ())
    staying = [host for host in group.hosts if host in wanted]
    return list(dict.fromkeys((*staying, *wanted)))
