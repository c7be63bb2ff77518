"""Names, groups and memberships of an inventory, kept in memory while they stay the same.

A pattern asks for nothing else, and asks while somebody types. What is kept is found again
by the inventory's generation, so no change is ever missed; a session that itself changed
the inventory reads it anew, because its change may still be taken back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Engine, String, cast, func, select, true

from aops.core.database import session
from aops.inventory import generation, patterns, rows
from aops.inventory.models import Group, Host, group_children, group_hosts
from aops.inventory.rows import GroupRow, InventoryRows

_KEPT = 8
"""Inventories in memory; one of 10,000 hosts takes some 5 MB."""

_SHIFT = 1 << 31
"""Packs a position and an id into one number; no id reaches it."""

_END = ";"
_MANY = 10_000
"""More groups are not named one by one: SQLite takes no more than 32,766 parameters."""

_Key = tuple[str, int]
_kept: OrderedDict[_Key, Index] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class View:
    """The hosts that a pattern may select, and the groups that it may name.

    Attributes:
        hosts: In inventory order.
        groups: Every group, ``all`` and ``ungrouped`` too, with all its hosts.
    """

    hosts: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]

    def matching(self, pattern: str, *, allow_regex: bool = True) -> list[str]:
        """Name the hosts that a pattern selects, in Ansible's order; "" selects all.

        Raises:
            PatternError: If the pattern may not be used.
        """
        if not pattern.strip():
            return [*self.hosts]
        found = patterns.match(pattern, self.hosts, self.groups, allow_regex=allow_regex)
        return [host for host in found if host in self._known]  # not Ansible's own localhost

    def unmatched(self, pattern: str) -> tuple[str, ...]:
        """Name the plain names in a pattern that are of no host and no group."""
        return patterns.unmatched(patterns.split(pattern), self._known, self.groups)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.hosts)


@dataclass(frozen=True)
class Index:
    """An inventory without its variables.

    Attributes:
        generation: Which state of the inventory this is.
        ids: Of all hosts, by name.
    """

    generation: int
    ids: Mapping[str, int]
    _rows: InventoryRows
    _disabled: frozenset[str]

    @cached_property
    def all(self) -> View:
        """Give all hosts, for the pages where they are kept."""
        return _view(self._rows)

    @cached_property
    def enabled(self) -> View:
        """Give the hosts that runs see."""
        if not self._disabled:
            return self.all
        return _view(
            InventoryRows(
                hosts=dict.fromkeys(self._without(self._rows.hosts), ""),
                groups={
                    name: GroupRow("", self._without(group.hosts), group.children, group.in_all)
                    for name, group in self._rows.groups.items()
                },
            )
        )

    def _without(self, hosts: Any) -> list[str]:
        return [host for host in hosts if host not in self._disabled]


def of(inventory_id: int) -> Index:
    """Give the newest state of an inventory; an unknown one is empty."""
    newest = generation.of(inventory_id)  # flushes what is pending, so it stands first
    if generation.is_unsettled(inventory_id):
        return _read_steadily(inventory_id)
    key = (_database(), inventory_id)
    with _lock:
        known = _kept.get(key)
        if known is not None and known.generation == newest:
            _kept.move_to_end(key)
            return known
    index = _read_steadily(inventory_id)
    with _lock:
        _kept[key] = index
        _kept.move_to_end(key)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return index


def forget() -> None:
    """Drop everything, as when the database is another one than before."""
    with _lock:
        _kept.clear()


def _database() -> str:
    bind = session().get_bind()
    return str((bind if isinstance(bind, Engine) else bind.engine).url)


def _read_steadily(inventory_id: int) -> Index:
    return generation.steadily(
        inventory_id, lambda: _read(inventory_id, generation.of(inventory_id))
    )


def _read(inventory_id: int, newest: int) -> Index:
    """Read in four queries, without the ORM."""
    hosts = _in_order(
        select(Host.position, Host.name, Host.id, Host.enabled), Host.inventory_id == inventory_id
    )
    groups = _in_order(
        select(Group.position, Group.name, Group.id, Group.in_all),
        Group.inventory_id == inventory_id,
    )
    host_names = {key: name for _position, name, key, _enabled in hosts}
    group_names = {key: name for _position, name, key, _in_all in groups}
    member, child = group_hosts.c, group_children.c
    members = _named(member.group_id, member.host_id, member.position, group_names, host_names)
    children = _named(child.parent_id, child.child_id, child.position, group_names, group_names)
    return Index(
        generation=newest,
        ids=MappingProxyType({name: key for key, name in host_names.items()}),
        _rows=InventoryRows(
            hosts=dict.fromkeys(host_names.values(), ""),
            groups={
                name: GroupRow("", members.get(key, []), children.get(key, []), in_all)
                for _position, name, key, in_all in groups
            },
        ),
        _disabled=frozenset(name for _position, name, _key, enabled in hosts if not enabled),
    )


def _in_order(query: Any, within: ColumnElement[bool]) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, session().connection().execute(query.where(within)).all()))


def _named(
    owner: ColumnElement[int],
    part: ColumnElement[int],
    position: ColumnElement[int],
    owners: dict[int, str],
    parts: dict[int, str],
) -> dict[int, list[str]]:
    """Name what belongs to each group, in inventory order."""
    ranks = {key: rank for rank, key in enumerate(parts)}
    found: dict[int, list[str]] = {}
    for key, numbers in _packed(owner, position * _SHIFT + part, owners).items():
        places = sorted(
            (one // _SHIFT, ranks.get(one % _SHIFT, -1), one % _SHIFT) for one in numbers
        )
        found[key] = [parts[one] for _position, rank, one in places if rank >= 0]
    return found


def _packed(
    owner: ColumnElement[int], number: ColumnElement[int], owners: dict[int, str]
) -> dict[int, list[int]]:
    """Give the numbers of each group, which the database packs into one text.

    30,000 rows would take longer to come over the wire than all the rest. A text that the
    database cut, since it allows no longer ones, lacks its last sign: such groups are read
    row by row.
    """
    here = owner.in_(owners) if len(owners) <= _MANY else true()
    text = func.group_concat(cast(number, String).concat(_END))
    connection = session().connection()
    found: dict[int, list[int]] = {}
    cut: list[int] = []
    packed = select(owner, func.count(), text).where(here).group_by(owner)
    for key, count, together in connection.execute(packed).all():
        numbers = str(together).removesuffix(_END).split(f"{_END},")
        if len(numbers) == count and str(together).endswith(_END):
            found[key] = [int(one) for one in numbers]
        else:
            cut.append(key)
    if cut:
        for key, one in connection.execute(select(owner, number).where(owner.in_(cut))):
            found.setdefault(key, []).append(one)
    return found


def _view(loaded: InventoryRows) -> View:
    groups = {name: tuple(hosts) for name, hosts in rows.members_of(loaded).items()}
    return View(hosts=tuple(loaded.hosts), groups=MappingProxyType(groups))
