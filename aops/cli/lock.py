"""One embedded set to a folder: two would share a database but not each other's plans."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from aops.core.errors import AopsError


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the folder while the block runs.

    The kernel lets go of the lock when this process ends, even by kill -9.

    Raises:
        AopsError: If another `flask up` holds it.
    """
    path = home / "up.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = file.read().strip() or "unknown"
            message = (
                f"aops already runs from {home} (process {pid}). Stop it with `kill {pid}`, "
                "or start another one from its own folder: AOPS_HOME=FOLDER AOPS_BIND=… make run"
            )
            raise AopsError(message) from error
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield
