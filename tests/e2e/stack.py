"""A real set of aops: web, worker and scheduler as processes, with a home of their own.

Nothing is imitated. A test talks to the web through HTTP or a browser, breaks what it
likes by process id, and looks into the same database to see what really happened.
"""

import contextlib
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import psutil
import requests
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy.orm import Session

from aops.app import create_app
from aops.config import read_settings
from aops.core import crypto, database, keyring
from aops.core.database import db
from aops.core.permissions import Role
from aops.jobs.models import Job, Pulse
from aops.jobs.sweep import process_ids_holding
from aops.users import services as users
from tests.e2e.console import Console
from tests.services.processes import wait_until
from tests.services.server import Server, end, free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PASSWORD = "Vermilion kettles 42 hum"
CAST = {"alice": Role.ADMIN, "arthur": Role.AUTHOR, "oscar": Role.OPERATOR, "victor": Role.VIEWER}


class Part(Server):
    """One of the processes that make up aops."""

    def __init__(self, stack: "Stack", name: str, arguments: Sequence[str]) -> None:
        self._stack = stack
        self._arguments = arguments
        self._process = None
        self.program = name
        self.executable = sys.executable
        self.directory = stack.directory / name
        self.directory.mkdir()
        self.environment = dict(stack.environment)

    def command(self) -> Sequence[str]:
        """Return the command line, as an administrator would write it."""
        return [self.executable, *self._arguments]


class Web(Part):
    """gunicorn."""

    def answers(self) -> bool:
        """Tell whether the sign-in page comes."""
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self._stack.url}/sign-in", timeout=5).ok
        return False


class Worker(Part):
    """Celery's worker."""

    def start(self) -> None:
        """Start it and come back once it has swept."""
        self._before = self._stack.last_sweep()
        super().start()

    def answers(self) -> bool:
        """Tell whether it has swept since it was started."""
        return self._stack.last_sweep() != self._before


class Scheduler(Part):
    """Celery beat."""

    def answers(self) -> bool:
        """Tell whether it keeps its schedule."""
        return any(self._stack.home.glob("beat-schedule*"))


class Stack:
    """aops, started as its manual says.

    Attributes:
        home: AOPS_HOME.
        url: Where the web answers.
        app: The console in this very process, for looking into the database.
        canary: A secret in the services' environment, which no run may see.
    """

    def __init__(self, *, database_url: str = "", broker_url: str = "", **settings: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="aops-stack-"))
        self.home = self.directory / "home"
        self.canary = f"canary-{secrets.token_hex(12)}"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        given = {
            "APP_MODE": "production",
            "AOPS_HOME": str(self.home),
            "AOPS_BIND": f"127.0.0.1:{port}",
            "AOPS_DATABASE_URL": database_url,
            "AOPS_BROKER_URL": broker_url or "embedded",
            **settings,
        }
        self.environment = given | {
            "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(self.directory),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "CANARY": self.canary,
        }
        self.app = _prepared(given)
        kind = ("-k", "gevent", "--workers", "2")
        if not database_url:
            kind = ("-k", "gthread", "--workers", "1", "--threads", "8")
        self.web = Web(
            self,
            "web",
            [
                *(str(BIN / "gunicorn"), "-c", str(ROOT / "gunicorn.conf.py"), *kind),
                *("-n", "aops_server", "aops"),
            ],
        )
        celery = [str(BIN / "celery"), "-A", "aops.worker"]
        self.worker = Worker(
            self, "worker", [*celery, "worker", "--pool", "prefork", "-c", "1", "-l", "info"]
        )
        self.scheduler = Scheduler(self, "scheduler", [*celery, "beat", "--pidfile=", "-l", "info"])

    @property
    def parts(self) -> tuple[Part, ...]:
        """All processes."""
        return self.web, self.worker, self.scheduler

    def __enter__(self) -> Self:
        try:
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda part: part.start(), self.parts))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes, runs included, and remove all that they wrote."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda part: part.stop(), self.parts))
        end(self.run_processes())
        with self.app.app_context():
            db.engine.dispose()
        shutil.rmtree(self.directory, ignore_errors=True)

    @contextlib.contextmanager
    def database(self) -> Iterator[Session]:
        """Open a session of the tests' own, and commit at the end of the block."""
        with self._own_key(), self.app.app_context():
            try:
                yield database.session()
                database.session().commit()
            finally:
                db.session.remove()

    def console(self, username: str = "alice") -> Console:
        """Give a browser without JavaScript in which that person is signed in."""
        return Console(self.url).sign_in(username, PASSWORD)

    def job(self, job_id: int) -> Job:
        """Read a job as it is now."""
        with self._reading() as session:
            job = session.get_one(Job, job_id)
            session.expunge(job)
            return job

    def id_of(self, model: type, **values: object) -> int:
        """Find the one row with these values."""
        with self._reading() as session:
            return session.query(model).filter_by(**values).one().id

    def last_sweep(self) -> object:
        """Tell when a worker last gave a sign of life."""
        with self._reading() as session:
            return session.query(Pulse.seen_at).filter_by(name="worker").scalar()

    def run_processes(self, job_id: int | None = None) -> list[int]:
        """Find the processes that carry runs, or one run, by the files that they hold."""
        spools = (self.home / "spool").glob(f"{job_id or '*'}-*.jsonl")
        return [pid for spool in spools for pid in process_ids_holding(spool)]

    def run_process(self, job_id: int) -> psutil.Process:
        """Wait for the one process that carries a run."""
        return psutil.Process(wait_until(lambda: self.run_processes(job_id), 20, "the run")[0])

    def log(self) -> str:
        """Return what all processes and runs have written so far."""
        runs = self.home / "logs" / "runs.log"
        texts = [f"== {part.program} ==\n{part.log()[-4000:]}" for part in self.parts]
        return "\n".join([*texts, runs.read_text() if runs.exists() else ""])

    def kill_run(self, job_id: int) -> psutil.Process:
        """Kill the process that carries a run as a power cut would; give what it was."""
        process = self.run_process(job_id)
        os.kill(process.pid, signal.SIGKILL)
        return process

    @contextlib.contextmanager
    def _own_key(self) -> Iterator[None]:
        """Seal with this set's key: a process has one, and the tests look after several sets."""
        before = crypto._keyring
        crypto.use(crypto.read_keyring(keyring.seal_file(self.home / "keys")))
        try:
            yield
        finally:
            crypto._keyring = before

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Session]:
        token = database.read_only.set(True)
        try:
            with self.app.app_context():
                try:
                    yield database.session()
                finally:
                    db.session.remove()
        finally:
            database.read_only.reset(token)


def _prepared(environ: dict[str, str]) -> Flask:
    """Make the tables, the keys and the cast."""
    settings = read_settings(environ)
    app = create_app(settings)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    app = create_app(settings)  # now the sealing key can be made
    with app.app_context():
        for username, role in CAST.items():
            users.create_user(username, role, PASSWORD)
        database.session().commit()
        db.session.remove()
        db.engine.dispose()
    return app
