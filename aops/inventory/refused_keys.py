"""Has the keys fetched of hosts whose key a run refused, so that their pages show which it is.

Nothing is accepted by it: a person compares the fingerprints, as after any other fetch.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select

from aops.audit import services as audit
from aops.core.database import session
from aops.inventory import host_keys
from aops.inventory.models import Host, Inventory

MAX_HOSTS = 200
"""Of one run: where more are refused at once, what is wrong is not the hosts."""

_MAX_NAMES = 50
"""Told by one line of the audit log."""


def fetch(inventory_id: int, job_id: int, names: Collection[str], at: datetime) -> None:
    """Ask a worker for the keys of refused hosts, unless it was asked or they came since.

    So the end of a run may be told more than once.

    Args:
        inventory_id: Of the hosts.
        job_id: The run that refused their keys.
        names: The hosts; a name that is not in the inventory is passed over.
        at: When the run ended.
    """
    query = select(Host.id, Host.name).where(
        Host.inventory_id == inventory_id,
        Host.name.in_(sorted(names)[:MAX_HOSTS]),
        Host.key_scan_requested_at.is_(None),
        or_(Host.keys_scanned_at.is_(None), Host.keys_scanned_at < at),
    )
    found = session().execute(query.order_by(Host.id)).all() if names else []
    if not found:
        return
    host_keys.request_many([row.id for row in found])
    audit.record(
        "inventory.keys_requested",
        session().get(Inventory, inventory_id),
        number=len(found),
        hosts=[row.name for row in found[:_MAX_NAMES]],
        job=f"#{job_id}",
    )
