"""Finds processes by what they carry, and waits for things to become true.

A test that claims "nothing is left running" looks at the kernel's own list here,
not at what the code under test believes.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")


@dataclass(frozen=True)
class RunningProcess:
    """One process as the kernel shows it.

    Attributes:
        pid: Its number, as seen from the tests' own namespace.
        command: Its command line, arguments parted by blanks.
        environment: The variables it was started with, each as ``NAME=value``; none
            where the kernel refuses to show them.
    """

    pid: int
    command: str
    environment: tuple[str, ...]


def running() -> Iterator[RunningProcess]:
    """Go through all processes but this one; those that end meanwhile are left out."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            yield RunningProcess(
                pid=int(folder.name),
                command=" ".join(_strings(folder / "cmdline")),
                environment=_strings(folder / "environ"),
            )


def with_cookie(name: str, value: str) -> list[RunningProcess]:
    """Return the processes that have this environment variable with this value."""
    return [process for process in running() if f"{name}={value}" in process.environment]


def with_argument(text: str) -> list[RunningProcess]:
    """Return the processes whose command line contains this text."""
    return [process for process in running() if text in process.command]


def exposing(secret: str) -> list[RunningProcess]:
    """Return the processes that show a secret in their command line or environment."""
    return [
        process
        for process in running()
        if secret in process.command or any(secret in line for line in process.environment)
    ]


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and all its descendants, the process first; empty if it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def wait_until(predicate: Callable[[], T], timeout: float = 10.0, what: str = "") -> T:
    """Ask again and again until the answer is true, and return that answer.

    Args:
        predicate: Asked every 20 ms at first, every 200 ms later on.
        timeout: Seconds after which to give up.
        what: What is waited for, for the message.

    Raises:
        TimeoutError: It did not become true in time.
    """
    deadline = time.monotonic() + timeout
    pause = 0.02
    while not (answer := predicate()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:g} s in vain for {what or predicate.__name__}")
        time.sleep(pause)
        pause = min(pause * 1.2, 0.2)
    return answer


def _strings(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_bytes().decode(errors="replace")
    except PermissionError:
        return ()
    return tuple(text.rstrip("\0").split("\0"))
