"""What a host's page says about its SSH keys, sorted by what the reader should do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aops.core import clock
from aops.inventory import addresses, host_keys, key_scans
from aops.inventory.addresses import Connection
from aops.inventory.labels import SCAN_PROBLEMS
from aops.inventory.models import Host, HostKey, KeyTrust

PATIENCE = timedelta(seconds=60)
"""After this, the page says that no worker seems to be there, unless one is at others."""


@dataclass(frozen=True)
class ChangedKey:
    """A key that a host shows instead of the one that was accepted."""

    new: HostKey
    old: HostKey


@dataclass(frozen=True)
class KeyOverview:
    """The keys of one host.

    Attributes:
        offered: New ones that contradict nothing.
        problem: Why the last fetch brought nothing; "" if it did.
        fetching: Whether a worker has been asked and may still answer.
        overdue: Whether it should have answered by now.
    """

    connection: Connection
    accepted: list[HostKey]
    offered: list[HostKey]
    changed: list[ChangedKey]
    problem: Any
    fetching: bool
    overdue: bool


def overview(host: Host) -> KeyOverview:
    """Read and sort the keys of a host."""
    keys = host_keys.keys_of(host)
    accepted = [key for key in keys if key.trust is KeyTrust.ACCEPTED]
    trusted = {(key.address, key.key_type): key for key in accepted}
    offered = [key for key in keys if key.trust is KeyTrust.OFFERED]
    asked = host.key_scan_requested_at
    overdue = asked is not None and clock.now() - asked > PATIENCE and not key_scans.is_busy()
    return KeyOverview(
        connection=addresses.connection_of(host),
        accepted=accepted,
        offered=[key for key in offered if (key.address, key.key_type) not in trusted],
        changed=[
            ChangedKey(key, trusted[key.address, key.key_type])
            for key in offered
            if (key.address, key.key_type) in trusted
        ],
        problem=SCAN_PROBLEMS.get(host.key_scan_error, ""),
        fetching=asked is not None and not overdue,
        overdue=overdue,
    )
