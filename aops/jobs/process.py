"""A run's own process: it carries one job from its claim to its final status.

It is forked from a worker and lives in a session of its own, so that a worker may be
restarted or die. Three threads share the work: the main one pumps the sandbox, one
keeps the lease and watches for a cancel, one moves the spool into the database. None
of them lets a database that is away stop the run.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from aops.config import Settings
from aops.core.database import db, is_outage, session
from aops.core.errors import AopsError
from aops.core.masking import Masker
from aops.execution import supervisor
from aops.execution.spec import Isolation, Listener, Outcome, Place
from aops.jobs import delivery, lifecycle, outcomes
from aops.jobs.lifecycle import ClaimLost
from aops.jobs.models import Job, JobStatus
from aops.jobs.refreshing import GivenUp, refresh_sources
from aops.jobs.runspec import PreparedRun, prepare
from aops.jobs.sink import Sink
from aops.jobs.spool import Record, Spool, SpoolReader

_log = logging.getLogger("aops.run")

FLUSH_SECONDS = 0.25
"""How long lines are collected before they are written to the spool; the first need not wait."""

WATCH_SECONDS = 0.5
RETRY_SECONDS = 2.0
REFUSALS = 3
"""How often the database may refuse the same records, being there, before the run is ended."""


@dataclass
class Run:
    """What the threads of a run share.

    Attributes:
        wish: Why the run must end, once something wants that.
        written: Set when there is something new for the database.
        drained: Set when no more records will come.
    """

    app: Flask
    job_id: int
    attempt: int
    wish: Outcome | None = None
    service_stopped: bool = False
    disk_full: bool = False
    written: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    drained: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)

    @property
    def run_id(self) -> str:
        """Name this attempt."""
        return f"{self.job_id}-{self.attempt}"


def carry(app: Flask, job_id: int, attempt: int) -> None:
    """Carry a claimed job to its end. Must be called in the main thread of a process."""
    run = Run(app, job_id, attempt)
    signal.signal(signal.SIGTERM, lambda *_: _stop_service(run))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        prepared = _begin(run)
    except ClaimLost:
        _log.warning("run %s: the claim was lost before the start", run.run_id)
        return
    except Exception:  # noqa: BLE001 - the job must end with a reason, whatever happened
        _log.exception("run %s: could not be prepared", run.run_id)
        _end_directly(run, lifecycle.BROKEN)
        return
    if prepared is not None:
        _execute(run, prepared)


def _begin(run: Run) -> PreparedRun | None:
    """Give the first heartbeat, before the first process; wait for a database that is away."""
    while True:
        try:
            with run.app.app_context():
                lifecycle.heartbeat(run.job_id, run.attempt)
                session().commit()
                return _prepare(run)
        except SQLAlchemyError as error:
            if not is_outage(error):
                raise
            _say_away(run, error)
            time.sleep(RETRY_SECONDS)


def _prepare(run: Run) -> PreparedRun | None:
    job = session().get_one(Job, run.job_id)
    try:
        if not lifecycle.launcher_may_still_launch(job):
            raise AopsError(lifecycle.NOT_ALLOWED)  # noqa: TRY301 - one place says why not
        refresh_sources(job, lambda: run.service_stopped)
        prepared = prepare(job)
        session().commit()
    except AopsError as error:
        session().rollback()
        lifecycle.refuse(run.job_id, run.attempt, str(error))
        session().commit()
        return None
    except GivenUp:
        reason = lifecycle.SERVICE_STOPPED if run.service_stopped else ""
        lifecycle.finish(run.job_id, run.attempt, JobStatus.CANCELED, reason=reason)
        session().commit()
        return None
    return prepared


def _execute(run: Run, prepared: PreparedRun) -> None:
    settings: Settings = run.app.extensions["settings"]
    spool = Spool(settings.spool_dir, run.run_id)

    def append(record: Record) -> None:
        spool.append(record)
        run.written.set()

    sink = Sink(append, Masker(prepared.secrets))
    threads = [
        threading.Thread(target=_keep_lease, args=(run,), name="lease"),
        threading.Thread(target=_move, args=(run, spool), name="store"),
    ]
    for thread in threads:
        thread.daemon = True
        thread.start()
    _supervise(run, prepared, settings, sink)
    run.over.set()
    run.written.set()
    threads[1].join()
    run.drained.set()
    if run.disk_full and not run.finished.is_set():
        _end_directly(run, lifecycle.DISK_FULL)
    spool.close(keep=not run.finished.is_set())


def _supervise(run: Run, prepared: PreparedRun, settings: Settings, sink: Sink) -> None:
    """Run it; the listener's functions are all called by this thread."""
    flushed_at = 0.0

    def write(work: Callable[[], None]) -> None:
        try:
            work()
        except OSError:
            _log.exception("run %s: the spool cannot be written", run.run_id)
            run.disk_full = True
            run.wish = run.wish or Outcome.CANCELED

    def flush() -> None:
        nonlocal flushed_at
        if time.monotonic() - flushed_at >= FLUSH_SECONDS and sink.flush():
            flushed_at = time.monotonic()

    def stop_requested() -> Outcome | None:  # asked again and again: the sink's clock
        write(flush)
        return run.wish

    result = supervisor.run(
        prepared.spec,
        Place(runs_dir=settings.runs_dir, isolation=Isolation(settings.isolation)),
        Listener(
            on_output=lambda data: write(lambda: sink.output(data)),
            on_event=lambda event: write(lambda: sink.event(event)),
            stop_requested=stop_requested,
        ),
    )
    write(lambda: sink.finish(result))


