"""Tells a waiting person how far an import is, from beside the one transaction that writes it.

What a worker is about to do is stored before it begins. While everything is written nothing of
it can be seen from outside, so the numbers go over a connection of their own, rarely. SQLite
lets nobody write beside another; there the page tells the stage and the time.
"""

from __future__ import annotations

import contextlib
import time

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from aops.core.database import db
from aops.inventory.changes import Changes
from aops.inventory.imports import turns
from aops.inventory.imports.models import ImportStage, InventoryImport
from aops.inventory.imports.turns import Turn

PAUSE = 1.0
"""Seconds between two reports; what is written sooner never pays for one."""


def begin(turn: Turn, stage: ImportStage, changes: Changes | None = None) -> None:
    """Note what is done next.

    Args:
        turn: Must still hold.
        stage: What.
        changes: When writing, what is to be written.

    Raises:
        TurnLost: If the turn is over.
    """
    turns.keep(turn, stage=stage, done=0, total=_number_of_rows(changes) if changes else 0)


class Progress:
    """Counts what is written, and reports it now and then."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._done = 0
        self._next = time.monotonic() + PAUSE

    def __call__(self, number: int) -> None:
        """Add rows that were just written."""
        self._done += number
        if time.monotonic() >= self._next:
            _report(self._turn, self._done)
            self._next = time.monotonic() + PAUSE


def _number_of_rows(changes: Changes) -> int:
    return sum(
        len(part.added) + len(part.changed) + len(part.removed)
        for part in (changes.hosts, changes.groups)
    )


def _report(turn: Turn, done: int) -> None:
    if db.engine.dialect.name == "sqlite":
        return
    statement = update(InventoryImport).where(
        InventoryImport.id == turn.import_id, InventoryImport.requested_at == turn.until
    )
    with contextlib.suppress(SQLAlchemyError), db.engine.begin() as connection:
        connection.execute(statement.values(done=done))
