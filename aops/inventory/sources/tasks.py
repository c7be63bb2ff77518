"""What a worker does for dynamic sources; the messages are hints, the database decides.

On each machine one refresh runs at a time, so that sources which do not answer never take
up all of a worker's processes.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any, cast

from celery import shared_task
from flask import Flask, current_app
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from aops.config import Settings
from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory.sources import claims, refreshing
from aops.inventory.sources.claims import Claim, ClaimLost

_log = logging.getLogger(__name__)


@shared_task(name=claims.REFRESH_TASK)
def refresh_sources() -> None:
    """Refresh what waits, one source after the other."""
    refresh_waiting()


@shared_task(name="inventory.look_after_sources")
def look_after_sources() -> None:
    """Free what dead workers held, ask for what is due, and refresh what no message reached."""
    claims.recover()
    session().commit()
    claims.request_due()
    session().commit()
    refresh_waiting()


def refresh_waiting() -> None:
    """Refresh until nothing waits, unless another process of this machine does it already."""
    busy = False
    while not busy and claims.anything_waits():
        session().commit()
        with _alone() as alone:
            busy = not alone
            while alone and refresh_next():
                pass
    session().commit()


def refresh_next() -> bool:
    """Carry one refresh from its claim to its result; tell whether there was one."""
    claim = claims.claim_next()
    session().commit()
    if claim is None:
        return False
    started = time.monotonic()
    with _alive(claim), contextlib.suppress(ClaimLost):  # somebody else decided; ours is unwanted
        _carry(claim, started)
    session().rollback()
    return True


def _carry(claim: Claim, started: float) -> None:
    secrets: list[str] = []
    try:
        question = refreshing.question_of(claim)
        session().commit()
        secrets = [*question.secrets]
        answer = refreshing.ask(question)
        refreshing.succeed(claim, question, answer, time.monotonic() - started)
    except AopsError as error:
        _fail(claim, str(error), started, output=getattr(error, "output", ""), secrets=secrets)
    except ClaimLost:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the refresh must end with a sentence
        _log.exception("refresh %d of source %d failed", claim.refresh_id, claim.source_id)
        _fail(claim, _("aops itself failed; the log of the worker says why."), started)
    else:
        session().commit()


def _fail(
    claim: Claim,
    sentence: str,
    started: float,
    *,
    output: str = "",
    secrets: list[str] | None = None,
) -> None:
    session().rollback()
    refreshing.fail(
        claim, sentence, seconds=time.monotonic() - started, output=output, secrets=secrets or []
    )
    session().commit()


@contextlib.contextmanager
def _alive(claim: Claim) -> Iterator[None]:
    """Give signs of life from a thread, as the source may take long to answer."""
    app = cast("Any", current_app)._get_current_object()  # noqa: SLF001 - the proxy is this thread's
    over = threading.Event()
    thread = threading.Thread(target=_beat, args=(app, claim, over), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(app: Flask, claim: Claim, over: threading.Event) -> None:
    while not over.wait(claims.HEARTBEAT_SECONDS):
        try:
            with app.app_context():
                claims.renew(claim)
                session().commit()
        except SQLAlchemyError as error:  # it is away, or a write takes long; the next one counts
            _log.warning("refresh %d could not renew its lease: %s", claim.refresh_id, error)


@contextlib.contextmanager
def _alone() -> Iterator[bool]:
    """Tell whether no other process of this machine refreshes sources, and keep it so."""
    settings: Settings = current_app.extensions["settings"]
    with (settings.home / "refreshing.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
