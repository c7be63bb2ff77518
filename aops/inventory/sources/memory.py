"""The words of a merge: what is remembered of a source, decided about hosts, and reported."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from aops.inventory.snapshot import Snapshot


@dataclass(frozen=True)
class Kept:
    """A value of the source that was not taken, because the inventory has another.

    Attributes:
        kind: ``host``, ``group`` or ``inventory``.
        field: ``variables``, ``hosts`` or ``children``.
        key: Name of the variable, host or child group; "" for a text that is no YAML.
        by: Name of the other source that gave what is kept; "" when a person did.
    """

    kind: str
    name: str
    field: str
    key: str
    by: str = ""


@dataclass(frozen=True)
class Memory:
    """What is remembered between two refreshes.

    Attributes:
        snapshot: What the source gave last, with the hosts that it disabled as they were.
        groups: Names of the groups that it brought; only those are ever removed.
        held: Names of the hosts in ``snapshot`` that it lists no more.
    """

    snapshot: Snapshot = field(default_factory=Snapshot)
    groups: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()

    @property
    def listed(self) -> Collection[str]:
        """Name the hosts of its last answer."""
        return self.snapshot.rows.hosts.keys() - self.held

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        own = {"brought_groups": sorted(self.groups), "held_hosts": sorted(self.held)}
        return self.snapshot.as_json() | own

    @classmethod
    def from_json(cls, document: dict[str, Any] | None) -> Memory:
        """Read what ``as_json`` gave; None is a source that never gave anything."""
        if document is None:
            return cls()
        return cls(
            snapshot=Snapshot.from_json(document),
            groups=frozenset(document["brought_groups"]),
            held=frozenset(document["held_hosts"]),
        )


@dataclass(frozen=True)
class Fates:
    """What was decided about hosts that vanished or came back.

    Attributes:
        removed: Are deleted.
        held: Stay, disabled, although the source lists them no more; what it gave is
            remembered.
        released: Stay as they are and belong to people from now on.
        enabled: Host to whether runs see it from now on.
    """

    removed: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()
    enabled: Mapping[str, bool] = field(default_factory=dict)
