"""``flask up``: all of aops on one machine, in one command."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from types import FrameType

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from aops.cli import demo, embedded, first_start, greeting, lock, runs
from aops.cli.address import Address
from aops.cli.children import Children
from aops.cli.command import Command
from aops.cli.first_start import FirstAdmin
from aops.cli.logs import Logs
from aops.config import Settings
from aops.core.database import database_time, db, read_only, session
from aops.core.errors import AopsError
from aops.execution import sandbox
from aops.jobs.launcher import node_name
from aops.jobs.models import JobStatus, Pulse

_START_SECONDS = 90.0
_LOOK_SECONDS = 0.1


class Stopped(BaseException):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


@click.command("up", cls=Command)
@click.option("--demo", "only_demo", is_flag=True, help="Run the demo job once, and stop.")
@with_appcontext
def up(*, only_demo: bool) -> None:
    """Start web, worker and scheduler, and serve until Ctrl-C.

    The first start makes the database, its keys and the first account, and runs a demo
    job. With --demo every start runs it, and ends with it.
    """
    settings: Settings = current_app.extensions["settings"]
    with _stoppable(exit_code=1 if only_demo else 0), lock.only_one(settings.home):
        address = Address.read(settings.bind)
        address.require_free()
        first_start.prepare_database()
        admin = first_start.make_first_admin(settings)
        session().commit()
        with _introduced(admin) as introduce, _started(settings, address) as children:
            if admin or only_demo:
                _run_demo(children, must_succeed=only_demo)
            if not only_demo:
                greeting.ready(settings, address, _unprotected(settings))
                introduce()
                _serve(children)


@contextlib.contextmanager
def _stoppable(exit_code: int) -> Iterator[None]:
    """Turn both signals into one exception; while it stops, further ones change nothing."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        _ignore_signals()
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        yield
    except Stopped:
        raise click.exceptions.Exit(exit_code) from None


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def _introduced(admin: FirstAdmin | None) -> Iterator[Callable[[], None]]:
    """Give what tells the first password; it is told even if the start fails."""
    untold = [admin] if admin else []

    def introduce() -> None:
        while untold:
            greeting.introduce(untold.pop())

    try:
        yield introduce
    finally:
        introduce()


@contextlib.contextmanager
def _started(settings: Settings, address: Address) -> Iterator[Children]:
    """Have the services answer while the block runs, and nothing of them after it."""
    click.echo(f"Starting web, worker and scheduler in {settings.home} …")
    before = database_time()
    db.session.remove()
    db.engine.dispose()
    environ = embedded.environment(settings)
    logs = Logs(settings.home / "logs", embedded.NAMES, settings.log_bytes, environ)
    children = Children(logs, environ, embedded.PROJECT)
    try:
        children.start(embedded.web(settings))
        children.start(embedded.worker(settings))
        _wait_until(address.answers, "web server", children)
        children.start(embedded.scheduler(settings))  # now, so that the first page comes sooner
        _wait_until(lambda: _worker_reported(before), "worker", children)
        yield children
    finally:
        _ignore_signals()
        click.echo("\nStopping …")
        children.stop()
        canceled = runs.end_all(settings)
        click.echo(f"Stopped. {canceled} running jobs were canceled." if canceled else "Stopped.")


def _wait_until(ready: Callable[[], bool], what: str, children: Children) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not ready():
        children.require_alive()
        if time.monotonic() > deadline:
            raise AopsError(f"The {what} did not answer within {_START_SECONDS:g} seconds.")
        time.sleep(_LOOK_SECONDS)


def _worker_reported(before: datetime) -> bool:
    with _only_reading():
        pulse = session().scalar(
            select(Pulse.seen_at).where(Pulse.name == "worker", Pulse.node == node_name())
        )
        return pulse is not None and pulse > before


def _unprotected(settings: Settings) -> str:
    """Say why runs see all that aops sees; "" if they do not."""
    isolation = embedded.environment(settings)["AOPS_ISOLATION"]
    if isolation == "off":
        return "AOPS_ISOLATION is off."
    return sandbox.probe().detail if isolation == "preferred" else ""


def _run_demo(children: Children, *, must_succeed: bool) -> None:
    click.echo("Running the demo playbook against this machine …")
    job_id = demo.launch().id
    session().commit()
    with _only_reading():
        job = demo.wait(job_id, children.require_alive)
        greeting.report(job)
        if must_succeed and job.status is not JobStatus.SUCCESSFUL:
            raise AopsError("The demo job was not successful.")


@contextlib.contextmanager
def _only_reading() -> Iterator[None]:
    """Look into the database without ever keeping a writer waiting."""
    token = read_only.set(True)
    try:
        yield
    finally:
        session().rollback()
        read_only.reset(token)


def _serve(children: Children) -> None:
    while True:
        children.require_alive()
        time.sleep(_LOOK_SECONDS * 3)
