"""What Celery calls for imports; a message is only a hint to look into the database."""

from __future__ import annotations

import logging

from celery import shared_task
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from aops.core import actor
from aops.core.database import is_outage, session
from aops.core.errors import AopsError
from aops.inventory import reading
from aops.inventory.changes import Changes
from aops.inventory.imports import progress, services, sweep, turns, work
from aops.inventory.imports.models import ImportStage, ImportStatus
from aops.inventory.imports.progress import Progress
from aops.inventory.imports.turns import Turn, TurnLost
from aops.inventory.imports.work import Plan

_log = logging.getLogger("aops.imports")


@shared_task(name=services.TASK)
def go_on(import_id: int) -> None:
    """Do the next step of an import, if it waits for one."""
    turn = turns.take(import_id)
    session().commit()
    if turn is None:
        return
    who = work.acting_person(turn)
    with actor.acting_as(who), work.in_language_of(who):
        session().commit()
        try:
            _step(turn)
        except TurnLost:
            session().rollback()
        except Exception as error:
            session().rollback()
            if is_outage(error):
                _give_back(turn)
                raise
            _fail(turn, error)


@shared_task(name="inventory.imports.sweep")
def look_after() -> None:
    """Take up what was left lying."""
    sweep.ask_again()
    session().commit()


@shared_task(name="inventory.imports.forget")
def forget() -> None:
    """Drop what nobody needs any more."""
    sweep.forget_old()
    session().commit()


def _step(turn: Turn) -> None:
    if turn.attempt > turns.MAX_ATTEMPTS:
        raise AopsError(
            _("The worker that tried it did not survive it, several times. Nothing was changed.")
        )
    if turn.status is ImportStatus.READING:
        _read(turn)
    progress.begin(turn, ImportStage.COMPARING)
    session().commit()
    plan = work.plan(turn)
    session().commit()
    changes = work.changes_of(plan)
    if turn.status is ImportStatus.APPLYING and _write(turn, plan, changes):
        return
    work.check(plan, changes)
    work.offer(turn, plan, changes)
    session().commit()


def _read(turn: Turn) -> None:
    upload = work.upload_of(turn)
    progress.begin(turn, ImportStage.READING)
    session().commit()
    if upload is not None:
        answer = reading.read_upload(
            upload.kind, upload.content, upload.file_name, upload.vaults, upload.known_hosts
        )
        work.keep_reading(turn, answer)
        session().commit()


def _write(turn: Turn, plan: Plan, changes: Changes) -> bool:
    progress.begin(turn, ImportStage.WRITING, changes)
    session().commit()
    written = work.write(turn, plan, changes, Progress(turn))
    if written:
        session().commit()
    else:
        session().rollback()
    return written


def _give_back(turn: Turn) -> None:
    """Have the sweep find it soon, or after the lease if the database is really away."""
    try:
        turns.give_back(turn)
        session().commit()
    except (TurnLost, SQLAlchemyError):
        session().rollback()


def _fail(turn: Turn, error: Exception) -> None:
    sentence = str(error)
    if not isinstance(error, AopsError):
        _log.error("import %d", turn.import_id, exc_info=error)
        sentence = _("Something went wrong on our side; it was written to the worker's log.")
    try:
        turns.fail(turn, sentence, output=getattr(error, "output", ""))
        session().commit()
    except TurnLost:
        session().rollback()
