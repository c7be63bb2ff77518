"""What belongs to aops on this machine: broker, key, Ansible, sandbox, and the built files."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

from celery import Celery
from flask import current_app
from kombu.exceptions import OperationalError
from kombu.utils.url import maybe_sanitize_url
from sqlalchemy.exc import DatabaseError

from aops.cli.embedded import PROJECT
from aops.cli.finding import Caution, Problem
from aops.config import Settings
from aops.core import keyring
from aops.core.broker import embedded_options
from aops.core.database import db
from aops.execution import sandbox
from aops.execution.layout import ANSIBLE_PLAYBOOK

_CONNECT_SECONDS = 3
_ANSIBLE_SECONDS = 60
_BUILT = ("console.css", "console.js", "theme.js", "job-log.js", "icons.svg")


def broker(settings: Settings) -> str:
    """Connect to it as a launch would."""
    if settings.embedded_broker:
        return _embedded_broker(settings)
    celery: Celery = current_app.extensions["celery"]
    shown = str(maybe_sanitize_url(settings.broker_url))
    with celery.connection_for_write() as connection:
        try:
            connection.ensure_connection(max_retries=1, timeout=_CONNECT_SECONDS)
        except (OperationalError, OSError) as error:
            raise Problem(
                f"{shown} does not answer ({error}). Start it, or mend "
                "AOPS_BROKER_URL. Launches are kept meanwhile."
            ) from error
    return shown


def _embedded_broker(settings: Settings) -> str:
    folder = Path(embedded_options(settings.home)[1]["data_folder_in"])
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise Problem(f"{folder} cannot be written. Give it to the user that runs aops.")
    return f"embedded, in {folder}"


def sealing_key(settings: Settings) -> str:
    """Prove that it is the one that sealed what the database holds."""
    path = keyring.seal_file(settings.keys)
    try:
        keyring.load(settings.keys)
        keyring.verify(settings.keys, db.engine)
    except keyring.KeyProblem as problem:
        raise Problem(str(problem)) from problem
    except DatabaseError as error:
        raise Caution(f"Whether {path} is the right one, only the database can tell.") from error
    if not path.exists():
        raise Problem(f"{path} does not exist yet. Run `flask db upgrade`, then this again.")
    return f"{path}; keep a copy of it outside this machine"


def ansible(_settings: Settings) -> str:
    """Start it."""
    try:
        done = subprocess.run(  # noqa: S603
            [ANSIBLE_PLAYBOOK, "--version"],
            capture_output=True,
            text=True,
            timeout=_ANSIBLE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Problem(
            f"{ANSIBLE_PLAYBOOK} does not work ({error}). "
            "Run: pip install --force-reinstall -r requirements.txt"
        ) from error
    return f"{done.stdout.splitlines()[0]}, ansible-runner {version('ansible-runner')}"


def sandbox_(settings: Settings) -> str:
    """Start a sandbox as a run would."""
    if settings.isolation == "off":
        raise Caution("Runs see all that aops sees, because AOPS_ISOLATION is off.")
    status = sandbox.probe()
    if not status.works and settings.isolation == "required":
        raise Problem(f"Runs are refused on this machine. {status.detail}")
    if not status.works:
        raise Caution(f"Runs are not isolated on this machine. {status.detail}")
    return f"bubblewrap works; isolation is {settings.isolation}"


def assets(_settings: Settings) -> str:
    """Look for what the browser loads."""
    folder = Path(str(current_app.static_folder)) / "dist"
    missing = [name for name in _BUILT if not (folder / name).exists()]
    if missing:
        raise Problem(f"{', '.join(missing)} not built in {folder}. Run: make assets")
    return f"built in {folder}"


def translations(_settings: Settings) -> str:
    """Look whether each catalogue is compiled, and newer than its source; English needs none."""
    sources = sorted((PROJECT / "aops" / "translations").glob("*/LC_MESSAGES/*.po"))
    stale = [source for source in sources if _is_stale(source)]
    if stale or not sources:
        raise Caution("The translations are not compiled. Run: make translations")
    return ", ".join(source.parts[-3] for source in sources)


def _is_stale(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime
