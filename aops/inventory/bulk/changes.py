"""What can be done to many hosts beside their variables: state, labels, groups, keys, deletion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, insert, select

from aops.core import references
from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory import host_keys
from aops.inventory.bulk.selection import Selection
from aops.inventory.bulk.services import Change, change_rows
from aops.inventory.host_conditions import one_of
from aops.inventory.models import Group, Host, HostLabel, Inventory, group_hosts

_ROWS = 5_000
"""In one INSERT; SQLite takes 32,766 values."""

_MAX_NAMES = 5


@dataclass(frozen=True)
class Enable(Change):
    """Let runs see hosts, or not."""

    enabled: bool

    def affected(self, selection: Selection) -> list[int]:
        """Give those that are not so yet."""
        return _chosen(selection, select(Host.id).where(Host.enabled.is_not(self.enabled)))

    def apply(self, _selection: Selection, ids: list[int]) -> None:
        """Set it."""
        change_rows(ids, enabled=self.enabled)


@dataclass(frozen=True)
class Label(Change):
    """Put a label on hosts, or take it off."""

    label: str
    add: bool

    def affected(self, selection: Selection) -> list[int]:
        """Give those without it, or those with it."""
        with_it = set(
            session().scalars(select(HostLabel.host_id).where(HostLabel.name == self.label))
        )
        return [key for key in selection.hosts if (key not in with_it) is self.add]

    def apply(self, _selection: Selection, ids: list[int]) -> None:
        """Write the rows."""
        if self.add:
            _insert(HostLabel.__table__, [{"host_id": key, "name": self.label} for key in ids])
        else:
            session().execute(
                delete(HostLabel)
                .where(HostLabel.name == self.label, one_of(HostLabel.host_id, ids))
                .execution_options(synchronize_session=False)
            )
        change_rows(ids)

    def facts(self) -> dict[str, Any]:
        """Name the label."""
        return {"labels": self.label}


@dataclass(frozen=True)
class Membership(Change):
    """Put hosts into the group of this name in their inventory, or take them out."""

    group: str
    add: bool

    def affected(self, selection: Selection) -> list[int]:
        """Give those that are not in it, or those that are.

        Raises:
            AopsError: If an inventory has no such group.
        """
        groups = self._groups(selection)
        without = selection.within(selection.hosts) - groups.keys()
        if not groups or (self.add and without):
            raise AopsError(self._missing(without), field="group")
        members = group_hosts.c
        inside = set(
            session().scalars(
                select(members.host_id).where(one_of(members.group_id, [*groups.values()]))
            )
        )
        return [key for key in selection.hosts if (key not in inside) is self.add]

    def apply(self, selection: Selection, ids: list[int]) -> None:
        """Write the rows."""
        groups = self._groups(selection)
        if self.add:
            pairs = ((groups[selection.inventories[key]], key) for key in ids)
            _insert(group_hosts, [{"group_id": group, "host_id": key} for group, key in pairs])
        else:
            members = group_hosts.c
            session().execute(
                delete(group_hosts).where(
                    one_of(members.group_id, [*groups.values()]), one_of(members.host_id, ids)
                )
            )
        change_rows(ids)

    def facts(self) -> dict[str, Any]:
        """Name the group."""
        return {"groups": self.group}

    def _groups(self, selection: Selection) -> dict[int, int]:
        """Map inventories to their group of this name."""
        query = select(Group.inventory_id, Group.id).where(
            Group.name == self.group,
            one_of(Group.inventory_id, selection.within(selection.hosts)),
        )
        return {inventory: key for inventory, key in session().execute(query)}  # noqa: C416 - typed rows

    def _missing(self, inventories: set[int]) -> str:
        query = select(Inventory.name).where(one_of(Inventory.id, inventories))
        names = session().scalars(query.order_by(Inventory.name).limit(_MAX_NAMES))
        sentence: str = _(
            "There is no group “%(group)s” in %(inventories)s. Add it there, or choose another.",
            group=self.group,
            inventories=", ".join(names),
        )
        return sentence


@dataclass(frozen=True)
class Delete(Change):
    """Delete hosts with all that hangs on them."""

    def affected(self, selection: Selection) -> list[int]:
        """Give all, unless something refers to one.

        Raises:
            AopsError: Naming what refers to which.
        """
        used = self._used(selection) if references.may_be_used(Host) else []
        if used:
            shown = "; ".join(used[:_MAX_NAMES])
            raise AopsError(
                _("In use, so nothing was deleted: %(users)s. Leave them out.", users=shown)
            )
        return [*selection.hosts]

    def _used(self, selection: Selection) -> list[str]:
        hosts = session().scalars(select(Host).where(one_of(Host.id, selection.hosts)))
        users = ((host.name, references.references_to(host)) for host in hosts)
        return [f"{name} ({', '.join(found)})" for name, found in users if found]

    def apply(self, _selection: Selection, ids: list[int]) -> None:
        """Delete the rows; the database takes along what belongs to them."""
        session().execute(
            delete(Host).where(one_of(Host.id, ids)).execution_options(synchronize_session=False)
        )


@dataclass(frozen=True)
class FetchKeys(Change):
    """Ask a worker for the SSH keys of hosts."""

    is_seen_by_runs = False

    def apply(self, _selection: Selection, ids: list[int]) -> None:
        """Note the wish and wake a worker."""
        host_keys.request_many(ids)


def _chosen(selection: Selection, query: Any) -> list[int]:
    found = set(session().scalars(query.where(one_of(Host.id, selection.hosts))))
    return [key for key in selection.hosts if key in found]


def _insert(table: Any, values: list[dict[str, Any]]) -> None:
    for start in range(0, len(values), _ROWS):
        session().execute(insert(table), values[start : start + _ROWS])
