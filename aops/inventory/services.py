"""What may be in an inventory, and where its hosts are reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm.attributes import get_history

from aops.core import yaml_text
from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory import (  # generation listens
    addresses,
    generation,  # noqa: F401
    names,
    nesting,
    reserved,
)
from aops.inventory.host_keys import known_hosts_for, record_new_keys
from aops.inventory.models import Group, Host, Inventory, group_children

__all__ = [
    "check_group",
    "check_host",
    "check_inventory",
    "connection_address",
    "known_hosts_for",
    "record_new_keys",
]


def check_inventory(inventory: Inventory, *, may_reserve: bool = False) -> None:
    """Refuse variables that Ansible would not read, or that the person may not set.

    Args:
        inventory: As it shall be saved.
        may_reserve: Whether the person may set reserved variables.

    Raises:
        AopsError: At its field.
    """
    _check_variables(inventory, may_reserve=may_reserve)


def check_host(host: Host, *, may_reserve: bool = False) -> None:
    """Refuse a host that Ansible would not take as it is written.

    Args:
        host: As it shall be saved.
        may_reserve: Whether the person may set reserved variables.

    Raises:
        AopsError: At its field.
    """
    with session().no_autoflush:
        if _is_new_name(host):
            names.check_host_name(host.name)
            _lock(host.inventory)
            _refuse_taken(Host, host, _("This inventory already has a host of this name."))
            _refuse_namesake(Group, host, _("This inventory has a group of this name."))
        _refuse_foreign(host.groups, host.inventory, "groups")
        _check_variables(host, may_reserve=may_reserve)


def check_group(group: Group, *, may_reserve: bool = False) -> None:
    """Refuse a group that Ansible would not take as it is written, or that contains itself.

    Args:
        group: As it shall be saved.
        may_reserve: Whether the person may set reserved variables.

    Raises:
        AopsError: At its field; a circle is named.
    """
    with session().no_autoflush:
        is_new = _is_new_name(group)
        if is_new:
            names.check_group_name(group.name)
        _lock(group.inventory)
        if is_new:
            _refuse_taken(Group, group, _("This inventory already has a group of this name."))
            _refuse_namesake(Host, group, _("This inventory has a host of this name."))
        if "hosts" in vars(group):  # else they are as they were, and perhaps 10,000
            _refuse_foreign(group.hosts, group.inventory, "hosts")
        _refuse_foreign(group.children, group.inventory, "children")
        _refuse_circle(group)
        _check_variables(group, may_reserve=may_reserve)


def connection_address(host: Host) -> tuple[str, int] | None:
    """Give address and port of a host; None if a template or a vaulted value decides them."""
    connection = addresses.connection_of(host)
    return None if connection.address is None else (connection.address, connection.port)


def _check_variables(thing: Inventory | Host | Group, *, may_reserve: bool) -> None:
    try:
        variables = yaml_text.parse_mapping(thing.variables or "")
    except yaml_text.YamlError as error:
        raise AopsError(str(error), field="variables") from error
    before = _variables_before(thing)
    new = {name: value for name, value in variables.items() if name not in before}
    names.check_variables(new)  # a name that an import brought may stay
    names.check_imported_variables(
        {name: value for name, value in variables.items() if before.get(name) != value}
    )
    reserved.check(variables, before, allowed=may_reserve)


def _is_new_name(thing: Host | Group) -> bool:
    """Tell whether somebody typed the name just now; what an import brought may stay."""
    kind = type(thing)
    return session().scalar(select(kind.name).where(kind.id == thing.id)) != thing.name


def _variables_before(thing: Inventory | Host | Group) -> dict[str, Any]:
    """Read what the database still has; nothing if it is new or was not YAML."""
    _added, unchanged, deleted = get_history(thing, "variables")
    try:
        return yaml_text.parse_mapping((*(deleted or ()), *(unchanged or ()), "")[0] or "")
    except yaml_text.YamlError:
        return {}


def _lock(inventory: Inventory) -> None:
    """Let others wait who change the same inventory, so that two halves make no circle."""
    session().execute(select(Inventory.id).where(Inventory.id == inventory.id).with_for_update())


def _refuse_taken(kind: type[Host | Group], thing: Host | Group, sentence: str) -> None:
    taken = select(kind.id).where(
        kind.inventory_id == thing.inventory.id, kind.name == thing.name, kind.id != thing.id
    )
    if session().scalar(taken.limit(1)) is not None:
        raise AopsError(sentence, field="name")


def _refuse_namesake(kind: type[Host | Group], thing: Host | Group, sentence: str) -> None:
    """Ansible would give the host's variables to the group."""
    namesake = select(kind.id).where(
        kind.inventory_id == thing.inventory.id, kind.name == thing.name
    )
    if session().scalar(namesake.limit(1)) is not None:
        raise AopsError(sentence, field="name")


def _refuse_foreign(things: Sequence[Any], inventory: Inventory, field: str) -> None:
    for thing in things:
        if thing.inventory_id != inventory.id:
            raise AopsError(
                _(
                    "“%(name)s” belongs to the inventory “%(other)s”, not to “%(own)s”.",
                    name=thing.name,
                    other=thing.inventory.name,
                    own=inventory.name,
                ),
                field=field,
            )


def _refuse_circle(group: Group) -> None:
    own = group.id or 0
    children = _children_in(group.inventory) | {own: [child.id for child in group.children]}
    circle = nesting.circle_through(own, children)
    if circle:
        path = " → ".join(session().get_one(Group, one).name for one in circle)
        raise AopsError(_("A group cannot contain itself: %(path)s.", path=path), field="children")
    if nesting.is_too_deep(children):
        raise AopsError(
            _("Groups can stand within each other at most %(n)d deep.", n=nesting.MAX_DEPTH),
            field="children",
        )


def _children_in(inventory: Inventory) -> dict[int, list[int]]:
    """Read from the database: what the session holds may be older than the lock."""
    query = (
        select(group_children.c.parent_id, group_children.c.child_id)
        .join(Group, group_children.c.parent_id == Group.id)
        .where(Group.inventory_id == inventory.id)
    )
    found: dict[int, list[int]] = {}
    for parent, child in session().execute(query):
        found.setdefault(parent, []).append(child)
    return found
