"""Hosts with their SSH keys, sorted by what the reader should do; a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select

from aops.core.database import session
from aops.inventory import host_list, key_overview
from aops.inventory.host_conditions import conditions
from aops.inventory.host_filters import KEYS, Filters
from aops.inventory.host_rows import HostRow
from aops.inventory.key_overview import ChangedKey
from aops.inventory.labels import SCAN_PROBLEMS
from aops.inventory.models import Host, HostKey


@dataclass(frozen=True)
class KeyRow:
    """A host on this page.

    Attributes:
        offered: Keys that wait for a decision and contradict nothing.
        changed: Keys that contradict an accepted one.
        accepted: How many runs accept.
        asked_at: When somebody asked for the keys and no worker has brought them yet.
        problem: Why the last fetch brought nothing; "" if it did.
    """

    host: HostRow
    offered: list[HostKey]
    changed: list[ChangedKey]
    accepted: int
    asked_at: datetime | None
    scanned_at: datetime | None
    problem: Any


def rows(page: host_list.Page) -> list[KeyRow]:
    """Read the keys of a page of hosts; two queries, however many there are."""
    ids = [host.id for host in page.hosts]
    keys: defaultdict[int, list[HostKey]] = defaultdict(list)
    query = select(HostKey).where(HostKey.host_id.in_(ids))
    for key in session().scalars(query.order_by(HostKey.key_type, HostKey.id)):
        keys[key.host_id].append(key)
    scans = _scans(ids)
    return [_row(host, keys[host.id], *scans[host.id]) for host in page.hosts if host.id in scans]


def numbers(filters: Filters) -> dict[str, int]:
    """Count the hosts in each state, with the other filters as they are; none beyond the cap."""
    return {state: _count(replace(filters, keys=state)) for state in KEYS}


def fetching(filters: Filters) -> int:
    """Count the hosts whose keys a worker has yet to bring."""
    return _count(replace(filters, keys=""), Host.key_scan_requested_at.is_not(None))


def _count(filters: Filters, *more: Any) -> int:
    capped = select(literal(1)).select_from(Host).where(*conditions(filters), *more)
    capped = capped.limit(host_list.MOST_COUNTED)
    return session().scalar(select(func.count()).select_from(capped.subquery())) or 0


def _scans(ids: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    query = select(
        Host.id, Host.key_scan_requested_at, Host.keys_scanned_at, Host.key_scan_error
    ).where(Host.id.in_(ids))
    return {key: tuple(scan) for key, *scan in session().execute(query)}


def _row(host: HostRow, keys: list[HostKey], asked: Any, scanned: Any, problem: str) -> KeyRow:
    found = key_overview.sort(keys)
    return KeyRow(
        host=host,
        offered=found.offered,
        changed=found.changed,
        accepted=len(found.accepted),
        asked_at=asked,
        scanned_at=scanned,
        problem=SCAN_PROBLEMS.get(problem, ""),
    )
