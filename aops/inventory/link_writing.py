"""Writes in bulk what connects hosts, groups and labels; touches only what differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, insert, select, tuple_, update

from aops.core.database import session
from aops.inventory import positions
from aops.inventory.changes import details_of
from aops.inventory.models import Group, Host, HostLabel, group_children, group_hosts
from aops.inventory.row_writing import chunks
from aops.inventory.snapshot import Snapshot

Ids = Mapping[str, int]


def settle_members(wanted: Mapping[str, Sequence[str]], groups: Ids, hosts: Ids) -> None:
    """Put exactly these hosts into each group, in this order."""
    _settle(group_hosts, wanted, groups, hosts, _places(Host, hosts))


def settle_children(wanted: Mapping[str, Sequence[str]], groups: Ids) -> None:
    """Put exactly these groups below each group, in this order."""
    _settle(group_children, wanted, groups, groups, _places(Group, groups))


def settle_labels(current: Snapshot, after: Snapshot, hosts: Ids) -> None:
    """Give each host exactly its labels."""
    gone: list[int] = []
    rows: list[dict[str, Any]] = []
    for name, key in hosts.items():
        labels = details_of(after, name).labels or ()
        if labels != details_of(current, name).labels:
            gone.append(key)
            rows.extend({"host_id": key, "name": label} for label in labels)
    for piece in chunks(gone):
        session().execute(delete(HostLabel).where(HostLabel.host_id.in_(piece)))
    for rows_piece in chunks(rows):
        session().execute(insert(HostLabel), rows_piece)


def _settle(
    table: Table,
    wanted: Mapping[str, Sequence[str]],
    owners: Ids,
    members: Ids,
    places: Mapping[int, tuple[int, str]],
) -> None:
    known = _known(table, owners.values())
    owner_column, member_column, _position = table.c.keys()
    gone: list[tuple[int, int]] = []
    new: list[dict[str, int]] = []
    moved: list[dict[str, int]] = []
    for name, member_names in wanted.items():
        owner = owners[name]
        before = known.get(owner, {})
        after = positions.fit([members[one] for one in member_names], before, places.__getitem__)
        gone.extend((owner, one) for one in before if one not in after)
        for one, position in after.items():
            if one not in before:
                new.append({owner_column: owner, member_column: one, "position": position})
            elif before[one] != position:
                moved.append({"owner": owner, "member": one, "place": position})
    _write(table, gone, new, moved)


def _write(
    table: Table,
    gone: Iterable[tuple[int, int]],
    new: Iterable[dict[str, int]],
    moved: Iterable[dict[str, int]],
) -> None:
    owner, member, _position = table.c
    here = and_(owner == bindparam("owner"), member == bindparam("member"))
    for pairs in chunks(gone):
        session().execute(delete(table).where(tuple_(owner, member).in_(pairs)))
    for piece in chunks(new):
        session().execute(insert(table), piece)
    for piece in chunks(moved):
        session().execute(update(table).where(here).values(position=bindparam("place")), piece)


def _known(table: Table, owners: Iterable[int]) -> dict[int, dict[int, int]]:
    found: defaultdict[int, dict[int, int]] = defaultdict(dict)
    owner, member, _position = table.c
    for piece in chunks(owners):
        query = select(owner, member, table.c.position).where(owner.in_(piece))
        for key, one, position in session().execute(query):
            found[key][one] = position
    return found


def _places(member: type[Host | Group], ids: Ids) -> dict[int, tuple[int, str]]:
    """Tell what decides among members of one position: where they stand themselves."""
    if not ids:
        return {}
    inventory_id = select(member.inventory_id).where(member.id == next(iter(ids.values())))
    query = select(member.id, member.position, member.name)
    found = session().execute(query.where(member.inventory_id == inventory_id.scalar_subquery()))
    return {key: (position, name) for key, position, name in found}
