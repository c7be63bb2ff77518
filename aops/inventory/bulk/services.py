"""Carries out one change to many hosts: in few statements, with one line of the audit log.

Each kind of change tells first which hosts it would change, and then changes exactly those:
the confirmation shows the one, and the other follows it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from aops.audit import services as audit
from aops.core import clock
from aops.core.database import session
from aops.inventory import generation
from aops.inventory.bulk.selection import Selection
from aops.inventory.host_conditions import one_of
from aops.inventory.models import Host, Inventory

_MAX_NAMES = 50
"""How many names the audit log keeps of one action."""

_SHOWN_NAMES = 3


class Change:
    """What can be done to many hosts.

    Attributes:
        is_seen_by_runs: Whether the inventory is another one afterwards.
    """

    is_seen_by_runs = True

    def affected(self, selection: Selection) -> list[int]:
        """Give the hosts that it would change; the others are so already.

        Raises:
            AopsError: If it cannot be done, at the field that is wrong.
        """
        return [*selection.hosts]

    def apply(self, selection: Selection, ids: list[int]) -> None:
        """Change those hosts, and nothing else."""
        raise NotImplementedError

    def facts(self) -> dict[str, Any]:
        """Tell the audit log what was chosen beside the hosts."""
        return {}


@dataclass(frozen=True)
class Many:
    """Stands for the hosts in one line of the audit log."""

    names: list[str]
    audit_name = "host"
    id = None

    def __str__(self) -> str:
        shown = ", ".join(self.names[:_SHOWN_NAMES])
        return f"{shown} … ({len(self.names)})" if len(self.names) > _SHOWN_NAMES else shown


def carry_out(action: str, change: Change, selection: Selection, ids: list[int]) -> None:
    """Make a change, number the inventories anew, and write one line of the audit log.

    Args:
        action: As the audit log calls it, such as ``hosts.enabled``.
        change: Says what.
        selection: The hosts that were chosen.
        ids: Those of them that ``change.affected`` gave.
    """
    inventories = selection.within(ids)
    session().flush()
    change.apply(selection, ids)
    if change.is_seen_by_runs:
        generation.raise_for(inventories)
    names = [selection.hosts[key] for key in ids]
    shown = names if len(names) <= _MAX_NAMES else [*names[:_MAX_NAMES], "…"]
    audit.record(action, Many(names), number=len(names), hosts=shown, **change.facts())
    session().expire_all()


def lock(selection: Selection) -> None:
    """Let others wait who change the same inventories, until this transaction ends."""
    wanted = one_of(Inventory.id, selection.within(selection.hosts))
    session().execute(select(Inventory.id).where(wanted).order_by(Inventory.id).with_for_update())


def change_rows(ids: Collection[int], **values: Any) -> None:
    """Set columns of hosts and raise their versions, so that an open form notices."""
    session().execute(
        update(Host)
        .where(one_of(Host.id, ids))
        .values(version=Host.version + 1, updated_at=clock.now(), **values)
        .execution_options(synchronize_session=False)
    )
