"""Finding and ending every process of a run, however well it hides.

Ansible's workers leave their session and a playbook may daemonise what it likes, so
process groups prove nothing. A subreaper does: whatever loses its parent becomes its
child, so that the walk over descendants finds everything. Linux only, like the sandbox.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_PR_GET_CHILD_SUBREAPER = 37
_CERTAIN = 3
"""Walks that must find nothing where others' children keep the kernel from saying so.

One is not enough: a walk is no snapshot, and misses an orphan that changes its parent
between the two readings, if its number is smaller than the parent's.
"""
_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def subreaper() -> Iterator[None]:
    """Make orphans among our descendants our own children while the block runs."""
    before = ctypes.c_int(0)
    _libc.prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, before.value, 0, 0, 0)


def descendants() -> frozenset[int]:
    """Return the ids of all processes below this one, zombies included."""
    if not _has_children():
        return frozenset()
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    todo = [os.getpid()]
    while todo:
        born = children.get(todo.pop(), [])
        found.update(born)
        todo.extend(born)
    return frozenset(found)


def end_all(spared: frozenset[int], patience: float) -> tuple[int, ...]:
    """Kill every descendant, again and again until none is left.

    Args:
        spared: Process ids that are none of the run's.
        patience: Seconds after which what still lives is given up.

    Returns:
        The ids of what could not be ended; empty in every normal case.
    """
    deadline = time.monotonic() + patience
    _await_the_dying(spared)
    quiet = 0
    while _reap(spared) and quiet < _CERTAIN:
        left = descendants() - spared
        quiet = 0 if left or not spared else quiet + 1
        if time.monotonic() > deadline:
            return tuple(sorted(left))
        for pid in left:
            _kill_and_reap(pid)
        time.sleep(0.001)
    return ()


def _await_the_dying(spared: frozenset[int]) -> None:
    """Give what already dies a moment, which costs less than a walk over all processes."""
    for _ in range(5):
        if not _reap(spared):
            return
        time.sleep(0.001)


def _reap(spared: frozenset[int]) -> bool:
    """Take leave of our dead children; tell whether there are others."""
    with contextlib.suppress(ChildProcessError):
        while dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if dead.si_pid in spared:
                return True
            os.waitpid(dead.si_pid, 0)
        return True
    return False


def _has_children() -> bool:
    """Ask the kernel; without a child a subreaper has no descendant either."""
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return True
    return False


def _parents() -> Iterator[tuple[int, int]]:
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                stat = Path(entry.path, "stat").read_bytes()
                # "pid (name) state ppid …": a name may hold spaces and parentheses
                yield int(entry.name), int(stat.rpartition(b")")[2].split()[1])


def _kill_and_reap(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
