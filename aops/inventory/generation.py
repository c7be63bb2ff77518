"""Numbers the states of an inventory, so that a reader can tell an old one from the newest.

Hangs on the session's flush. What goes past the session (bulk inserts and updates)
must call ``raise_for`` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from sqlalchemy import event, select, update
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from aops.core.database import session
from aops.inventory.models import Group, Host, Inventory

_UNSETTLED = "inventories_unsettled"
_TRIES = 3

T = TypeVar("T")


def of(inventory_id: int) -> int:
    """Give the number of the newest state; an unknown inventory has 0."""
    return session().scalar(select(Inventory.generation).where(Inventory.id == inventory_id)) or 0


def is_unsettled(inventory_id: int) -> bool:
    """Tell whether this session changed an inventory and may still take that back."""
    return inventory_id in session().info.get(_UNSETTLED, ())


def steadily(inventory_id: int, read: Callable[[], T]) -> T:
    """Read an inventory in several queries that all see the same state.

    Where each query sees what was committed just before it, the hosts could be of one state
    and the groups of another. So it is read again if it changed meanwhile, and where it never
    stops changing, those who change it wait.

    Args:
        inventory_id: Of the inventory.
        read: Does the reading, without the session's memory.
    """
    for _try in range(_TRIES):
        before = of(inventory_id)
        found = read()
        if of(inventory_id) == before:
            return found
    session().execute(select(Inventory.id).where(Inventory.id == inventory_id).with_for_update())
    return read()


def raise_for(inventory_ids: Collection[int]) -> None:
    """Say that inventories are not what they were."""
    _raise(session(), inventory_ids)


def _raise(where: Session, inventory_ids: Collection[int]) -> None:
    where.info.setdefault(_UNSETTLED, set()).update(inventory_ids)
    where.connection().execute(
        update(Inventory)
        .where(Inventory.id.in_(inventory_ids))
        .values(generation=Inventory.generation + 1, updated_at=Inventory.updated_at)
    )


@event.listens_for(Session, "before_flush")
def _note(flushed: Session, _context: UOWTransaction, _instances: Any) -> None:
    """Raise before anything is written: who comes second then waits here, and not in a ring.

    A new host locks the row of its inventory for readers. Two who add one at once would each
    wait for the other to let go of it.
    """
    changed = {
        key
        for thing in (*flushed.new, *flushed.dirty, *flushed.deleted)
        if (key := _inventory_of(thing)) is not None
    }
    if changed:
        _raise(flushed, changed)


def _inventory_of(thing: Any) -> int | None:
    """Give the inventory that a change is about; None for others, and for new inventories."""
    if isinstance(thing, Inventory):
        return thing.id
    if not isinstance(thing, Host | Group):
        return None
    return thing.inventory_id or thing.inventory.id


@event.listens_for(Session, "after_commit")
def _settle(committed: Session) -> None:
    if not committed.in_nested_transaction():
        committed.info.pop(_UNSETTLED, None)


@event.listens_for(Session, "after_soft_rollback")
def _take_back(rolled_back: Session, ended: SessionTransaction) -> None:
    if not ended.nested and not rolled_back.in_nested_transaction():
        rolled_back.info.pop(_UNSETTLED, None)
