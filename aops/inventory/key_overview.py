"""What a host's page says about its SSH keys, sorted by what the reader should do."""

from __future__ import annotations

from collections.abc import Iterable
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
    """A key that a host shows instead of those that were accepted."""

    new: HostKey
    old: list[HostKey]

    @property
    def another_type(self) -> bool:
        """Tell whether the host shows no key of this type that was accepted before."""
        return all(old.key_type != self.new.key_type for old in self.old)


@dataclass(frozen=True)
class SortedKeys:
    """The keys of a host by what the reader should do; ``offered`` ones contradict nothing."""

    accepted: list[HostKey]
    offered: list[HostKey]
    changed: list[ChangedKey]


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


def sort(keys: Iterable[HostKey]) -> SortedKeys:
    """Sort the keys of one host."""
    found = SortedKeys([], [], [])
    waiting: list[HostKey] = []
    for key in keys:
        (found.accepted if key.trust is KeyTrust.ACCEPTED else waiting).append(key)
    for key in waiting:
        rivals = [one for one in found.accepted if host_keys.contradicts(one, key)]
        if rivals:
            found.changed.append(ChangedKey(key, rivals))
        else:
            found.offered.append(key)
    return found


def overview(host: Host) -> KeyOverview:
    """Read and sort the keys of a host."""
    keys = sort(host_keys.keys_of(host))
    asked = host.key_scan_requested_at
    overdue = asked is not None and clock.now() - asked > PATIENCE and not key_scans.is_busy()
    return KeyOverview(
        connection=addresses.connection_of(host),
        accepted=keys.accepted,
        offered=keys.offered,
        changed=keys.changed,
        problem=SCAN_PROBLEMS.get(host.key_scan_error, ""),
        fetching=asked is not None and not overdue,
        overdue=overdue,
    )
