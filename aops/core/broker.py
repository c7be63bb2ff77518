"""The embedded broker: messages are files, so that no service has to be installed.

kombu's own filesystem transport writes into the file that a reader may already
take, and loses messages. This one makes a message appear, and be claimed, by a
rename within one folder. Every queue is addressed by its name alone; there are no
exchange tables to keep in step. What Celery tells to whoever may listen, such as a worker's
heartbeat every two seconds, is dropped: it would lie in the folder for good.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from queue import Empty
from typing import Any, cast

from kombu.transport import TRANSPORT_ALIASES, filesystem

SCHEME = "aopsfiles"

_LOOK_SECONDS = 0.25
"""How often the folder is listed where the bell was not heard."""

_KEPT_SECONDS = 3600
"""Older messages are swept up when a process starts: each only hints at what a sweep finds."""


class Channel(filesystem.Channel):
    """Puts and claims messages by rename."""

    supports_fanout = False

    def _folder(self) -> Path:
        folder = Path(self.data_folder_in)
        folder.mkdir(mode=0o700, exist_ok=True)  # somebody may have tidied up
        return folder

    def _lookup(self, exchange: str, routing_key: str, default: Any = None) -> list[str]:
        kind = cast("Any", self).typeof(exchange).type
        return [routing_key or default] if kind == "direct" else []

    def _queue_bind(self, *_args: Any) -> None:
        """A queue's name is its address."""

    def _delete(self, queue: str, *_args: Any, **_kwargs: Any) -> None:
        self._purge(queue)

    def _put(self, queue: str, payload: Any, **_kwargs: Any) -> None:  # type: ignore[override]
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}.{queue}"
        draft = self._folder() / f".{name}"
        draft.write_text(json.dumps(payload))
        draft.rename(self._folder() / f"{name}.msg")
        _ring(_bell_of(self._folder()))

    def _get(self, queue: str, *_args: Any) -> Any:
        for path in self._candidates(queue):
            claimed = path.with_suffix(f".{uuid.uuid4().hex}.taken")
            try:
                path.rename(claimed)
                payload = claimed.read_bytes()
                claimed.unlink()
            except FileNotFoundError:  # another worker was faster, or it was swept up as too old
                continue
            return json.loads(payload)
        raise Empty

    def _candidates(self, queue: str) -> Iterator[Path]:
        """Give the oldest messages; the folder is listed again only once a list is used up."""
        listed = self._listed[queue]
        while listed:
            yield listed.popleft()
        listed.extend(self._waiting(queue))
        while listed:
            yield listed.popleft()

    @cached_property
    def _listed(self) -> defaultdict[str, deque[Path]]:
        return defaultdict(deque)

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    def _purge(self, queue: str) -> int:
        waiting = self._waiting(queue)
        for path in waiting:
            path.unlink(missing_ok=True)
        return len(waiting)

    def _waiting(self, queue: str) -> list[Path]:
        ending = f".{queue}.msg"
        return sorted(path for path in self._folder().iterdir() if path.name.endswith(ending))


class Transport(filesystem.Transport):
    """Makes Celery use the channel above, and wait for the bell instead of looking all the time."""

    Channel = Channel

    def drain_events(  # type: ignore[override]
        self,
        connection: Any,  # noqa: ARG002
        timeout: float | None = None,
    ) -> None:
        """Deliver one message; a ring before or during the look is never slept through.

        Raises:
            TimeoutError: If none came in time.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        client: Any = self.client
        cycle: Any = self.cycle
        with _listening(_bell_of(Path(client.transport_options["data_folder_in"]))) as bell:
            while True:
                try:
                    cycle.get(self._deliver, timeout=timeout)
                except Empty:
                    left = _LOOK_SECONDS if deadline is None else deadline - time.monotonic()
                    if left <= 0:
                        raise TimeoutError from None
                    _wait(bell, min(left, _LOOK_SECONDS))
                else:
                    return


def embedded_options(home: Path) -> tuple[str, dict[str, Any]]:
    """Give the broker URL and the transport options; makes the folder and the bell."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
    folder = home / "broker"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        os.mkfifo(_bell_of(folder), 0o600)
    _sweep(folder)
    options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder),
    }
    return f"{SCHEME}://localhost/", options


def _sweep(folder: Path) -> None:
    """Remove what nobody takes: the rest of killed processes, and hints that came to nothing."""
    oldest = time.time() - _KEPT_SECONDS
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def _bell_of(folder: Path) -> Path:
    """Name the pipe that is rung for each message, so that nobody need list the folder."""
    return folder.with_suffix(".bell")


def _ring(bell: Path) -> None:
    with contextlib.suppress(OSError):  # nobody listens, or it is ringing already
        pipe = os.open(bell, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(pipe, b"\a")
        finally:
            os.close(pipe)


@contextlib.contextmanager
def _listening(bell: Path) -> Iterator[int]:
    pipe = os.open(bell, os.O_RDWR | os.O_NONBLOCK)  # as a writer too, or it would end
    try:
        yield pipe
    finally:
        os.close(pipe)


def _wait(bell: int, seconds: float) -> None:
    """Wait for a ring, and hush it: the look that follows sees all that rang before."""
    if select.select([bell], [], [], seconds)[0]:
        with contextlib.suppress(BlockingIOError):  # another worker hushed it
            os.read(bell, 1 << 16)
