"""Puts many hosts into a group at once, or takes them out, by naming them with a pattern."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory import patterns, rows
from aops.inventory.models import Group, Host


def add_hosts(group: Group, pattern: str) -> int:
    """Put the hosts that a pattern selects into a group.

    Returns:
        How many were not in it before.

    Raises:
        AopsError: If the pattern selects nothing or is none.
    """
    new = [host for host in _selected(group, pattern) if host not in group.hosts]
    group.hosts.extend(new)
    session().flush()
    return len(new)


def remove_hosts(group: Group, pattern: str) -> int:
    """Take the hosts that a pattern selects out of a group; they stay in the inventory.

    Returns:
        How many were in it.

    Raises:
        AopsError: If the pattern selects nothing or is none.
    """
    leaving = set(_selected(group, pattern)) & set(group.hosts)
    group.hosts = [host for host in group.hosts if host not in leaving]
    session().flush()
    return len(leaving)


def _selected(group: Group, pattern: str) -> list[Host]:
    """Let disabled hosts count too: they are still kept in groups."""
    loaded = rows.load_all(group.inventory_id)
    found = patterns.match(pattern, [*loaded.hosts], rows.members_of(loaded)) if pattern else []
    hosts = session().scalars(select(Host).where(Host.inventory_id == group.inventory_id))
    selected = [host for host in hosts if host.name in frozenset(found)]
    if not selected:
        raise AopsError(
            _("No host of the inventory “%(name)s” matches.", name=group.inventory.name)
        )
    return selected
