"""Ends the runs of this machine when aops as a whole is stopped."""

from __future__ import annotations

import contextlib

import psutil

from aops.config import Settings
from aops.jobs.sweep import process_ids_holding

PATIENCE_SECONDS = 20.0
"""A cancelled run ends within 15 seconds."""


def end_all(settings: Settings, patience: float = PATIENCE_SECONDS) -> int:
    """Ask every run process to cancel its run; tell how many there were.

    A run process holds its slot's lock file for life. One that does not end in time is
    killed, which takes its sandbox along; its job is then marked as lost.
    """
    runs = _carrying(settings)
    for run in runs:
        with contextlib.suppress(psutil.NoSuchProcess):
            run.terminate()
    _gone, left = psutil.wait_procs(runs, patience)
    for run in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            run.kill()
    psutil.wait_procs(left, 1)
    return len(runs)


def _carrying(settings: Settings) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for lock in (settings.home / "slots").glob("*.lock"):
        for pid in process_ids_holding(lock):
            with contextlib.suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(pid))
    return found
