"""How many runs a worker machine carries at once: one lock file for each.

A run process holds its file's lock for life, so that a slot is free again however the
process ended, without anybody keeping count.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def acquire(folder: Path, number: int) -> int | None:
    """Take a free slot.

    Args:
        folder: Holds the lock files; made when it is not there.
        number: How many slots there are.

    Returns:
        A file descriptor that holds the slot while any process keeps it open; None
        when all are taken.
    """
    taken = (_take(folder, index) for index in range(number))
    return next((descriptor for descriptor in taken if descriptor is not None), None)


def release(descriptor: int) -> None:
    """Give a slot back."""
    os.close(descriptor)


def free(folder: Path, number: int) -> int:
    """Count the free slots, holding each for a moment only: another process may want one."""
    count = 0
    for index in range(number):
        descriptor = _take(folder, index)
        if descriptor is not None:
            release(descriptor)
            count += 1
    return count


def _take(folder: Path, index: int) -> int | None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / f"{index}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