def _end_directly(run: Run, reason: str) -> None:
    """End a job without its spool; a database that is away leaves it to the sweep."""
    try:
        with run.app.app_context():
            _commit(partial(_finish_as_failed, run, reason))
    except (ClaimLost, SQLAlchemyError):
        _log.exception("run %s: its end could not be stored", run.run_id)


def _finish_as_failed(run: Run, reason: str) -> None:
    lifecycle.finish(run.job_id, run.attempt, JobStatus.FAILED, reason=reason)
    outcomes.publish(run.job_id)


def _stop_service(run: Run, _signal: int = 0, _frame: FrameType | None = None) -> None:
    run.service_stopped = True
    run.wish = run.wish or Outcome.CANCELED


def _keep_lease(run: Run) -> None:
    """Heartbeat, and watch for a cancel, until the run has its final status."""
    last = 0.0

    def look() -> None:
        nonlocal last
        if time.monotonic() - last >= lifecycle.HEARTBEAT_SECONDS:
            lifecycle.heartbeat(run.job_id, run.attempt)
            last = time.monotonic()
        if lifecycle.cancel_requested(run.job_id, run.attempt):
            run.wish = run.wish or Outcome.CANCELED

    while not run.drained.wait(WATCH_SECONDS):
        try:
            with run.app.app_context():
                _commit(look)
        except ClaimLost:
            if not run.finished.is_set():
                run.wish = Outcome.LOST
            return
        except SQLAlchemyError as error:
            _say_away(run, error)


def _move(run: Run, spool: Spool) -> None:
    """Move records from the spool into the database until the result is stored."""
    refused = 0
    with SpoolReader(spool.path) as reader:
        while not run.finished.is_set():
            run.written.clear()  # before asking whether it is over: else that news could be missed
            over = run.over.is_set()  # asked before looking: what follows is then the rest
            mark = reader.mark
            records = reader.batch()
            if not records:
                if over:
                    return  # only without a result: the sink could not write it
                run.written.wait()
                continue
            try:
                with run.app.app_context():
                    _commit(partial(_deliver, run, records))
            except ClaimLost:
                run.wish = Outcome.LOST
                run.finished.set()  # somebody else decided: nothing of ours is wanted
            except SQLAlchemyError as error:
                _say_away(run, error)
                refused = 0 if is_outage(error) else refused + 1
                if refused == REFUSALS:
                    run.wish = Outcome.LOST
                    run.finished.set()
                    _end_directly(run, lifecycle.NOT_STORED)
                reader.rewind(mark)
                time.sleep(RETRY_SECONDS)
            else:
                refused = 0
                if records[-1]["kind"] == "result":
                    run.finished.set()


def _deliver(run: Run, records: list[Record]) -> None:
    delivery.deliver(run.job_id, run.attempt, records, service_stopped=run.service_stopped)


def _commit(work: Callable[[], None]) -> None:
    try:
        work()
        session().commit()
    except BaseException:
        session().rollback()
        raise
    finally:
        db.session.remove()


def _say_away(run: Run, error: SQLAlchemyError) -> None:
    if is_outage(error):
        _log.warning("run %s: the database is away: %s", run.run_id, type(error).__name__)
    else:
        _log.error("run %s: the database refused", run.run_id, exc_info=error)
