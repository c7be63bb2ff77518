"""What must happen to imports even if a message is lost, a worker dies or a person forgets."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, select, update

from aops.core import celery, clock
from aops.core.database import database_time, session
from aops.inventory.imports import services
from aops.inventory.imports.models import ImportStatus, InventoryImport
from aops.inventory.imports.turns import WORKING

PATIENCE = timedelta(seconds=5)
KEPT_FOR = timedelta(days=1)


def ask_again() -> None:
    """Wake a worker for each import that waits and that none is working at."""
    now = database_time()
    query = select(InventoryImport.id).where(
        InventoryImport.status.in_(WORKING), InventoryImport.requested_at < now - PATIENCE
    )
    for key in session().scalars(query).all():
        _set(InventoryImport.id == key, requested_at=now)
        celery.send_after_commit(services.TASK, key)


def forget_old() -> None:
    """Discard what nobody confirmed within a day, and drop what ended imports still hold."""
    long_ago = clock.now() - KEPT_FOR
    _set(
        InventoryImport.status == ImportStatus.READY,
        InventoryImport.created_at < long_ago,
        status=ImportStatus.DISCARDED,
        finished_at=clock.now(),
    )
    _set(
        InventoryImport.status.in_((ImportStatus.FAILED, ImportStatus.DISCARDED)),
        InventoryImport.created_at < long_ago,
        or_(InventoryImport.content.is_not(None), InventoryImport.snapshot.is_not(None)),
        content=None,
        snapshot=None,
    )


def _set(*conditions: object, **values: object) -> None:
    session().execute(
        update(InventoryImport)
        .where(*conditions)  # type: ignore[arg-type]
        .values(**values)
        .execution_options(synchronize_session=False)
    )
