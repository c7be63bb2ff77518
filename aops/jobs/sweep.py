"""What must happen even if no message arrives and no process survives.

Runs every few seconds on each worker: stores what dead run processes left behind,
marks their jobs as lost, removes their directories, and notes that the worker lives.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from flask import Flask

from aops.config import VERSION, Settings
from aops.core.database import database_time, session, utc_now
from aops.core.upsert import upsert
from aops.execution import sandbox, workspace
from aops.jobs import delivery, launcher, lifecycle, outcomes, slots, spool
from aops.jobs.lifecycle import ClaimLost
from aops.jobs.models import Pulse
from aops.jobs.store import store

_log = logging.getLogger("aops.sweep")


def sweep(app: Flask) -> None:
    """Do all of it; each step commits on its own."""
    settings: Settings = app.extensions["settings"]
    pulse(settings)
    session().commit()
    for run_id, path in list(spool.abandoned(settings.spool_dir)):
        _salvage_or_say_why(run_id, path)
    workspace.sweep(settings.runs_dir, lambda run_id: spool.is_alive(settings.spool_dir, run_id))
    for job_id in lifecycle.reap():
        outcomes.publish(job_id)
    session().commit()


def salvage(run_id: str, path: Path) -> None:
    """Store what a dead run process left in its spool, and end its job.

    A spool that ends with a result says how the run ended; the process then only died
    before the database heard of it. Without one the job is lost.
    """
    job_id, attempt = map(int, run_id.split("-"))
    with spool.SpoolReader(path) as reader:
        while records := reader.batch():
            _salvage_batch(job_id, attempt, records)
    if lifecycle.lose(job_id, attempt):
        _log.warning("run %s: its process died; the job is marked as lost", run_id)
    outcomes.publish(job_id)  # also of one that was marked before its last counts came
    session().commit()
    path.unlink(missing_ok=True)


def _salvage_or_say_why(run_id: str, path: Path) -> None:
    """Keep one damaged spool from stopping the rest; the job is reaped in any case."""
    try:
        salvage(run_id, path)
    except FileNotFoundError:
        session().rollback()  # another sweep of this machine was faster
    except Exception:  # noqa: BLE001 - whatever it is, the other runs must not wait for it
        session().rollback()
        _log.exception("run %s: what it left in %s could not be stored", run_id, path)


def _salvage_batch(job_id: int, attempt: int, records: list[spool.Record]) -> None:
    """Store a batch; a job that was ended meanwhile still gets its output."""
    for fenced in (True, False):
        try:
            if fenced:
                delivery.deliver(job_id, attempt, records)
            else:
                store(job_id, attempt, records, fenced=False)
            session().commit()
        except ClaimLost:
            session().rollback()
        else:
            return


def pulse(settings: Settings) -> None:
    """Note that this worker lives, what it has room for, and whether it can isolate runs."""
    key = {"name": "worker", "node": launcher.node_name()}
    if session().get(Pulse, key) is None:  # two processes of a worker may begin together
        upsert(Pulse, [{**key, "seen_at": database_time()}], keep=("seen_at",))
    row = session().get_one(Pulse, key, with_for_update=True)
    row.seen_at = utc_now()
    row.version = VERSION
    row.free_slots = slots.free(settings.home / "slots", settings.max_runs)
    row.isolation = _isolation(settings)
    session().flush()


def _isolation(settings: Settings) -> str:
    if settings.isolation == "off":
        return "off"
    status = sandbox.probe()
    return "" if status.works else f"{settings.isolation}: {status.detail}"


def process_ids_holding(path: Path) -> list[int]:
    """Find the processes that have a file open."""
    wanted = path.resolve()
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if any(link.resolve() == wanted for link in (entry / "fd").iterdir()):
                found.append(int(entry.name))
    return found
