"""Makes an inventory what a comparison says it becomes, past the session and in bulk.

Existing hosts and groups keep their ids: history, facts and SSH keys hang on them. Only
rows that differ are touched, and their versions are raised, so that a form that somebody
has open notices. The caller commits, and writes the line of the audit log.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import select, update

from aops.core import clock
from aops.core.database import session
from aops.inventory import checking, generation, rows
from aops.inventory.changes import Changes, details_of
from aops.inventory.link_writing import settle_children, settle_labels, settle_members
from aops.inventory.models import Group, Host, HostLabel, Inventory
from aops.inventory.row_writing import Told, refuse_removed_if_used, settle_rows, untold
from aops.inventory.snapshot import HostDetails, Snapshot


def current_snapshot(inventory_id: int) -> Snapshot:
    """Read all of an inventory, disabled hosts too; details only of hosts that have any."""
    labels = _labels(inventory_id)
    query = select(Host.name, Host.enabled, Host.description).where(
        Host.inventory_id == inventory_id
    )
    return Snapshot(
        rows=rows.load_all(inventory_id),
        details={
            name: HostDetails(enabled, description, tuple(sorted(labels.get(name, ()))))
            for name, enabled, description in session().execute(query)
            if not enabled or description or name in labels
        },
    )


def lock(inventory_id: int) -> None:
    """Let others wait who change the same inventory, until this transaction ends."""
    session().execute(select(Inventory.id).where(Inventory.id == inventory_id).with_for_update())


def write(
    inventory: Inventory,
    current: Snapshot,
    changes: Changes,
    *,
    may_reserve: bool = False,
    may_go: bool = False,
    told: Told = untold,
) -> dict[str, int]:
    """Write what changes, all of it or, on a refusal, nothing that may be committed.

    Args:
        inventory: Locked by ``lock`` before ``current`` was read.
        current: What ``changes`` was compared with.
        changes: As ``changes.compare`` gives them.
        may_reserve: Whether reserved connection variables may be set or changed.
        may_go: Whether those may be taken away in any case.
        told: Is given the numbers of hosts and groups that were just written.

    Returns:
        ``changes.counts``.

    Raises:
        AopsError: If a rule of the forms is broken, or something removed is still used.
    """
    after = changes.after
    checking.check(current.rows, after.rows, may_reserve=may_reserve, may_go=may_go)
    if changes.nothing:
        return changes.counts
    session().flush()
    refuse_removed_if_used(Host, inventory.id, changes.hosts)
    refuse_removed_if_used(Group, inventory.id, changes.groups)
    hosts = settle_rows(Host, inventory.id, _host_columns(after), changes.hosts, told)
    groups = settle_rows(Group, inventory.id, _group_columns(after), changes.groups, told)
    settle_labels(current, after, hosts)
    settle_members({name: one.hosts for name, one in after.rows.groups.items()}, groups, hosts)
    settle_children({name: one.children for name, one in after.rows.groups.items()}, groups)
    if changes.variables:
        _write_variables(inventory.id, after.rows.variables)
    generation.raise_for([inventory.id])
    session().expire_all()
    return changes.counts


def _labels(inventory_id: int) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    query = select(Host.name, HostLabel.name).join(HostLabel, HostLabel.host_id == Host.id)
    for host, label in session().execute(query.where(Host.inventory_id == inventory_id)):
        found[host].append(label)
    return found


def _host_columns(after: Snapshot) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, variables in after.rows.hosts.items():
        said = details_of(after, name)
        found[name] = {
            "variables": variables,
            "enabled": said.enabled,
            "description": said.description,
        }
    return found


def _group_columns(after: Snapshot) -> dict[str, dict[str, Any]]:
    return {
        name: {"variables": group.variables, "in_all": group.in_all}
        for name, group in after.rows.groups.items()
    }


def _write_variables(inventory_id: int, text: str) -> None:
    session().execute(
        update(Inventory.__table__)  # type: ignore[arg-type]
        .where(Inventory.id == inventory_id)
        .values(variables=text, version=Inventory.version + 1, updated_at=clock.now())
    )
