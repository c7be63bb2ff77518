"""What a worker does for inventories."""

from __future__ import annotations

from celery import shared_task

from aops.core.database import session
from aops.inventory import host_keys, keyscan


@shared_task(name=host_keys.SCAN_TASK)
def scan_host_keys(host_id: int) -> None:
    """Fetch a host's SSH keys; no transaction is open while the network is waited for."""
    connection = host_keys.connection_to_scan(host_id)
    session().commit()
    host_keys.store_scan(host_id, connection, keyscan.scan(connection.address, connection.port))
    session().commit()
