"""Turns the filters of the list of hosts into SQL conditions; one rule for each filter."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Integer, and_, bindparam, exists, false, or_, select
from sqlalchemy.orm import aliased

from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory import host_keys, kept
from aops.inventory.filters import expressions, language, matching
from aops.inventory.filters.models import HostFilter
from aops.inventory.filters.names import Kind, Source
from aops.inventory.host_filters import Filters
from aops.inventory.models import (
    Group,
    Host,
    HostKey,
    HostLabel,
    HostResult,
    KeyTrust,
    group_children,
    group_hosts,
)
from aops.inventory.sources.models import SourceHost


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Give what a host must fulfil.

    Raises:
        AopsError: If the filter in words cannot be understood; says where.
    """
    return [*_own(filters), *_of_others(filters)]


def one_of(column: Any, ids: Collection[int]) -> ColumnElement[bool]:
    """Compare with many ids, written into the statement: SQLite takes 32,766 parameters."""
    known = bindparam(
        "ids", sorted(ids), Integer, expanding=True, literal_execute=True, unique=True
    )
    return column.in_(known) if ids else false()


def offered_key(*, changed: bool) -> ColumnElement[bool]:
    """Tell whether a host has an offered key that does, or does not, contradict an accepted one."""
    accepted = aliased(HostKey)
    rival = exists().where(
        accepted.host_id == HostKey.host_id,
        accepted.trust == KeyTrust.ACCEPTED,
        host_keys.contradicts(accepted, HostKey),
    )
    offered = select(HostKey.host_id).where(HostKey.trust == KeyTrust.OFFERED)
    return Host.id.in_(offered.where(rival if changed else ~rival))


def _own(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.search:
        columns = [Host.name, Host.description, *([Host.variables] if filters.variables else [])]
        yield or_(*(column.icontains(filters.search, autoescape=True) for column in columns))
    if filters.inventory is not None:
        yield Host.inventory_id == filters.inventory
    if filters.host:
        yield Host.id.in_(filters.host)
    if filters.enabled:
        yield Host.enabled.is_(filters.enabled == "1")


def _of_others(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.group or filters.group_id is not None:
        groups = with_children(_groups(filters))
        members = select(group_hosts.c.host_id).where(one_of(group_hosts.c.group_id, groups))
        yield Host.id.in_(members)
    if filters.label:
        yield Host.id.in_(select(HostLabel.host_id).where(HostLabel.name == filters.label))
    if filters.last:
        yield _last(filters.last)
    if filters.keys:
        yield _keys(filters.keys)
    if filters.source is not None:
        yield Host.id.in_(select(SourceHost.host_id).where(SourceHost.source_id == filters.source))
    if filters.filter:
        yield _chosen(filters.filter, filters.inventory)
    if filters.saved is not None:
        yield _saved(filters.saved)


def _groups(filters: Filters) -> set[int]:
    query = select(Group.id)
    if filters.group:
        query = query.where(Group.name == filters.group)
    if filters.group_id is not None:
        query = query.where(Group.id == filters.group_id)
    return set(session().scalars(query))


def with_children(groups: set[int]) -> set[int]:
    """Add the groups below, level by level; few queries, as few nest deeply."""
    found, level = set(groups), groups
    while level:
        links = group_children.c
        below = session().scalars(select(links.child_id).where(one_of(links.parent_id, level)))
        level = set(below) - found
        found |= level
    return found


def _saved(filter_id: int) -> ColumnElement[bool]:
    saved = session().get(HostFilter, filter_id)
    if saved is None:
        raise AopsError(_("This saved filter is not there any more; choose another."))
    return _chosen(saved.query, saved.inventory_id)


def _chosen(query: str, inventory_id: int | None) -> ColumnElement[bool]:
    """Ask a filter in words, or remember its answer where only an inventory can change it."""
    asked = [one.name for one in expressions.conditions(language.parse(query))]
    if any(name.source not in _STEADY or name.kind is Kind.MOMENT for name in asked):
        return one_of(Host.id, matching.host_ids(query, inventory_id))
    what = ("filter", query, inventory_id)
    found = kept.get(kept.now(), what, lambda: array("q", matching.host_ids(query, inventory_id)))
    return one_of(Host.id, found)


_STEADY = {Source.HOST, Source.LABELS, Source.GROUPS, Source.VARIABLES}


def _last(words: tuple[str, ...]) -> ColumnElement[bool]:
    ended = select(HostResult.host_id).where(HostResult.last_status.in_(words))
    parts: list[ColumnElement[bool]] = [Host.id.in_(ended)]
    if "never" in words:
        parts.append(~exists().where(HostResult.host_id == Host.id).correlate(Host))
    return or_(*parts)


def _keys(state: str) -> ColumnElement[bool]:
    if state == "to_check":
        return offered_key(changed=False)
    if state == "changed":
        return offered_key(changed=True)
    known = exists().where(HostKey.host_id == Host.id)
    if state == "unknown":
        return ~known
    return exists().where(and_(HostKey.host_id == Host.id, HostKey.trust == KeyTrust.ACCEPTED))
