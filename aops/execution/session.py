"""One child from its start to the proof that nothing of it is left.

A single loop in a single thread reads what the run prints, what its callback plugin
tells, and what the child says; and asks ten times a second whether to stop.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import subprocess
import time
from dataclasses import dataclass, field
from typing import Protocol

from aops.execution import processes
from aops.execution.events import EventReader
from aops.execution.layout import Layout
from aops.execution.order import Order
from aops.execution.spec import EventKind, Listener, Outcome
from aops.execution.stopping import Stopping
from aops.execution.workspace import Workspace

_CHUNK = 64 << 10
_TICK = 0.1
_PATIENCE = 8.0
"""Seconds until what survives SIGKILL is called a leftover."""
_SEND_TIMEOUT = 30.0
_LONGEST_NEWS = 4 << 20


class Walls(Protocol):
    """What a session needs to know about isolation."""

    @property
    def layout(self) -> Layout:
        """Where things are for the child."""

    def command(self, control: int) -> list[str]:
        """Return how to start the child."""


@dataclass
class Ending:
    """What a session found out.

    Attributes:
        ready: The child came up; before that, nothing of the run was started.
        started: ansible-playbook was about to be started.
        exit_code: Of ansible-playbook, negative for a signal; None if nobody saw it end.
        seen: The kinds of events that came.
        wish: The wish to stop that was acted upon, if any.
    """

    ready: bool = False
    started: bool = False
    exit_code: int | None = None
    known_hosts: str = ""
    wish: Outcome | None = None
    too_many_processes: bool = False
    seen: set[EventKind] = field(default_factory=set)
    leftovers: tuple[int, ...] = ()


class Session:
    """Runs one child; use it once."""

    def __init__(
        self,
        walls: Walls,
        order: Order,
        space: Workspace,
        listener: Listener,
        timeout: float | None,
    ) -> None:
        self._walls = walls
        self._order = order
        self._listening = space.listening
        self._listener = listener
        self._stopping = Stopping(listener.stop_requested, timeout)
        self._reader = EventReader()
        self._news = bytearray()
        self._ending = Ending()
        self._selector = selectors.DefaultSelector()
        self._events: socket.socket | None = None

    def run(self) -> Ending:
        """Start the child and return when it and all below it have ended."""
        spared = processes.descendants()
        self._control, theirs = socket.socketpair()
        output, their_output = os.pipe()
        try:
            with self._control, os.fdopen(output, "rb", buffering=0) as self._output:
                with theirs, os.fdopen(their_output, "wb") as writing:
                    child = self._start(theirs, writing.fileno())
                try:
                    self._pump(child)
                finally:
                    child.poll()
                    self._ending.leftovers = processes.end_all(spared, _PATIENCE)
                    child.poll()
                self._drain()
        finally:
            if self._events:
                self._events.close()
            self._selector.close()
        self._ending.wish = self._stopping.wish
        return self._ending

    def _start(self, control: socket.socket, output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603
            self._walls.command(control.fileno()),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[control.fileno()],
            env={},
            cwd="/",
        )

    def _pump(self, child: subprocess.Popen[bytes]) -> None:
        """Pass everything on until the child is gone or has to be killed."""
        os.set_blocking(self._output.fileno(), False)
        self._control.settimeout(_SEND_TIMEOUT)
        ended = os.pidfd_open(child.pid)
        try:
            self._selector.register(ended, selectors.EVENT_READ)
            self._selector.register(self._output, selectors.EVENT_READ, self._read_output)
            self._selector.register(self._control, selectors.EVENT_READ, self._read_news)
            self._selector.register(self._listening, selectors.EVENT_READ, self._accept)
            while not self._has_to_be_killed():
                ready = [key for key, _ in self._selector.select(_TICK)]
                for key in ready:
                    if key.data:
                        key.data()
                if any(key.fd == ended for key in ready):
                    return
        finally:
            os.close(ended)

    def _has_to_be_killed(self) -> bool:
        return self._stopping.time_is_up(started=self._ending.started, ask_to_end=self._ask_to_end)

    def _ask_to_end(self) -> None:
        with contextlib.suppress(OSError):
            self._control.sendall(b"T")

    def _read_output(self) -> bool:
        """Pass on what is there; tell whether more may come."""
        data = self._output.read(_CHUNK)
        if data:
            self._listener.on_output(data)
        elif data is not None:
            self._forget(self._output)
        return bool(data)

    def _accept(self) -> bool:
        """Take the first connection only: the callback's, made before any task runs."""
        try:
            self._events, _ = self._listening.accept()
        except BlockingIOError:
            return False
        self._forget(self._listening)
        self._listening.close()
        self._events.settimeout(0)
        self._selector.register(self._events, selectors.EVENT_READ, self._read_events)
        return True

    def _read_events(self) -> bool:
        """Pass on the events that are there; tell whether more may come."""
        data = _receive(self._events) if self._events else b""
        for event in self._reader.feed(data or b""):
            self._ending.seen.add(event.kind)
            self._listener.on_event(event)
        if data == b"" and self._events:
            self._forget(self._events)
        return bool(data)

    def _read_news(self) -> bool:
        """Take what the child says about itself; tell whether more may come."""
        data = _receive(self._control)
        self._news += data or b""
        while b"\n" in self._news:
            line, _, self._news = self._news.partition(b"\n")
            self._hear(json.loads(line))
        if data == b"" or len(self._news) > _LONGEST_NEWS:
            self._forget(self._control)
            return False
        return bool(data)

    def _hear(self, news: dict[str, object]) -> None:
        match news:
            case {"state": "ready"}:
                self._ending.ready = True
                message = json.dumps(self._order.as_json()).encode()
                with contextlib.suppress(OSError):
                    self._control.sendall(len(message).to_bytes(8, "big") + message)
            case {"state": "started"}:
                self._ending.started = True
            case {"state": "too_many_processes"}:
                self._ending.too_many_processes = True
            case {"state": "ended", "exit_code": int() | None as code, "known_hosts": str(hosts)}:
                self._ending.exit_code = code
                self._ending.known_hosts = hosts

    def _drain(self) -> None:
        """Read what the dead have left in the pipes; with leftovers alive it may be endless."""
        self._control.settimeout(0)
        deadline = time.monotonic() + _PATIENCE
        if self._events is None:
            self._accept()
        for read in (self._read_news, self._read_events, self._read_output):
            while read() and time.monotonic() < deadline:
                pass

    def _forget(self, source: socket.socket | object) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(source)  # type: ignore[arg-type]


def _receive(source: socket.socket) -> bytes | None:
    """Return what is there, b"" at the end, None when nothing is there yet."""
    try:
        return source.recv(_CHUNK)
    except (BlockingIOError, TimeoutError):
        return None
    except OSError:
        return b""
