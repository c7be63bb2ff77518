"""Processes that start, stop and die together with this one.

honcho and its like signal whole process groups, five seconds later with SIGKILL, and
leave orphans when they are killed themselves; a Celery child between claiming a job
and forking its run must get the time that it needs. See docs/decisions/0007.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aops.cli.logs import Logs
from aops.core.errors import AopsError

STOP_SECONDS = 15.0
"""How long a process may take to end by itself."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Service:
    """A program to run, under the name of its log file."""

    name: str
    command: tuple[str, ...]


class Children:
    """The running services.

    Args:
        logs: Takes what they say.
        environ: Their whole environment.
        folder: Where they are started.
    """

    def __init__(self, logs: Logs, environ: Mapping[str, str], folder: Path) -> None:
        self._logs = logs
        self._environ = environ
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, service: Service) -> None:
        """Start a program that ends when this process does, however that ends."""
        parent = os.getpid()
        with self._logs.input(service.name) as log:
            self._running[service.name] = subprocess.Popen(  # noqa: S603
                service.command,
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we stop them in order
                preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509 - no thread runs yet
            )

    def require_alive(self) -> None:
        """Notice that one of them ended.

        Raises:
            AopsError: With the last lines of its log.
        """
        for name, process in self._running.items():
            code = process.poll()
            if code is not None:
                raise AopsError(
                    f"The {name} ended unexpectedly ({_ending(code)}), so aops stops. "
                    f"The end of {self._logs.file(name)}:\n\n{self._logs.last_lines(name)}"
                )
        self._logs.require_kept()

    def stop(self) -> None:
        """Ask all to end, and end after a while what has not."""
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._logs.close()


def _die_with(parent: int) -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
