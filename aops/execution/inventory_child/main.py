"""Keeps watch over one reading: its limits, its processes, its end.

Two processes. The first takes the order, counts processes, and kills all that is left. The
second, its child, has the limits on it and does the work; whatever happens to it, the first
can still say what it was.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import resource
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .problems import Refused

_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_OPEN_FILES = 1024
_TICK = 0.02
"""Seconds; a fork bomb doubles every few milliseconds."""

_NICE = 10
"""How far a source's processes stand back, so that the watch over them is never starved."""

_LENGTH = 8


def main(control_fd: int, result_fd: int) -> None:
    """Carry out the one order that comes over the socket, and end this process."""
    with socket.socket(fileno=control_fd) as control:
        control.set_inheritable(False)
        os.set_inheritable(result_fd, False)  # noqa: FBT003 - a built-in
        _restrain_ourselves()
        _tell(control, state="ready")
        order, content = _receive(control)
        reader = os.fork()
        if not reader:
            control.close()
            _work(order, content, result_fd)
        os.close(result_fd)
        del content
        ending = _watch(control, reader, order["limits"]["processes"] if order["counted"] else 0)
        if not order["counted"]:  # else the namespace ends with us, in one stroke
            _end_everything()
        with contextlib.suppress(OSError):
            _tell(control, state="ended", **ending)
    os._exit(0)  # taking the interpreter apart would only cost time


def _restrain_ourselves() -> None:
    os.umask(0o077)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    with contextlib.suppress(OSError):  # short of memory, a reading goes before the service
        Path("/proc/self/oom_score_adj").write_text("800")
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def _receive(control: socket.socket) -> tuple[dict[str, Any], bytes]:
    """Read the order as JSON and then the content, each after its length in eight bytes."""
    with control.makefile("rb") as stream:
        order: dict[str, Any] = json.loads(stream.read(_length(stream.read(_LENGTH))))
        return order, stream.read(_length(stream.read(_LENGTH)))


def _length(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _work(order: dict[str, Any], content: bytes, result_fd: int) -> None:
    """Read, write the document, and end this process; nothing here may return or raise."""
    try:
        limits = order["limits"]
        _limit(resource.RLIMIT_CPU, limits["cpu"])
        _limit(resource.RLIMIT_AS, limits["memory"])
        _limit(resource.RLIMIT_FSIZE, limits["file_size"])
        if order["kind"] in ("script", "plugin"):
            os.nice(_NICE)
        if order["counted"]:
            _limit(resource.RLIMIT_NPROC, limits["processes"])
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        document = _document(order, content)
        text = json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode()
        with os.fdopen(result_fd, "wb") as stream:
            stream.write(text)
    except MemoryError:
        os._exit(3)
    except BaseException:  # noqa: BLE001 - there is nobody above us
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _document(order: dict[str, Any], content: bytes) -> dict[str, Any]:
    os.environ.clear()
    os.environ.update(order["environment"])
    try:
        return _job(order["kind"])(order, content)
    except Refused as refused:
        return {"problem": [refused.code, refused.arguments]}
    except MemoryError:
        return {"problem": ["memory", {}]}
    except RecursionError:
        return {"problem": ["too_deep", {}]}


def _job(kind: str) -> Callable[[dict[str, Any], bytes], dict[str, Any]]:
    module = "workbook" if kind == "workbook" else "loading"
    read: Callable[[dict[str, Any], bytes], dict[str, Any]]
    read = importlib.import_module(f".{module}", __package__).read  # each costs its own imports
    return read


def _watch(control: socket.socket, reader: int, processes: int) -> dict[str, object]:
    """Wait for the end of the reader, of whoever ordered it, or for a fork bomb."""
    ended = os.pidfd_open(reader)
    sources: list[Any] = [control, ended]
    while True:
        ready = select.select(sources, [], [], _TICK)[0]
        if ended in ready:
            code = os.waitstatus_to_exitcode(os.waitpid(reader, 0)[1])
            return {"exit_code": code}
        if control in ready:
            return {"exit_code": None}
        if processes and _count() >= processes:  # not one more where the kernel counts too
            return {"too_many_processes": True}


def _count() -> int:
    return sum(name.isdecimal() for name in os.listdir("/proc"))  # noqa: PTH208 - a bomb ticks


def _end_everything() -> None:
    """Kill all that was started, generation by generation; orphans become our children."""
    with contextlib.suppress(ChildProcessError):
        for _ in range(1000):
            for pid in _children(os.getpid()):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            time.sleep(0.005)


def _children(parent: int) -> list[int]:
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                state, ppid = Path(entry.path, "stat").read_text().rpartition(")")[2].split()[:2]
                if int(ppid) == parent and state != "Z":
                    found.append(int(entry.name))
    return found


def _tell(control: socket.socket, **news: object) -> None:
    control.sendall(json.dumps(news).encode() + b"\n")
