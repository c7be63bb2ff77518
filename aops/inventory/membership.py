"""Puts many hosts into a group at once, or takes them out, by naming them with a pattern."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import gettext as _
from sqlalchemy import delete, insert, select

from aops.audit import services as audit
from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory import generation, index
from aops.inventory.models import Group, group_hosts
from aops.inventory.row_writing import chunks

_NAMED = 50
"""How many hosts the audit log names; it counts them all."""


def add_hosts(group: Group, pattern: str) -> int:
    """Put the hosts that a pattern selects into a group.

    Returns:
        How many were not in it before.

    Raises:
        AopsError: If the pattern selects nothing or is none.
    """
    selected, before = _selected(group, pattern), _members(group)
    new = {name: key for name, key in selected.items() if key not in before}
    for keys in chunks(new.values()):
        rows = [{"group_id": group.id, "host_id": key} for key in keys]
        session().execute(insert(group_hosts), rows)
    _note("group.hosts_added", group, new)
    return len(new)


def remove_hosts(group: Group, pattern: str) -> int:
    """Take the hosts that a pattern selects out of a group; they stay in the inventory.

    Returns:
        How many were in it.

    Raises:
        AopsError: If the pattern selects nothing or is none.
    """
    selected, before = _selected(group, pattern), _members(group)
    leaving = {name: key for name, key in selected.items() if key in before}
    members = group_hosts.c
    for keys in chunks(leaving.values()):
        here = members.group_id == group.id
        session().execute(delete(group_hosts).where(here, members.host_id.in_(keys)))
    _note("group.hosts_removed", group, leaving)
    return len(leaving)


def _selected(group: Group, pattern: str) -> dict[str, int]:
    """Let disabled hosts count too: they are still kept in groups."""
    known = index.of(group.inventory_id)
    found = known.all.matching(pattern) if pattern else []
    if not found:
        raise AopsError(
            _("No host of the inventory “%(name)s” matches.", name=group.inventory.name)
        )
    return {name: known.ids[name] for name in found}


def _members(group: Group) -> set[int]:
    query = select(group_hosts.c.host_id).where(group_hosts.c.group_id == group.id)
    return set(session().scalars(query))


def _note(action: str, group: Group, hosts: Collection[str]) -> None:
    """Say what went past the session to those who listen there."""
    if hosts:
        session().expire(group, ["hosts"])
        generation.raise_for([group.inventory_id])
        audit.record(action, group, number=len(hosts), hosts=[*hosts][:_NAMED])
