"""Numbers the states of an inventory, so that a reader can tell an old one from the newest.

Hangs on the session's flush. What goes past the session (bulk inserts and updates)
must call ``raise_for`` itself.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import event, select, update
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from aops.core.database import session
from aops.inventory.models import Group, Host, Inventory

_KEY = "inventories_changed"
_UNSETTLED = "inventories_unsettled"


def of(inventory_id: int) -> int:
    """Give the number of the newest state; an unknown inventory has 0."""
    return session().scalar(select(Inventory.generation).where(Inventory.id == inventory_id)) or 0


def is_unsettled(inventory_id: int) -> bool:
    """Tell whether this session changed an inventory and may still take that back."""
    return inventory_id in session().info.get(_UNSETTLED, ())


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
def _collect(flushed: Session, _context: UOWTransaction, _instances: Any) -> None:
    changed = flushed.info[_KEY] = set()
    for thing in (*flushed.new, *flushed.dirty, *flushed.deleted):
        if isinstance(thing, Inventory) and thing.id is not None:
            changed.add(thing.id)
        elif isinstance(thing, Host | Group):
            changed.add(thing.inventory_id or thing.inventory.id)


@event.listens_for(Session, "after_flush")
def _note(flushed: Session, _context: UOWTransaction) -> None:
    changed = {one for one in flushed.info.pop(_KEY, ()) if one is not None}
    if changed:
        _raise(flushed, changed)


@event.listens_for(Session, "after_commit")
def _settle(committed: Session) -> None:
    if not committed.in_nested_transaction():
        committed.info.pop(_UNSETTLED, None)


@event.listens_for(Session, "after_soft_rollback")
def _take_back(rolled_back: Session, ended: SessionTransaction) -> None:
    if not ended.nested and not rolled_back.in_nested_transaction():
        rolled_back.info.pop(_UNSETTLED, None)
