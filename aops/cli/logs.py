"""The log files of `flask up`'s services: one process apart writes all of them.

See log_keeper.py for why it is apart.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from aops.core.errors import AopsError
from aops.core.log_files import KEPT

_PROGRAM = Path(__file__).with_name("log_keeper.py")
_LAST_LINES = 15
_WRITTEN_SECONDS = 0.3
_END_SECONDS = 5.0


class Logs:
    """The files, and the process that writes them.

    Args:
        folder: Where the files lie.
        names: Of the services that will write.
        max_bytes: How large a file grows before a new one is begun.
        environ: The writing process's whole environment.
    """

    def __init__(
        self, folder: Path, names: tuple[str, ...], max_bytes: int, environ: Mapping[str, str]
    ) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pipes = {name: os.pipe() for name in names}
        self._inputs = {name: write for name, (_read, write) in pipes.items()}
        files = [f"{read}={self.file(name)}" for name, (read, _write) in pipes.items()]
        ends = [read for read, _write in pipes.values()]
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", str(_PROGRAM), str(max_bytes), str(KEPT), *files],
            env=environ,
            stdin=subprocess.DEVNULL,
            pass_fds=ends,
            start_new_session=True,  # Ctrl-C is not for it: it ends after all others
        )
        for end in ends:
            os.close(end)

    def file(self, name: str) -> Path:
        """Say where a service's output goes."""
        return self._folder / f"{name}.log"

    @contextlib.contextmanager
    def input(self, name: str) -> Iterator[int]:
        """Give what a service writes to, once; it then belongs to the service alone."""
        descriptor = self._inputs.pop(name)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def last_lines(self, name: str) -> str:
        """Give the end of a service's log, once what it said last is written."""
        time.sleep(_WRITTEN_SECONDS)
        file = self.file(name)
        text = file.read_text(errors="replace") if file.exists() else ""
        return "\n".join(text.splitlines()[-_LAST_LINES:])

    def require_kept(self) -> None:
        """Notice that nobody writes the files any more.

        Raises:
            AopsError: Saying so: the services would soon wait for it in vain.
        """
        if self._process.poll() is not None:
            raise AopsError(
                f"The process that writes {self._folder} ended unexpectedly, so aops stops."
            )

    def close(self) -> None:
        """Wait until all is written; must be called when the services have ended."""
        while self._inputs:
            os.close(self._inputs.popitem()[1])
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
