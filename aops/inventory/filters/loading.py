"""Reads what a filter asks about hosts, and nothing else.

A fixed number of queries with explicit columns, however many hosts there are.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, select, true

from aops.core.database import session
from aops.inventory import effective, rows
from aops.inventory.facts.models import HostFacts
from aops.inventory.filters.evaluation import Known
from aops.inventory.filters.names import Name, Source
from aops.inventory.models import (
    Group,
    Host,
    HostLabel,
    HostResult,
    Inventory,
    group_children,
    group_hosts,
)

_COLUMNS: dict[str, Any] = {
    "inventory": Inventory.name,
    "description": Host.description,
    "changed_at": Host.updated_at,
    "last_result": HostResult.last_status,
    "last_seen": HostResult.last_at,
    "last_ok": HostResult.last_ok_at,
    "last_failed": HostResult.failed_at,
    "failed_task": HostResult.failed_task,
    "failed_message": HostResult.failed_message,
    "facts_gathered": HostFacts.gathered_at,
}
_FEW = 500
"""So many hosts are asked for one by one; of more, all facts of the inventory are read."""


@dataclass(slots=True)
class Candidate:
    """A host that a filter may choose."""

    id: int
    name: str
    inventory_id: int
    position: int
    enabled: bool
    known: Known


def candidates(asked: Collection[Name], inventory_id: int | None) -> list[Candidate]:
    """Give every host of an inventory, or of all, with what is cheap to know of it."""
    sources = {name.source for name in asked}
    within = _within(inventory_id)
    found = _hosts(asked, within)
    if Source.LABELS in sources:
        labels = _labels(within)
        for one in found:
            one.known.labels = labels.get(one.id, ())
    if Source.GROUPS in sources:
        groups = _groups(within, inventory_id)
        for one in found:
            one.known.groups = groups(one.id)
    return found


def add_variables(hosts: Collection[Candidate], asked: Collection[Name]) -> None:
    """Tell hosts their effective variables, those that are asked for."""
    wanted = {name.path[0] for name in asked if name.source is Source.VARIABLES}
    for inventory_id in {host.inventory_id for host in hosts}:
        loaded = rows.load_all(inventory_id)
        values = dict(effective.values(loaded, wanted))
        for host in hosts:
            if host.inventory_id == inventory_id:
                host.known.variables = values.get(host.name, {})


def facts(hosts: Collection[Candidate], inventory_id: int | None) -> Iterator[tuple[int, Any]]:
    """Give the ids and all facts of hosts, one host after the other, never all at once."""
    query = select(HostFacts.host_id, HostFacts.data)
    if len(hosts) <= _FEW:
        query = query.where(HostFacts.host_id.in_([host.id for host in hosts]))
    else:
        query = query.join(Host, Host.id == HostFacts.host_id).where(_within(inventory_id))
    for row in session().execute(query.execution_options(yield_per=50)):
        yield row.host_id, row.data


def _within(inventory_id: int | None) -> ColumnElement[bool]:
    return true() if inventory_id is None else Host.inventory_id == inventory_id


def _hosts(asked: Collection[Name], within: ColumnElement[bool]) -> list[Candidate]:
    names = sorted({name.name for name in asked} & _COLUMNS.keys())
    summary = any(name.source is Source.SUMMARY and name.name not in _COLUMNS for name in asked)
    columns = [_COLUMNS[name] for name in names] + ([HostFacts.summary] if summary else [])
    query: Select[Any] = select(
        Host.id, Host.name, Host.inventory_id, Host.position, Host.enabled, *columns
    ).where(within)
    for table, condition in (
        (Inventory, Inventory.id == Host.inventory_id),
        (HostResult, HostResult.host_id == Host.id),
        (HostFacts, HostFacts.host_id == Host.id),
    ):
        if any(column.class_ is table for column in columns):
            query = query.outerjoin(table, condition)
    found = []
    for key, name, inventory, position, enabled, *more in session().execute(query):
        values = {"name": name, "enabled": enabled} | dict(zip(names, more, strict=False))
        if summary:
            values |= _summary(more[-1])
        found.append(Candidate(key, name, inventory, position, enabled, Known(values)))
    return found


def _summary(text: str | None) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def _labels(within: ColumnElement[bool]) -> dict[int, list[str]]:
    query = select(HostLabel.host_id, HostLabel.name).join(Host, Host.id == HostLabel.host_id)
    found: defaultdict[int, list[str]] = defaultdict(list)
    for host_id, name in session().execute(query.where(within)):
        found[host_id].append(name)
    return found


def _groups(
    within: ColumnElement[bool], inventory_id: int | None
) -> Callable[[int], tuple[str, ...]]:
    """Give what names the groups of a host, with all groups above them."""
    here = true() if inventory_id is None else Group.inventory_id == inventory_id
    known = session().execute(select(Group.id, Group.name).where(here))
    names: dict[int, str] = {row.id: row.name for row in known}
    parents = _lists(
        select(group_children.c.child_id, group_children.c.parent_id)
        .join(Group, Group.id == group_children.c.child_id)
        .where(here)
    )
    direct = _lists(
        select(group_hosts.c.host_id, group_hosts.c.group_id)
        .join(Host, Host.id == group_hosts.c.host_id)
        .where(within)
    )

    @cache
    def above(groups: frozenset[int]) -> tuple[str, ...]:
        found: set[int] = set()
        waiting = [*groups]
        while waiting:
            group = waiting.pop()
            if group not in found:
                found.add(group)
                waiting.extend(parents.get(group, ()))
        return tuple(names[group] for group in found if group in names)

    return lambda host_id: above(frozenset(direct.get(host_id, ())))


def _lists(query: Any) -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for key, value in session().execute(query):
        found[key].append(value)
    return found
