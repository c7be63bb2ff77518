"""What the list of hosts shows of each, read for a whole page at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from aops.core.database import session
from aops.inventory import host_keys
from aops.inventory.models import (
    Group,
    Host,
    HostKey,
    HostLabel,
    HostResult,
    Inventory,
    KeyTrust,
    group_hosts,
)

COLUMNS = (
    Host.id,
    Host.inventory_id,
    Inventory.name.label("inventory"),
    Host.name,
    Host.enabled,
    Host.updated_at,
    HostResult.last_status,
    HostResult.last_at,
    HostResult.last_job_id,
)
"""What a query reads that went through ``joined``."""


@dataclass(frozen=True)
class KeyState:
    """What is known of a host's SSH keys.

    Attributes:
        accepted: How many runs accept.
        offered: How many wait for a decision and contradict nothing.
        changed: How many contradict an accepted one.
    """

    accepted: int = 0
    offered: int = 0
    changed: int = 0


@dataclass(frozen=True)
class HostRow:
    """One line of the list.

    Attributes:
        groups: Pairs of id and name, by name.
        last_status: How the last run ended there; "" without any.
    """

    id: int
    name: str
    inventory_id: int
    inventory: str
    enabled: bool
    updated_at: datetime
    groups: list[tuple[int, str]]
    labels: list[str]
    keys: KeyState
    last_status: str
    last_at: datetime | None
    last_job_id: int | None

    def __str__(self) -> str:
        return self.name


def joined(query: Any) -> Any:
    """Bring inventory and result along; outer joins leave the order to the index of the hosts."""
    return query.outerjoin(Inventory, Inventory.id == Host.inventory_id).outerjoin(
        HostResult, HostResult.host_id == Host.id
    )


def of(found: Sequence[Row[Any]]) -> list[HostRow]:
    """Complete rows that hold ``COLUMNS``; three queries, however many rows."""
    ids = [row.id for row in found]
    groups, labels, keys = _groups(ids), _labels(ids), key_states(ids)
    return [
        HostRow(
            id=row.id,
            name=row.name,
            inventory_id=row.inventory_id,
            inventory=row.inventory or "",
            enabled=row.enabled,
            updated_at=row.updated_at,
            groups=groups[row.id],
            labels=labels[row.id],
            keys=keys.get(row.id, KeyState()),
            last_status=row.last_status or "",
            last_at=row.last_at,
            last_job_id=row.last_job_id,
        )
        for row in found
    ]


def key_states(ids: Sequence[int]) -> dict[int, KeyState]:
    """Tell what is known of the SSH keys of hosts; one without keys is missing."""
    columns = (HostKey.host_id, HostKey.trust, HostKey.address, HostKey.key_type, HostKey.seen_at)
    keys: defaultdict[int, list[Any]] = defaultdict(list)
    for key in session().execute(select(*columns).where(HostKey.host_id.in_(ids))):
        keys[key.host_id].append(key)
    return {host_id: _state(found) for host_id, found in keys.items()}


def _state(keys: list[Any]) -> KeyState:
    accepted = [key for key in keys if key.trust is KeyTrust.ACCEPTED]
    offered = [key for key in keys if key.trust is KeyTrust.OFFERED]
    changed = sum(any(host_keys.contradicts(one, key) for one in accepted) for key in offered)
    return KeyState(len(accepted), len(offered) - changed, changed)


def _groups(ids: list[int]) -> defaultdict[int, list[tuple[int, str]]]:
    members = group_hosts.c
    query = select(members.host_id, Group.id, Group.name).join_from(
        group_hosts, Group, members.group_id == Group.id
    )
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for host_id, group_id, name in session().execute(query.where(members.host_id.in_(ids))):
        found[host_id].append((group_id, name))
    for groups in found.values():
        groups.sort(key=lambda group: group[1])
    return found


def _labels(ids: list[int]) -> defaultdict[int, list[str]]:
    query = select(HostLabel.host_id, HostLabel.name).where(HostLabel.host_id.in_(ids))
    found: defaultdict[int, list[str]] = defaultdict(list)
    for host_id, name in session().execute(query):
        found[host_id].append(name)
    for labels in found.values():
        labels.sort()
    return found
