"""Which processes make up aops on one machine, and with what they are started."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from aops.cli.children import Service
from aops.config import Settings

PROJECT = Path(__file__).resolve().parents[2]
"""Where gunicorn and Celery find the package `aops`."""

NAMES = WEB, WORKER, SCHEDULER = ("web", "worker", "scheduler")
"""The services, as their log files are called."""

_BIN = Path(sys.executable).parent


def environment(settings: Settings) -> dict[str, str]:
    """Give the services' environment: ours, plus what they must agree on.

    The embedded set is the first look at aops, also on machines where bubblewrap cannot
    work; so isolation is preferred unless somebody decided. Every page then warns.
    """
    environ = dict(os.environ)
    environ["AOPS_HOME"] = str(settings.home)
    environ["AOPS_ISOLATION"] = environ.get("AOPS_ISOLATION", "").strip() or "preferred"
    environ.pop("AOPS_ADMIN_PASSWORD", None)  # only the first start needs it
    environ.pop("WEB_CONCURRENCY", None)
    return environ


def web(settings: Settings) -> Service:
    """Give the web server: threads on SQLite, which would block an event loop."""
    common = ("-n", "aops_server", "--bind", settings.bind, "--log-level", settings.log_level)
    if settings.database_url.startswith("sqlite"):
        pool: tuple[str, ...] = ("-k", "gthread", "--workers", "1", "--threads", "8")
    else:
        pool = ("-k", "gevent", "--workers", str(min(4, max(2, os.cpu_count() or 2))))
    return Service(WEB, (*_program("gunicorn"), *common, *pool, "aops"))


def worker(settings: Settings) -> Service:
    """Give the worker; it only starts runs, so one process of it is enough."""
    return Service(WORKER, (*_celery("worker", settings), "--pool", "prefork", "-c", "1"))


def scheduler(settings: Settings) -> Service:
    """Give the one scheduler."""
    return Service(SCHEDULER, (*_celery("beat", settings), "--pidfile="))


def _celery(command: str, settings: Settings) -> tuple[str, ...]:
    """Celery tells every task at info, which the sweep would turn into a full disk."""
    level = "warning" if settings.log_level == "info" else settings.log_level
    return (*_program("celery"), "-A", "aops.worker", command, "-l", level)


def _program(name: str) -> tuple[str, ...]:
    return (sys.executable, str(_BIN / name))
