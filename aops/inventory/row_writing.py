"""Inserts, updates and deletes the hosts or the groups of an inventory in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Table, bindparam, delete, insert, select, update

from aops.core import clock, references
from aops.core.database import session
from aops.inventory import positions
from aops.inventory.changes import Part
from aops.inventory.models import Group, Host

CHUNK = 5_000
"""Values in one statement; SQLite takes 32,766."""

T = TypeVar("T")


def settle_rows(
    model: type[Host | Group], inventory_id: int, after: Mapping[str, dict[str, Any]], part: Part
) -> dict[str, int]:
    """Make the rows of an inventory what they shall be.

    Args:
        model: Hosts or groups.
        inventory_id: Whose rows.
        after: Name to the columns that are written, in the order that they shall stand in.
        part: Which of them are added, changed and removed.

    Returns:
        The id of each name.
    """
    table: Any = model.__table__
    _delete(table, inventory_id, [entry.name for entry in part.removed])
    known = _known(table, inventory_id)
    placed = {name: position for name, (_id, position) in known.items()}
    wanted = positions.fit([*after], placed, lambda name: name)
    _insert(table, inventory_id, after, wanted, [entry.name for entry in part.added])
    changed = {entry.name for entry in part.changed}
    _update(table, known, after, wanted, changed)
    _move(table, known, wanted, changed)
    return {name: key for name, (key, _position) in _known(table, inventory_id).items()}


def refuse_removed_if_used(model: type[Host | Group], inventory_id: int, part: Part) -> None:
    """Stop before something is deleted that others refer to.

    Raises:
        InUse: Naming it and its users.
    """
    if not part.removed or not references.may_be_used(model):
        return
    for names in chunks([entry.name for entry in part.removed]):
        found = select(model).where(model.inventory_id == inventory_id, model.name.in_(names))
        for thing in session().scalars(found):
            references.refuse_if_used(thing)


def chunks(things: Iterable[T], size: int = CHUNK) -> Iterable[Sequence[T]]:
    """Cut a long list into pieces that a statement can carry."""
    rest = iter(things)
    while piece := [*islice(rest, size)]:
        yield piece


def _known(table: Table, inventory_id: int) -> dict[str, tuple[int, int]]:
    query = select(table.c.name, table.c.id, table.c.position)
    found = session().execute(query.where(table.c.inventory_id == inventory_id))
    return {name: (key, position) for name, key, position in found}


def _delete(table: Table, inventory_id: int, names: Sequence[str]) -> None:
    for piece in chunks(names):
        session().execute(
            delete(table).where(table.c.inventory_id == inventory_id, table.c.name.in_(piece))
        )


def _insert(
    table: Table,
    inventory_id: int,
    after: Mapping[str, dict[str, Any]],
    wanted: Mapping[str, int],
    names: Sequence[str],
) -> None:
    now = clock.now()
    common = {"inventory_id": inventory_id, "version": 1, "created_at": now, "updated_at": now}
    for piece in chunks(names):
        session().execute(
            insert(table),
            [common | {"name": name, "position": wanted[name]} | after[name] for name in piece],
        )


def _update(
    table: Table,
    known: Mapping[str, tuple[int, int]],
    after: Mapping[str, dict[str, Any]],
    wanted: Mapping[str, int],
    names: Collection[str],
) -> None:
    if not names:
        return
    columns = ("position", *after[next(iter(names))])
    statement = (
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values({name: bindparam(f"new_{name}") for name in columns})
        .values(version=table.c.version + 1, updated_at=clock.now())
    )
    rows = (
        {f"new_{column}": value for column, value in after[name].items()}
        | {"row_id": known[name][0], "new_position": wanted[name]}
        for name in names
    )
    for piece in chunks(rows):
        session().execute(statement, piece)


def _move(
    table: Table,
    known: Mapping[str, tuple[int, int]],
    wanted: Mapping[str, int],
    written: Collection[str],
) -> None:
    """Change only the position; no form shows it, so none that is open needs to notice."""
    statement = (
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values(position=bindparam("new_position"), updated_at=table.c.updated_at)
    )
    rows = (
        {"row_id": key, "new_position": wanted[name]}
        for name, (key, position) in known.items()
        if name not in written and wanted[name] != position
    )
    for piece in chunks(rows):
        session().execute(statement, piece)
