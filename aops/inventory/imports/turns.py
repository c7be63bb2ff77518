"""Who works at an import: one worker at a time, and another one only if that one died.

A worker takes an import by putting off its ``requested_at``; whatever it writes later names
that moment, so that one who was too slow writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from aops.core import clock
from aops.core.database import database_time, session
from aops.inventory.imports.models import ImportStage, ImportStatus, InventoryImport

LEASE = timedelta(minutes=5)
"""Longer than the limits of a reading and a big write together."""

MAX_ATTEMPTS = 3
WORKING = (ImportStatus.READING, ImportStatus.APPLYING)


class TurnLost(Exception):  # noqa: N818 - reads as what happened
    """Another worker took over, or the import was discarded; nothing may be written."""


@dataclass(frozen=True)
class Turn:
    """One worker's right to work at one import.

    Attributes:
        until: When the right ends; names this turn and no other.
        attempt: 1 unless an earlier worker died.
    """

    import_id: int
    status: ImportStatus
    until: datetime
    attempt: int


def take(import_id: int) -> Turn | None:
    """Begin to work at an import; None if it does not wait, or another worker is at it."""
    now = database_time()
    until = now + LEASE
    taken = _rows_changed(
        update(InventoryImport)
        .where(
            InventoryImport.id == import_id,
            InventoryImport.status.in_(WORKING),
            InventoryImport.requested_at <= now,
        )
        .values(
            requested_at=until,
            attempt=InventoryImport.attempt + 1,
            stage=ImportStage.WAITING,
        )
    )
    if not taken:
        return None
    query = select(InventoryImport.status, InventoryImport.attempt)
    status, attempt = session().execute(query.where(InventoryImport.id == import_id)).one()
    return Turn(import_id, status, until, attempt)


def keep(turn: Turn, **values: Any) -> None:
    """Write what a turn has brought.

    Raises:
        TurnLost: If the turn is over.
    """
    changed = _rows_changed(
        update(InventoryImport)
        .where(
            InventoryImport.id == turn.import_id,
            InventoryImport.status == turn.status,
            InventoryImport.requested_at == turn.until,
        )
        .values(values)
    )
    if not changed:
        raise TurnLost
    session().expire_all()


def give_back(turn: Turn) -> None:
    """Let any worker try again at once, as after a deadlock; this try does not count.

    Raises:
        TurnLost: If the turn is over.
    """
    keep(turn, requested_at=database_time(), attempt=turn.attempt - 1)


def fail(turn: Turn, sentence: str, *, output: str = "") -> None:
    """End an import with the reason why nothing was changed.

    Raises:
        TurnLost: If the turn is over.
    """
    keep(
        turn,
        status=ImportStatus.FAILED,
        error=sentence,
        output=output,
        finished_at=clock.now(),
        snapshot=None,
    )


def _rows_changed(statement: Any) -> int:
    answer: Any = session().execute(statement.execution_options(synchronize_session=False))
    return int(answer.rowcount)
