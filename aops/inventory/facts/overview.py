"""What a host's page says about its facts, read with one query."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from aops.core.database import session
from aops.inventory.facts.models import HostFacts
from aops.inventory.facts.summary import NAMES, Name, Value
from aops.inventory.models import Host

_ON_CARDS = frozenset(
    {
        "distribution",
        "distribution_version",
        "distribution_release",
        "distribution_major_version",
        "os_family",
        "system",
        "memory",
        "swap",
        "cpus",
        "processor",
        "ipv4",
        "ipv6",
        "disk_total",
        "disk_free",
        "booted_at",
        "uptime_days",
    }
)
"""Names that the template puts on cards itself; the others stand in a list below."""


@dataclass(frozen=True)
class Overview:
    """The facts of a host at a glance.

    Attributes:
        job_id: The run that gathered them.
        summary: By name, as ``summary.NAMES`` lists them.
        size: Bytes of all its facts.
        left_out: Names of facts that were too big or too deep to keep.
    """

    gathered_at: datetime
    job_id: int | None
    summary: dict[str, Value]
    size: int
    left_out: list[str]

    @property
    def others(self) -> list[tuple[Name, Value]]:
        """Give what is on no card, with its name."""
        return [
            (one, self.summary[one.name])
            for one in NAMES
            if one.name in self.summary and one.name not in _ON_CARDS
        ]


def overview(host: Host) -> Overview | None:
    """Give what a host last reported; None if no run ever gathered its facts."""
    query = select(
        HostFacts.gathered_at,
        HostFacts.job_id,
        HostFacts.summary,
        HostFacts.size,
        HostFacts.left_out,
    ).where(HostFacts.host_id == host.id)
    row = session().execute(query).one_or_none()
    if row is None:
        return None
    gathered_at, job_id, summary, size, left_out = row
    return Overview(gathered_at, job_id, json.loads(summary), size, json.loads(left_out))
