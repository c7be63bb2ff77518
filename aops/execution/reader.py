"""Reads an inventory in the sandbox, within limits, and takes what comes out for mere data.

Uploads and sources are code in all but name: YAML that multiplies, archives that lead
elsewhere, scripts of people. So whatever opens them runs behind the walls of a run, without
the network unless the text is meant to ask it, and is dead when this returns.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aops.execution.layout import INVENTORY_CHILD, PYTHON
from aops.execution.reading_spec import ReadAnswer, ReadKind, ReadOrder
from aops.execution.sandbox import READING, accounts, reading_command
from aops.execution.spec import Isolation

_log = logging.getLogger(__name__)

_START = (
    "import sys; sys.path.append({place!r}); "
    "from inventory_child.main import main; main({control}, {result})"
)
_CHUNK = 1 << 18
_TICK = 0.1
_SEND_TIMEOUT = 30.0
_PATIENCE = 2.0
"""Seconds for the program to end what it started; then it is ended as a whole."""

_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_SCRATCH = Path("/tmp")  # noqa: S108 - the sandbox's own
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108


def read(order: ReadOrder, isolation: Isolation) -> ReadAnswer:
    """Read and return when nothing of it runs any more; whatever goes wrong is an answer.

    It needs no event loop, no signal handler and no main thread of its own.
    """
    if isolation is not Isolation.OFF and shutil.which("bwrap"):
        answer = _Reading(order, _SCRATCH, READING, isolated=True).run()
        if answer is not None:
            return answer
    if isolation is Isolation.REQUIRED:
        return ReadAnswer(problem=("no_sandbox", {}), isolated=False)
    with tempfile.TemporaryDirectory(
        prefix="aops-", dir=_memory(), ignore_cleanup_errors=True
    ) as scratch:
        reading = _Reading(order, Path(scratch), INVENTORY_CHILD.parent, isolated=False)
        return reading.run() or ReadAnswer(problem=("crashed", {}), isolated=False)


def _kill_with_namespace(pid: int) -> None:
    """Kill the first process of the sandbox, and wait until the kernel has ended all others."""
    with contextlib.suppress(OSError):
        for inner in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            ended = os.pidfd_open(int(inner))
            try:
                signal.pidfd_send_signal(ended, signal.SIGKILL)
                select.select([ended], [], [], _PATIENCE)
            finally:
                os.close(ended)


@contextlib.contextmanager
def _in_memory(text: str) -> Iterator[int]:
    """Give a descriptor from which a text can be read."""
    descriptor = os.memfd_create("aops")
    try:
        os.write(descriptor, text.encode())
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _problem_in(document: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    match document["problem"]:
        case [str() as code, dict() as arguments]:
            return code, arguments
    return "crashed", {}


def _memory() -> Path | None:
    """Give a place that is no disk, where there is one and scripts may be started from it."""
    fits = _SHARED_MEMORY.is_dir() and os.access(_SHARED_MEMORY, os.W_OK | os.X_OK)
    return None if not fits or os.statvfs(_SHARED_MEMORY).f_flag & os.ST_NOEXEC else _SHARED_MEMORY


class _Reading:
    """One start of the program; use it once."""

    def __init__(self, order: ReadOrder, scratch: Path, place: Path, *, isolated: bool) -> None:
        self._order = order
        self._scratch = scratch
        self._place = place
        self._isolated = isolated
        self._result = bytearray()
        self._output = bytearray()
        self._news = bytearray()
        self._too_much = False

    def run(self) -> ReadAnswer | None:
        """Return the answer, or None if the program did not even come up."""
        control, theirs = socket.socketpair()
        result, their_result = os.pipe()
        output, their_output = os.pipe()
        with control, os.fdopen(result, "rb", 0) as results, os.fdopen(output, "rb", 0) as outputs:
            with (
                theirs,
                os.fdopen(their_result, "wb") as writing,
                os.fdopen(their_output, "wb") as printing,
            ):
                child = self._start(theirs.fileno(), writing.fileno(), printing.fileno())
            in_time = True
            try:
                in_time = self._converse(child, control, results, outputs)
            finally:
                self._end(child, control)
            self._drain(control, results, outputs)
        return self._judge(in_time=in_time)

    def _start(self, control: int, result: int, output: int) -> subprocess.Popen[bytes]:
        code = _START.format(place=str(self._place), control=control, result=result)
        arguments = ["-IB", "-c", code]
        command = [str(PYTHON), *arguments]
        with contextlib.ExitStack() as stack:
            files: dict[str, int] = {}
            if self._isolated:
                files = {p: stack.enter_context(_in_memory(t)) for p, t in accounts().items()}
                network = self._order.kind in (ReadKind.SCRIPT, ReadKind.PLUGIN)
                command = reading_command(arguments, network=network, files=files)
            return subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[control, result, *files.values()],
                env={},
                cwd="/",
            )

    def _converse(
        self, child: subprocess.Popen[bytes], control: socket.socket, results: Any, outputs: Any
    ) -> bool:
        """Hand over the order and listen until the child is gone; tell whether it was in time."""
        deadline = time.monotonic() + self._order.limits.wall
        control.settimeout(_SEND_TIMEOUT)
        with contextlib.suppress(OSError):
            for part in self._parts():
                control.sendall(len(part).to_bytes(8, "big"))
                control.sendall(part)
        ended = os.pidfd_open(child.pid)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(ended, selectors.EVENT_READ)
                selector.register(results, selectors.EVENT_READ, self._take_result)
                selector.register(outputs, selectors.EVENT_READ, self._take_output)
                while time.monotonic() < deadline and not self._too_much:
                    ready = [key for key, _events in selector.select(_TICK)]
                    for key in ready:
                        if key.data and not key.data(os.read(key.fd, _CHUNK)):
                            selector.unregister(key.fileobj)
                    if any(key.fd == ended for key in ready):
                        return True
        finally:
            os.close(ended)
        return self._too_much

    def _parts(self) -> Iterator[bytes]:
        order = self._order
        words = {
            "kind": order.kind,
            "file_name": order.file_name,
            "environment": dict(order.environment),
            "limits": asdict(order.limits),
            "vault_passwords": [[one.vault_id, one.password] for one in order.vault_passwords],
            "counted": self._isolated,
            "scratch": str(self._scratch),
            "folder": str(self._scratch / "inventory"),
            "path": f"{PYTHON.parent}:{_PATH}",
        }
        yield json.dumps(words).encode()
        yield order.content

    def _take_result(self, data: bytes) -> bool:
        self._result += data
        self._too_much = len(self._result) > self._order.limits.answer
        return bool(data)

    def _take_output(self, data: bytes) -> bool:
        room = self._order.limits.output - len(self._output)
        self._output += data[: max(room, 0)]
        return bool(data)

    def _end(self, child: subprocess.Popen[bytes], control: socket.socket) -> None:
        """Close the socket, at which it ends all that it started; then kill what is left."""
        with contextlib.suppress(OSError):
            control.shutdown(socket.SHUT_WR)
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            _kill_with_namespace(child.pid)
            child.kill()
            child.wait()

    def _drain(self, control: socket.socket, results: Any, outputs: Any) -> None:
        """Read what the dead have left behind."""
        for stream, take in ((results, self._take_result), (outputs, self._take_output)):
            os.set_blocking(stream.fileno(), False)
            with contextlib.suppress(BlockingIOError):
                while not self._too_much and take(os.read(stream.fileno(), _CHUNK)):
                    pass
        control.settimeout(0)
        with contextlib.suppress(OSError):
            while data := control.recv(_CHUNK):
                self._news += data

    def _judge(self, *, in_time: bool) -> ReadAnswer | None:
        news: dict[str, Any] = {}
        for line in self._news.splitlines():
            news |= json.loads(line)
        if not news:
            _log.warning("the reader did not start: %s", self._text(300))
            return None
        problem = self._problem(news, in_time=in_time)
        if problem is None:
            document = self._document()
            if document is None:
                problem = ("crashed", {})
            elif "problem" not in document:
                return ReadAnswer(document, None, self._text(), self._isolated)
            else:
                problem = _problem_in(document)
        return ReadAnswer(None, problem, self._text(), self._isolated)

    def _problem(  # noqa: PLR0911 - one line a problem
        self, news: dict[str, Any], *, in_time: bool
    ) -> tuple[str, dict[str, Any]] | None:
        limits = self._order.limits
        if not in_time:
            return "timeout", {"seconds": limits.wall}
        if self._too_much:
            return "answer_too_big", {"limit": limits.answer >> 20}
        if news.get("too_many_processes"):
            return "too_many_processes", {"limit": limits.processes}
        match news.get("exit_code"):
            case 0:
                return None
            case 3:
                return "memory", {}
            case -24 | -9:
                return "cpu", {"seconds": limits.cpu}
            case _:
                return "crashed", {}

    def _document(self) -> dict[str, Any] | None:
        try:
            document = json.loads(self._result)
        except (ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None

    def _text(self, length: int | None = None) -> str:
        return self._output.decode("utf-8", "replace")[:length].strip()
