"""Where a run's output waits until the database has it: one file of JSON lines.

The file is the queue between the run and the database. So a database that is away
costs memory nothing, and what a dead run process left behind can still be stored.
The run process holds a lock on it; a free lock means that it is gone.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

Record = dict[str, Any]
"""``kind`` is output, hosts or result; the other keys are the sink's."""

_SUFFIX = ".jsonl"


class Spool:
    """The writing end; there is one for each attempt of a job."""

    def __init__(self, folder: Path, run_id: str) -> None:
        self.path = folder / f"{run_id}{_SUFFIX}"
        draft = folder / f".{run_id}"
        self._file: IO[bytes] = draft.open("wb")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        draft.rename(self.path)  # it is never seen without its lock

    def append(self, record: Record) -> None:
        """Add a record; it is in the operating system's hands when this returns."""
        line = json.dumps(record, ensure_ascii=False)
        self._file.write(line.encode("utf-8", "replace") + b"\n")  # no database stores surrogates
        self._file.flush()

    def sync(self) -> None:
        """Wait until the disk has all of it."""
        os.fsync(self._file.fileno())

    def close(self, *, keep: bool) -> None:
        """Let go of the lock, and delete the file unless somebody must still read it."""
        if not keep:
            self.path.unlink(missing_ok=True)
        self._file.close()


class SpoolReader:
    """The reading end; gives each whole record once."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def batch(self, max_bytes: int = 512 * 1024) -> list[Record]:
        """Give the next records, or none when there are no more yet."""
        records: list[Record] = []
        start = position = self._file.tell()
        while position - start < max_bytes:
            line = self._file.readline()
            if not line.endswith(b"\n"):  # half written, or the end
                self._file.seek(position)
                break
            position += len(line)
            records.append(json.loads(line))
        return records

    def rewind(self, mark: int) -> None:
        """Go back to a mark, since what followed could not be stored."""
        self._file.seek(mark)

    @property
    def mark(self) -> int:
        """Give the position, for ``rewind``."""
        return self._file.tell()


def is_alive(folder: Path, run_id: str) -> bool:
    """Tell whether a run process still holds its spool."""
    try:
        with (folder / f"{run_id}{_SUFFIX}").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def abandoned(folder: Path) -> Iterator[tuple[str, Path]]:
    """Give run id and file of every spool whose run process is gone."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        run_id = path.name.removesuffix(_SUFFIX)
        if not is_alive(folder, run_id):
            yield run_id, path
