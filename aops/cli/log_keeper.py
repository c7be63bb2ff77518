"""Writes what the services say into their log files, and begins a new one when one is full.

A program of its own, started by its path, that imports nothing of aops. It is the only one
that writes these files, so nothing is lost while they are renamed; and it stays until
nobody can say anything any more, so that no service meets a broken pipe, not even when
``flask up`` is killed.

usage: log_keeper.py BYTES KEPT DESCRIPTOR=FILE...
"""

from __future__ import annotations

import os
import signal
import sys
from logging import LogRecord, makeLogRecord
from logging.handlers import RotatingFileHandler
from threading import Thread

_LONGEST_LINE = 65_536


class LogFile(RotatingFileHandler):
    """A log file, and the full ones before it."""

    def handleError(self, record: LogRecord) -> None:  # noqa: N802 - overrides logging's
        """Go on: a full disk costs lines of the log, never the service that writes them."""


def main(max_bytes: int, kept: int, files: list[str]) -> None:
    """Keep every file until its pipe is closed by all who write to it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o077)
    threads = [Thread(target=_keep, args=(file, max_bytes, kept)) for file in files]
    for thread in threads:
        thread.start()


def _keep(file: str, max_bytes: int, kept: int) -> None:
    descriptor, _, path = file.partition("=")
    log = LogFile(path, maxBytes=max_bytes, backupCount=kept, encoding="utf-8", delay=True)
    with os.fdopen(int(descriptor), "rb") as said:
        while line := said.readline(_LONGEST_LINE):
            text = line.decode("utf-8", "backslashreplace").removesuffix("\n")
            log.handle(makeLogRecord({"msg": text}))
    log.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
