"""Inserts, updates and deletes the hosts or the groups of an inventory in bulk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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

ROWS = 1_000
"""Rows written at a time; few enough that somebody who waits sees them grow."""

T = TypeVar("T")
Told = Callable[[int], object]
"""Takes a number of rows that were just written."""


def untold(_number: int) -> None:
    """Take the numbers where nobody waits for them."""


def settle_rows(
    model: type[Host | Group],
    inventory_id: int,
    after: Mapping[str, dict[str, Any]],
    part: Part,
    told: Told = untold,
) -> dict[str, int]:
    """Make the rows of an inventory what they shall be.

    Args:
        model: Hosts or groups.
        inventory_id: Whose rows.
        after: Name to the columns that are written, in the order that they shall stand in.
        part: Which of them are added, changed and removed.
        told: Is told now and then how many of those were just written.

    Returns:
        The id of each name.
    """
    table: Any = model.__table__
    _delete(table, inventory_id, [entry.name for entry in part.removed], told)
    known = _known(table, inventory_id)
    placed = {name: position for name, (_id, position) in known.items()}
    wanted = positions.fit([*after], placed, lambda name: name)
    added = (
        {"inventory_id": inventory_id, "name": entry.name, "position": wanted[entry.name]}
        | after[entry.name]
        for entry in part.added
    )
    _insert(table, added, told)
    changed = [entry.name for entry in part.changed]
    _update(
        table,
        {known[name][0]: {"position": wanted[name]} | after[name] for name in changed},
        told,
    )
    _move(table, known, wanted, frozenset(changed))
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


def _delete(table: Table, inventory_id: int, names: Sequence[str], told: Told) -> None:
    for piece in chunks(names):
        session().execute(
            delete(table).where(table.c.inventory_id == inventory_id, table.c.name.in_(piece))
        )
        told(len(piece))


def _insert(table: Table, rows: Iterable[dict[str, Any]], told: Told) -> None:
    now = clock.now()
    common = {"version": 1, "created_at": now, "updated_at": now}
    for piece in chunks((common | row for row in rows), ROWS):
        session().execute(insert(table), [*piece])
        told(len(piece))


def _update(table: Table, rows: Mapping[int, dict[str, Any]], told: Told) -> None:
    """Write columns to rows, which are given by their ids."""
    if not rows:
        return
    columns = next(iter(rows.values()))
    statement = (
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values({name: bindparam(f"new_{name}") for name in columns})
        .values(version=table.c.version + 1, updated_at=clock.now())
    )
    values = (
        {"row_id": key} | {f"new_{column}": value for column, value in row.items()}
        for key, row in rows.items()
    )
    for piece in chunks(values, ROWS):
        session().execute(statement, piece)
        told(len(piece))


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
