"""Log files that do not grow without end: the newest under its name, a few older ones beside it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

KEPT = 4
"""How many full files stay beside the newest one; NAME.1 is the youngest of them."""


def open_shared(path: Path, max_bytes: int) -> int:
    """Open a log that several processes append to, each of them for life.

    Who finds it full begins a new one; who has it open goes on writing into the one that
    was renamed. So nobody has to be told, and no line is lost.

    Returns:
        A descriptor that appends.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _only_one(path.parent), contextlib.suppress(OSError):
        if path.exists() and path.stat().st_size >= max_bytes:
            RotatingFileHandler(path, backupCount=KEPT, delay=True).doRollover()
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let one process at a time rename files here; the kernel lets go if it dies."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
