"""What the page of a group shows beside the group itself, in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from aops.core.database import session
from aops.inventory import counts, host_rows
from aops.inventory.host_conditions import one_of, with_children
from aops.inventory.host_rows import HostRow
from aops.inventory.models import Group, Host, HostResult, group_hosts

_SHOWN = 100
"""How many hosts the page names before it points to the list."""

_TROUBLE = ("failed", "unreachable")


@dataclass(frozen=True)
class GroupPage:
    """The group's own hosts, those with trouble first.

    Attributes:
        total: How many hosts of its own there are.
        everything: How many there are with those of the groups below it: what a run on it means.
        troubled: On how many of them the last run failed, or did not reach them.
    """

    hosts: list[HostRow]
    total: int
    everything: int
    troubled: int


def read(group: Group) -> GroupPage:
    """Read it all."""
    members, in_trouble = group_hosts.c, HostResult.last_status.in_(_TROUBLE)
    own: Any = (
        host_rows.joined(
            select(*host_rows.COLUMNS).join_from(group_hosts, Host, Host.id == members.host_id)
        )
        .where(members.group_id == group.id)
        .order_by(func.coalesce(in_trouble, False).desc(), Host.name)
        .limit(_SHOWN)
    )
    troubled = (
        select(func.count())
        .select_from(group_hosts)
        .join(HostResult, HostResult.host_id == members.host_id)
        .where(members.group_id == group.id, in_trouble)
    )
    everything = select(func.count(members.host_id.distinct())).where(
        one_of(members.group_id, with_children({group.id}))
    )
    return GroupPage(
        hosts=host_rows.of(session().execute(own).all()),
        total=counts.hosts_in_groups([group.id]).get(group.id, 0),
        everything=session().scalar(everything) or 0,
        troubled=session().scalar(troubled) or 0,
    )
