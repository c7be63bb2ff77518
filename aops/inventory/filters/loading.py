"""Reads what a filter asks about hosts, and nothing else.

A fixed number of queries with explicit columns, however many hosts there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, select, true, type_coerce

from aops.core.database import session
from aops.inventory import rows
from aops.inventory.facts import lines
from aops.inventory.facts.models import HostFacts
from aops.inventory.filters import evaluation, variables
from aops.inventory.filters.effort import breathing
from aops.inventory.filters.evaluation import Known
from aops.inventory.filters.expressions import Condition
from aops.inventory.filters.names import WILDCARD, Name, Source
from aops.inventory.levels import Merged
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
Wanted = Callable[[str], bool] | None
"""Which names are asked about; None means all."""

_FEW = 500
"""So many are asked for one by one; instead of more, all of the inventory are read."""

_BATCH = 50
"""Hosts whose facts are read at a time."""

_PACKED = type_coerce(HostFacts.data, LargeBinary)


@dataclass(slots=True)
class Candidate:
    """A host that a filter may choose."""

    id: int
    name: str
    inventory_id: int
    position: int
    enabled: bool
    known: Known


def candidates(asked: Collection[Condition], inventory_id: int | None) -> list[Candidate]:
    """Give every host of an inventory, or of all, with what is cheap to know of it."""
    sources = {condition.name.source for condition in asked}
    within = _within(inventory_id)
    found = _hosts({condition.name for condition in asked}, within)
    if Source.LABELS in sources:
        labels = _labels(within, evaluation.choice(asked, Source.LABELS))
        for one in found:
            one.known.labels = labels.get(one.id, ())
    if Source.GROUPS in sources:
        groups = _groups(inventory_id, evaluation.choice(asked, Source.GROUPS))
        for one in found:
            one.known.groups = groups(one.id)
    return found


def add_variables(hosts: Collection[Candidate], asked: Collection[Condition]) -> None:
    """Tell hosts their effective variables, those that are asked for."""
    names = {condition.name for condition in asked}
    wanted = {name.path[0] for name in names if name.source is Source.VARIABLES}
    for inventory_id in {host.inventory_id for host in hosts}:
        loaded = rows.load_all(inventory_id)
        merged = Merged(loaded, lambda text: variables.read(text, wanted))
        here = (host for host in hosts if host.inventory_id == inventory_id)
        for host in breathing(here):
            host.known.variables = merged.of(host.name) if host.name in loaded.hosts else {}


def facts(
    hosts: Collection[Candidate], asked: Iterable[Condition], inventory_id: int | None
) -> Iterator[tuple[int, Any]]:
    """Give the ids of hosts and the facts that are asked for, never all hosts' at once."""
    paths = {one.name.path for one in asked if one.name.source is Source.FACTS}
    unread = {host.id for host in hosts}
    if any(path[0] == WILDCARD for path in paths):
        mentioned = [[part for part in path if _is_name(part)] for path in paths]
        for host_id, packed in _facts(_PACKED, unread, inventory_id):
            yield host_id, lines.holding(packed, mentioned)
        return
    names, big = {path[0] for path in paths}, set[int]()
    for host_id, text in _facts(HostFacts.small, unread, inventory_id):
        found = lines.among_small(text, names)
        if found is None:
            big.add(host_id)
        else:
            yield host_id, found
    for host_id, packed in _facts(_PACKED, big, inventory_id):
        yield host_id, lines.among_all(packed, names)


def _is_name(part: str) -> bool:
    """Tell a part of a path that can only be a name from positions and stars."""
    return part != WILDCARD and not part.isdecimal()


def _facts(column: Any, host_ids: set[int], inventory_id: int | None) -> Iterable[Any]:
    """Read a column of these hosts' facts a few at a time, and let others have their turn."""
    if not host_ids:
        return ()
    query = select(HostFacts.host_id, column)
    if len(host_ids) <= _FEW:
        query = query.where(HostFacts.host_id.in_(host_ids))
    else:
        query = query.join(Host, Host.id == HostFacts.host_id).where(_within(inventory_id))
    found = session().connection().execute(query.execution_options(yield_per=_BATCH))
    return (row for row in breathing(found) if row[0] in host_ids)


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
    for key, name, inventory, position, enabled, *more in breathing(_rows(query)):
        values = {"name": name, "enabled": enabled} | dict(zip(names, more, strict=False))
        known = Known(values, more[-1] if summary else None)
        found.append(Candidate(key, name, inventory, position, enabled, known))
    return found


def _labels(within: ColumnElement[bool], wanted: Wanted) -> dict[int, list[str]]:
    query = select(HostLabel.host_id, HostLabel.name)
    if wanted is not None:
        known = session().scalars(select(HostLabel.name).distinct())
        query = query.where(HostLabel.name.in_([name for name in known if wanted(name)]))
    return _lists(query.join(Host, Host.id == HostLabel.host_id).where(within))


def _groups(inventory_id: int | None, wanted: Wanted) -> Callable[[int], tuple[str, ...]]:
    """Give what names the groups of a host that are asked about, and groups above them."""
    here = true() if inventory_id is None else Group.inventory_id == inventory_id
    names: dict[int, str] = dict(map(tuple, _rows(select(Group.id, Group.name).where(here))))
    edges = select(group_children.c.parent_id, group_children.c.child_id)
    children = _lists(edges.join(Group, Group.id == group_children.c.parent_id).where(here))
    parents = _inverted(children)
    members = select(group_hosts.c.host_id, group_hosts.c.group_id)
    chosen = _reach([key for key in names if wanted is None or wanted(names[key])], children)
    if len(chosen) <= _FEW:
        members = members.where(group_hosts.c.group_id.in_(chosen))
    else:
        members = members.join(Group, Group.id == group_hosts.c.group_id).where(here)
    direct = _lists(members)

    @cache
    def above(groups: frozenset[int]) -> tuple[str, ...]:
        return tuple(names[group] for group in _reach(groups, parents) if group in names)

    return lambda host_id: above(frozenset(direct.get(host_id, ())))


def _reach(start: Iterable[int], ways: dict[int, list[int]]) -> set[int]:
    """Give all that can be reached, where it starts too."""
    found: set[int] = set()
    waiting = [*start]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting.extend(ways.get(here, ()))
    return found


def _inverted(ways: dict[int, list[int]]) -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for start, ends in ways.items():
        for end in ends:
            found[end].append(start)
    return found


def _lists(query: Any) -> dict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for key, value in _rows(query):
        found[key].append(value)
    return found


def _rows(query: Any) -> Any:
    """Read columns without the ORM, which would cost as much again."""
    return session().connection().execute(query).all()
