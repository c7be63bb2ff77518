"""Fetches the SSH keys of the hosts that wait for it: many at once, and never for long.

The database says who waits; a message only wakes a worker, and the scheduler's does it too,
so that a lost one costs seconds. One worker at a time goes through those that wait, because
the others must be free for jobs.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from aops.core.database import database_time, session
from aops.inventory import addresses, keyscan, rows
from aops.inventory.addresses import Connection
from aops.inventory.keyscan import Scan, ScanProblem
from aops.inventory.models import Host

THREADS = 32
BATCH = 64
"""Hosts taken up at once; the slowest need BATCH / THREADS × ``keyscan.TIMEOUT`` seconds."""

MAX_SECONDS = 30
"""Of one message; then another goes to the end of the queue."""

LEASE = timedelta(seconds=60)
"""After this, a worker that took hosts up and said nothing counts as dead."""

Batch = dict[int, Connection]
"""Hosts that were taken up, and where each is reached."""


def is_busy() -> bool:
    """Tell whether a worker is going through those that wait."""
    return session().scalar(select(Host.id).where(_waiting(), ~_free()).limit(1)) is not None


def take(limit: int = BATCH) -> Batch:
    """Take up the hosts that have waited longest; the caller commits before it scans."""
    query = select(Host.id, Host.inventory_id).where(_waiting(), _free())
    order = (Host.key_scan_requested_at, Host.id)
    return _claim(query.order_by(*order).limit(limit))


def take_one(host_id: int) -> Batch:
    """Take up one host, if it waits and nobody else has taken it up."""
    query = select(Host.id, Host.inventory_id)
    return _claim(query.where(Host.id == host_id, _waiting(), _free()))


def anybody_waits() -> bool:
    """Tell whether there is more to do."""
    return session().scalar(select(Host.id).where(_waiting(), _free()).limit(1)) is not None


def scan(batch: Batch) -> Iterator[tuple[int, Connection, Scan]]:
    """Ask all hosts of a batch at once, and give each answer as it comes.

    No transaction may be open: the network is waited for.
    """
    with ThreadPoolExecutor(min(THREADS, max(len(batch), 1))) as pool:
        asked: dict[Future[Scan], int] = {
            pool.submit(_ask, connection): host_id for host_id, connection in batch.items()
        }
        for answer in as_completed(asked):
            yield asked[answer], batch[asked[answer]], answer.result()


def has_time(started: float) -> bool:
    """Tell whether a task may take up another batch."""
    return time.monotonic() - started < MAX_SECONDS


def _ask(connection: Connection) -> Scan:
    if connection.unusable:
        return Scan(problem=ScanProblem.BAD_ADDRESS)
    return keyscan.scan(connection.address, connection.port)


def _claim(query: Any) -> Batch:
    found = session().execute(query.with_for_update()).all()
    if not found:
        return {}
    ids = [key for key, _inventory in found]
    session().execute(
        update(Host)
        .where(Host.id.in_(ids))
        .values(key_scan_claimed_at=database_time(), updated_at=Host.updated_at)
    )
    return _connections(found)


def _connections(found: Any) -> Batch:
    """Read where hosts are reached; a few queries for each inventory."""
    by_inventory: defaultdict[int, list[int]] = defaultdict(list)
    for key, inventory in found:
        by_inventory[inventory].append(key)
    batch: Batch = {}
    for inventory, ids in by_inventory.items():
        names = session().execute(select(Host.name, Host.id).where(Host.id.in_(ids)))
        known = addresses.connections(rows.load_these(inventory, ids))
        batch |= {key: known[name] for name, key in names if name in known}
    return batch


def _waiting() -> ColumnElement[bool]:
    return Host.key_scan_requested_at.is_not(None)


def _free() -> ColumnElement[bool]:
    claimed = Host.key_scan_claimed_at
    return or_(claimed.is_(None), claimed < database_time() - LEASE)
