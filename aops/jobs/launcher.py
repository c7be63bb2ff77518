"""Starts waiting jobs: takes a slot, claims the oldest, forks a process to carry it.

The fork is of a worker that has everything loaded: the run is under way in
milliseconds, shares the worker's memory, and in a session of its own outlives it.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import socket
import sys

from flask import Flask
from sqlalchemy import select

from aops.config import Settings
from aops.core import actor, log_files
from aops.core.database import db, session
from aops.jobs import lifecycle, process, slots
from aops.jobs.models import Job, JobStatus

_log = logging.getLogger("aops.launcher")
_CANDIDATES = 20


def start_waiting(app: Flask) -> int:
    """Start as many waiting jobs as this machine has room for; tell how many.

    Must be called in a process without other threads that hold locks: a Celery
    prefork child, not a thread pool.
    """
    settings: Settings = app.extensions["settings"]
    started = 0
    while (slot := slots.acquire(settings.home / "slots", settings.max_runs)) is not None:
        claimed = _claim_oldest()
        if claimed is None:
            slots.release(slot)
            break
        _fork(app, slot, *claimed)
        slots.release(slot)  # the run's process holds it now
        started += 1
    return started


def node_name() -> str:
    """Name this machine."""
    return socket.gethostname()


def _claim_oldest() -> tuple[int, int] | None:
    waiting = session().scalars(
        select(Job.id).where(Job.status == JobStatus.PENDING).order_by(Job.id).limit(_CANDIDATES)
    )
    owner = f"{node_name()} pid {os.getpid()}"
    for job_id in waiting.all():
        attempt = lifecycle.claim(job_id, owner)
        session().commit()
        if attempt is not None:
            return job_id, attempt
    session().rollback()
    return None


def _fork(app: Flask, slot: int, job_id: int, attempt: int) -> None:
    """Fork twice, so that the run's process belongs to nobody who could end it."""
    db.session.remove()
    db.engine.dispose()  # no connection may be shared, nor a SQLite file be open twice
    gc.freeze()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # until the run can heed it
    middle = os.fork()
    if middle == 0:
        with contextlib.suppress(BaseException):
            os.setsid()
            if os.fork() == 0:
                _become_run(app, slot, job_id, attempt)
        os._exit(0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    gc.unfreeze()
    os.waitpid(middle, 0)


def _become_run(app: Flask, slot: int, job_id: int, attempt: int) -> None:
    code = 1
    try:
        _cut_loose(app.extensions["settings"], slot)
        app.extensions["celery"]._after_fork()  # noqa: SLF001 - its sockets are the worker's
        actor.become(actor.Actor(name="aops", source=f"run {job_id}-{attempt}"))
        process.carry(app, job_id, attempt)
        code = 0
    except BaseException:  # noqa: BLE001 - the last line of this process
        _log.exception("run %s-%s: its process failed", job_id, attempt)
    finally:
        _wake_next(app)
        logging.shutdown()
        os._exit(code)


def _cut_loose(settings: Settings, slot: int) -> None:
    """Keep nothing of the worker but its memory: no file, no signal handler, no name."""
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGTERM})
    out = log_files.open_shared(settings.home / "logs" / "runs.log", settings.log_bytes)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    for descriptor in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 - read before any is closed
        if descriptor > 2 and descriptor != slot:  # noqa: PLR2004 - the standard three
            with contextlib.suppress(OSError):
                os.close(descriptor)
    logging.basicConfig(
        stream=sys.__stderr__,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        force=True,
    )
    with contextlib.suppress(ImportError):
        import setproctitle  # noqa: PLC0415 - only the run's process is renamed

        setproctitle.setproctitle(f"aops: run (slot {slot})")


def _wake_next(app: Flask) -> None:
    """A slot is about to be free: let a worker look for the next job at once."""
    from aops.core import celery  # noqa: PLC0415

    with contextlib.suppress(Exception), app.app_context():
        celery.send("jobs.dispatch")
