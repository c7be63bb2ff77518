"""What all the throwaway services share: starting, breaking and ending a process.

A service says how it is started and how one can tell that it answers; that it
never outlives the tests, and that a test may kill it and bring it back, is
settled here once.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import psutil

from tests.services.processes import tree, wait_until

START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0

# Below the range of ports for outgoing connections, so that none of those sits on
# a service's port while the service is down.
_PORTS = range(20_000, 32_000)

# The kernel ends a service together with the *thread* that started it (see _spawn);
# this thread lives as long as the interpreter.
_launcher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="services")


class MissingProgramError(RuntimeError):
    """A program that a service needs is not installed; the message says what to do."""


class Server:
    """A process that answers, in a temporary folder of its own.

    Used as a context manager: it answers when the block begins, and its process
    and its folder are gone when the block ends.

    Attributes:
        directory: Where the service keeps everything it writes.
        environment: All that the process sees of the environment.
    """

    program: str
    package: str

    def __init__(self) -> None:
        self.executable = find_program(self.program, self.package)
        self.directory = Path(tempfile.mkdtemp(prefix=f"aops-{self.program}-"))
        self.environment = {"PATH": os.defpath, "HOME": str(self.directory), "LC_ALL": "C.UTF-8"}
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """Return the command line; the process must stay in the foreground."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Tell whether a real request gets a real answer."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """The number of the running process."""
        if self._process is None:
            raise RuntimeError(f"{self.program} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether there is a process; it need not answer."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the process and come back once it answers."""
        with (self.directory / "output.log").open("ab") as log:
            self._process = _spawn(self.command(), self.environment, self.directory, log.fileno())
        wait_until(self._is_up, START_TIMEOUT, f"{self.program} to answer")

    def stop(self) -> None:
        """Ask the process to end, insist after ten seconds, and wait until it has."""
        if self._process is None:
            return
        family = tree(self.pid)
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_TIMEOUT)
        self._end(family)

    def kill9(self) -> None:
        """End the process and its children as a power cut would."""
        self._end(tree(self.pid))

    def restart(self) -> None:
        """Start the process again, on the same files and ports, ending it first if it runs."""
        self.stop()
        self.start()

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Be killed for as long as the block lasts, and answer again after it."""
        self.kill9()
        try:
            yield
        finally:
            self.start()

    @contextlib.contextmanager
    def stop_cont(self) -> Iterator[None]:
        """Hang for as long as the block lasts: connections stay open, nothing answers."""
        family = tree(self.pid)
        _signal(family, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(family, signal.SIGCONT)

    def close(self) -> None:
        """End the process and remove all that it wrote."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self) -> str:
        """Return what the process has printed so far."""
        return (self.directory / "output.log").read_text(errors="replace")

    def _is_up(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            message = f"{self.program} ended with {self._process.returncode}:\n{self.log()[-4000:]}"
            self._process = None
            raise RuntimeError(message)
        return self.answers()

    def _end(self, family: list[psutil.Process]) -> None:
        _signal(family, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        psutil.wait_procs(family, STOP_TIMEOUT)
        self._process = None


def find_program(name: str, package: str) -> str:
    """Return the full path of a program.

    Args:
        name: The program, also looked for where only administrators have it in their path.
        package: The Debian package that brings it.

    Raises:
        MissingProgramError: It is not installed.
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        raise MissingProgramError(
            f"{name} is not installed; run `apt-get install {package}`,"
            " or scripts/install-test-packages.sh for all that the tests need."
        )
    return path


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port of that address which nothing uses."""
    for port in random.sample(_PORTS, k=100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            return port
    raise RuntimeError(f"no free port on {address}")


def accepts(port: int, address: str = "127.0.0.1") -> bool:
    """Tell whether someone listens on that port."""
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def end(pids: Iterable[int]) -> None:
    """Kill these processes, whoever their parents are, and wait until they are gone."""
    processes = [process for pid in pids for process in tree(pid)[:1]]
    _signal(processes, signal.SIGKILL)
    psutil.wait_procs(processes, STOP_TIMEOUT)


def _spawn(
    command: Sequence[str], environment: dict[str, str], directory: Path, output: int
) -> subprocess.Popen[bytes]:
    setpriv = find_program("setpriv", "util-linux")
    return _launcher.submit(
        subprocess.Popen,
        [setpriv, "--pdeathsig", "KILL", "--", *command],
        env=environment,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ).result()


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
