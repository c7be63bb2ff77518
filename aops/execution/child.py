"""Starts ansible-playbook through ansible-runner; the only module that imports it.

Runs as a script of its own inside the sandbox and imports nothing of aops, because
nothing of aops is there. Its one link to the supervisor is a socket: the order with the
secrets comes in on it (never by argument, environment or disk), and "ready", "started"
and "ended" go out. Any byte after the order asks ansible-playbook to stop; the end of
the socket means that the supervisor is dead, and then everything here dies as well.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_OPEN_FILES = 8192
_FILE_SIZE = 8 << 30
_TICK = 0.1
_LENGTH = 8
_KNOWN_HOSTS_SIZE = 1 << 20


def main(control: socket.socket) -> None:
    """Carry out the one order that comes over the socket."""
    _restrain_ourselves()
    _tell(control, state="ready")
    order = _receive(control)
    if order["processes"]:  # counted per user namespace since Linux 5.14: the sandbox's own
        _limit(resource.RLIMIT_NPROC, order["processes"])
    _lay_out(order)
    done, at_work = socket.socketpair()
    worker = threading.Thread(target=_work, args=(control, order, at_work), daemon=True)
    worker.start()
    _watch(control, done, order["processes"])
    _end_everything()
    shutil.rmtree(order["private"], ignore_errors=True)  # the supervisor may be dead


def _restrain_ourselves() -> None:
    """Set the limits of everything that we start, and hide our memory from it."""
    os.umask(0o077)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, _FILE_SIZE)
    with contextlib.suppress(OSError):  # short of memory, a run goes before the service
        Path("/proc/self/oom_score_adj").write_text("500")
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def _receive(control: socket.socket) -> dict[str, Any]:
    """Read the order: its length in eight bytes, then JSON."""
    with control.makefile("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH), "big")
        order: dict[str, Any] = json.loads(stream.read(length))
    return order


def _watch(control: socket.socket, done: socket.socket, processes: int | None) -> None:
    """Wait for the end, a wish to stop, the supervisor's death, or a fork bomb.

    The kernel's own limit on processes does not hold for root, so they are counted too.
    """
    asked = heard = False
    while True:
        ready = select.select([control, done], [], [], _TICK)[0]
        if done in ready:
            return
        if control in ready:
            if not _is_asked(control):
                return
            asked = True
        if asked and not heard:
            heard = _ask_to_end()
        if processes and _count() >= processes:
            _tell(control, state="too_many_processes")
            return


def _is_asked(control: socket.socket) -> bool:
    with contextlib.suppress(OSError):
        return bool(control.recv(1))
    return False


def _count() -> int:
    return sum(name.isdecimal() for name in os.listdir("/proc"))  # noqa: PTH208 - a bomb ticks


def _ask_to_end() -> bool:
    """Send SIGTERM to ansible-playbook; tell whether it was there already."""
    children = _children(os.getpid())
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    return bool(children)


def _end_everything() -> None:
    """Kill all that we started, generation by generation; orphans become our children.

    Only the kernel's word that there is no child ends the loop: a walk over /proc is no
    snapshot and may miss an orphan that is just being handed over.
    """
    with contextlib.suppress(ChildProcessError):
        for _ in range(3000):
            for pid in _children(os.getpid()):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            time.sleep(0.005)


def _children(parent: int) -> list[int]:
    """Return the ids of the living children."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                state, ppid = Path(entry.path, "stat").read_text().rpartition(")")[2].split()[:2]
                if int(ppid) == parent and state != "Z":
                    found.append(int(entry.name))
    return found


def _lay_out(order: dict[str, Any]) -> None:
    for directory in order["directories"]:
        Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, content in order["files"].items():
        Path(path).write_text(content, encoding="utf-8", errors="surrogatepass")
    os.umask(0o022)  # a playbook's own files get the modes that they get in a shell


def _work(control: socket.socket, order: dict[str, Any], at_work: socket.socket) -> None:
    """Play, tell how it ended, and close the socket that says that we are at work."""
    with at_work:
        known = _lines(order["known_hosts"])
        exit_code = _play(control, order)
        new = [line for line in _lines(order["known_hosts"]) if line not in known]
        _tell(control, state="ended", exit_code=exit_code, known_hosts="".join(dict.fromkeys(new)))


def _play(control: socket.socket, order: dict[str, Any]) -> int:
    """Run ansible-playbook to its end; its output goes straight to the supervisor's pipe."""
    from ansible_runner.config.command import CommandConfig  # noqa: PLC0415
    from ansible_runner.runner import Runner  # noqa: PLC0415

    program, *arguments = order["command"]
    with Path(os.devnull).open("rb") as nothing:
        config = CommandConfig(
            private_data_dir=order["artifacts"],
            host_cwd=order["directory"],
            fact_cache_type="none",
            input_fd=nothing,
            output_fd=sys.stdout.fileno(),
            error_fd=sys.stderr.fileno(),
            runner_mode="subprocess",
        )
        config.prepare_run_command(program, cmdline_args=arguments)
        config.env = order["environment"]  # in place of ours and of runner's own callback
        config.suppress_output_file = True
        _tell(control, state="started")
        _, exit_code = Runner(config).run()
    return int(exit_code)


def _lines(path: str) -> list[str]:
    with contextlib.suppress(OSError), Path(path).open(errors="replace") as stream:
        return stream.read(_KNOWN_HOSTS_SIZE).splitlines(keepends=True)
    return []


def _tell(control: socket.socket, **news: object) -> None:
    control.sendall(json.dumps(news).encode() + b"\n")


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as link:
        link.set_inheritable(False)
        main(link)
    os._exit(0)  # taking the interpreter apart would only cost time
