"""What a worker does for inventories."""

from __future__ import annotations

import time

from celery import shared_task

from aops.core import celery
from aops.core.database import session
from aops.inventory import host_keys, key_scans
from aops.inventory.key_scans import Batch


@shared_task(name=host_keys.SCAN_TASK)
def scan_host_keys(host_id: int | None = None) -> None:
    """Fetch the SSH keys of one host, or of all that wait for it unless somebody is at it."""
    if host_id is not None:
        _fetch(key_scans.take_one(host_id))
        return
    started = time.monotonic()
    if key_scans.is_busy():
        return
    while key_scans.has_time(started) and (batch := key_scans.take()):
        _fetch(batch)
    if key_scans.anybody_waits():
        celery.send(host_keys.SCAN_TASK)
    session().commit()


def _fetch(batch: Batch) -> None:
    """Store each answer as it comes; no transaction is open while the network is waited for."""
    session().commit()
    for host_id, connection, scan in key_scans.scan(batch):
        host_keys.store_scan(host_id, connection, scan)
        session().commit()
