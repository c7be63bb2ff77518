"""An inventory outside the database: what an upload holds, a source gave, an export writes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from aops.inventory.rows import GroupRow, InventoryRows


@dataclass(frozen=True)
class HostDetails:
    """What aops knows of a host and Ansible does not; None where nothing is said about it."""

    enabled: bool | None = None
    description: str | None = None
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Snapshot:
    """All of an inventory, with YAML texts for variables, in Ansible's order.

    Attributes:
        rows: What Ansible knows.
        details: By host name; a host without any is missing.
    """

    rows: InventoryRows = field(default_factory=InventoryRows)
    details: dict[str, HostDetails] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON values, from which ``from_json`` makes the same again."""
        return {
            "variables": self.rows.variables,
            "hosts": self.rows.hosts,
            "groups": {name: asdict(group) for name, group in self.rows.groups.items()},
            "details": {name: asdict(details) for name, details in self.details.items()},
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Snapshot:
        """Read what ``as_json`` gave."""
        return cls(
            rows=InventoryRows(
                variables=document["variables"],
                hosts=document["hosts"],
                groups={name: GroupRow(**group) for name, group in document["groups"].items()},
            ),
            details={
                name: HostDetails(
                    enabled=details["enabled"],
                    description=details["description"],
                    labels=None if details["labels"] is None else tuple(details["labels"]),
                )
                for name, details in document["details"].items()
            },
        )
