"""A real set of aops with a home of its own, started with the commands of ``flask up``."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.app import create_app
from aops.cli import embedded
from aops.cli.address import Address
from aops.cli.children import Children, Service
from aops.cli.logs import Logs
from aops.cli.runs import end_all
from aops.config import Settings, read_settings
from aops.core import database
from aops.core.database import db
from aops.core.permissions import Role
from aops.jobs import log
from aops.jobs.models import JobStatus, Pulse
from aops.users import services as users
from bench.browser import Browser
from tests.services.processes import wait_until
from tests.services.server import free_port

BIN = Path(sys.executable).parent
PASSWORD = "Vermilion kettles 42 hum"
_START_SECONDS = 60


class Stack:
    """Starts nothing by itself; every process that it started ends with the block.

    Attributes:
        app: The console in this very process, for looking into the database.
    """

    def __init__(self, **environ: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="aops-bench-"))
        given = {
            "APP_MODE": "production",
            "AOPS_HOME": str(self.directory / "home"),
            "AOPS_BIND": f"127.0.0.1:{free_port()}",
            **environ,
        }
        self.settings: Settings = read_settings(given)
        self.app: Flask = _prepared(self.settings)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AOPS_")}
        environ = kept | given
        folder, size = self.settings.home / "logs", self.settings.log_bytes
        logs = Logs(folder, embedded.NAMES, size, environ)
        self._children = Children(logs, environ, embedded.PROJECT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._children.stop()
        end_all(self.settings)
        with self.app.app_context():
            db.engine.dispose()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def url(self) -> str:
        """The web's address."""
        return Address.read(self.settings.bind).url

    def start_web(self, service: Service | None = None) -> None:
        """Start a web server, ``flask up``'s unless told otherwise, and wait until it answers."""
        self._children.start(service or embedded.web(self.settings))
        wait_until(Address.read(self.settings.bind).answers, _START_SECONDS, "the web")

    def start_worker(self) -> None:
        """Start a worker and the scheduler, and wait until runs could be taken."""
        self._children.start(embedded.worker(self.settings))
        self._children.start(embedded.scheduler(self.settings))
        wait_until(self._swept, _START_SECONDS, "the worker")

    def browser(self) -> Browser:
        """Give a browser in which an administrator is signed in."""
        browser = Browser(self.url)
        browser.sign_in("alice", PASSWORD)
        return browser

    @contextlib.contextmanager
    def database(self, *, read_only: bool = False) -> Iterator[Session]:
        """Open a session of the benchmark's own, committed at the end of the block."""
        token = database.read_only.set(read_only)
        try:
            with self.app.app_context():
                try:
                    yield database.session()
                    database.session().commit()
                finally:
                    db.session.remove()
        finally:
            database.read_only.reset(token)

    def status(self, job_id: int) -> JobStatus:
        """Read how a job stands, so cheaply that asking all the time does not slow it down."""
        with contextlib.closing(sqlite3.connect(self.settings.home / "aops.db")) as connection:
            row = connection.execute("SELECT status FROM jobs WHERE id = ?", [job_id]).fetchone()
        return JobStatus(row[0])

    def output(self, job_id: int) -> str:
        """Read what a job printed so far."""
        with self.database(read_only=True):
            return "".join(log.whole(job_id))

    def _swept(self) -> bool:
        with self.database(read_only=True) as session:
            return session.scalars(select(Pulse).where(Pulse.name == "worker")).first() is not None


def _prepared(settings: Settings) -> Flask:
    """Make the tables, the keys and one administrator."""
    app = create_app(settings)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    app = create_app(settings)  # now the sealing key can be made
    with app.app_context():
        users.create_user("alice", Role.ADMIN, PASSWORD)
        database.session().commit()
        db.session.remove()
        db.engine.dispose()
    return app
