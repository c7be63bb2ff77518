"""Numbers that lists and pages show, one query for a whole page of rows."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, func, select

from aops.core.database import session
from aops.inventory.models import Group, Host, group_hosts

Counts = dict[int, int]


def hosts_in_inventories(inventory_ids: Collection[int]) -> Counts:
    """Count all hosts of each inventory; one without hosts is missing."""
    return _counts(
        select(Host.inventory_id, func.count())
        .where(Host.inventory_id.in_(inventory_ids))
        .group_by(Host.inventory_id)
    )


def groups_in_inventories(inventory_ids: Collection[int]) -> Counts:
    """Count the groups of each inventory; one without groups is missing."""
    return _counts(
        select(Group.inventory_id, func.count())
        .where(Group.inventory_id.in_(inventory_ids))
        .group_by(Group.inventory_id)
    )


def hosts_in_groups(group_ids: Collection[int]) -> Counts:
    """Count each group's own hosts, without those of its child groups."""
    members = group_hosts.c
    return _counts(
        select(members.group_id, func.count())
        .where(members.group_id.in_(group_ids))
        .group_by(members.group_id)
    )


def disabled_hosts(inventory_id: int) -> int:
    """Count the hosts of an inventory that runs do not see."""
    query = select(func.count()).where(Host.inventory_id == inventory_id, Host.enabled.is_(False))
    return session().scalar(query) or 0


def _counts(query: Select[int, int]) -> Counts:
    return {key: number for key, number in session().execute(query)}  # noqa: C416 - typed rows
