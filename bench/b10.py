"""Cancel: from the button until no process of the run is left, in every phase of a run."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import psutil

from aops.jobs import slots
from aops.jobs.models import JobStatus
from bench.browser import Browser
from bench.figure import Figure, spread
from bench.loads import Load
from bench.sizes import Sizes
from bench.stack import Stack
from tests.services.processes import tree, wait_until, with_argument, with_cookie
from tests.services.sshd import SshHosts

_PATIENCE = 60
_SLEEP = f"600.{secrets.randbelow(10**8):08}"
"""An argument that nothing else on this machine has."""

_FACTS = "- hosts: all\n"
_PLAY = "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.shell: {}\n"
_LONG = _PLAY.format(f"sleep {_SLEEP}")
_DEAF = _PLAY.format(f"\"trap '' TERM INT HUP; while :; do sleep {_SLEEP}; done\"")
_SSH = """\
ansible_host: {host.address}
ansible_port: {host.port}
ansible_user: {host.user}
ansible_password: {host.password}
"""


@dataclass(frozen=True)
class Phase:
    """A moment in a run's life.

    Attributes:
        load: What is launched to get there.
        reached: Tells of a job whether it is there.
    """

    name: str
    load: Load
    reached: Callable[[Stack, int], object]


def measure(sizes: Sizes) -> list[Figure]:
    """Cancel runs in each phase, one after the other, and runs that wait behind another."""
    figures: list[Figure] = []
    with Stack(AOPS_MAX_RUNS="1") as stack, _phases() as phases:
        stack.start_web()
        stack.start_worker()
        browser = stack.browser()
        for phase in phases:
            with stack.database() as session:
                template_id = phase.load.store(session).id
            seconds = [_cancel(stack, browser, phase, template_id) for _ in range(sizes.cancels)]
            figures += _figures(phase.name, seconds)
        figures += _figures("waiting", _cancel_waiting(stack, browser, template_id, sizes.cancels))
    return figures


@contextmanager
def _phases() -> Iterator[list[Phase]]:
    phases = [
        Phase("starting", Load("starting", 1, _LONG), _is_running),
        Phase("facts", Load("facts", 30, _FACTS, forks=1), _gathers_facts),
        Phase("long task", Load("long", 1, _LONG), _sleeps),
        Phase("task deaf to SIGTERM", Load("deaf", 1, _DEAF), _sleeps),
    ]
    if os.getuid():  # the SSH servers need an account of their own, which only root can make
        yield phases
        return
    with SshHosts(("127.0.0.10",)) as hosts:
        variables = _SSH.format(host=hosts.hosts[0])
        over_ssh = Load("SSH", 1, _LONG, variables=variables, accept_new_host_keys=True)
        yield [*phases, Phase("long task over SSH", over_ssh, _sleeps)]


def _is_running(stack: Stack, job_id: int) -> bool:
    return stack.status(job_id) is JobStatus.RUNNING


def _gathers_facts(stack: Stack, job_id: int) -> bool:
    return "TASK [Gathering Facts]" in stack.output(job_id)


def _sleeps(_stack: Stack, _job_id: int) -> bool:
    return bool(with_argument(_SLEEP))


def _cancel(stack: Stack, browser: Browser, phase: Phase, template_id: int) -> float:
    form = browser.open_launch(template_id)
    job_id = browser.launch(template_id, form)
    wait_until(lambda: phase.reached(stack, job_id), _PATIENCE, phase.name)
    family = [process for pid in _started_by(stack) for process in tree(pid)]
    start = time.monotonic()
    browser.cancel(job_id, form["csrf_token"])
    wait_until(lambda: not _left(stack, job_id, family), _PATIENCE, "nothing to be left")
    seconds = time.monotonic() - start
    if (status := stack.status(job_id)) is not JobStatus.CANCELED:
        raise RuntimeError(f"job {job_id} is {status}")
    return seconds


def _cancel_waiting(stack: Stack, browser: Browser, template_id: int, number: int) -> list[float]:
    """Cancel jobs for which there is no slot; that is done once their state says so."""
    form = browser.open_launch(template_id)
    carried = browser.launch(template_id, form)
    wait_until(lambda: _is_running(stack, carried), _PATIENCE, "the one run")
    seconds: list[float] = []
    for _ in range(number):
        job_id = browser.launch(template_id, browser.open_launch(template_id))
        start = time.monotonic()
        browser.cancel(job_id, form["csrf_token"])
        wait_until(lambda job=job_id: stack.status(job) is JobStatus.CANCELED, _PATIENCE)
        seconds.append(time.monotonic() - start)
    browser.cancel(carried, form["csrf_token"])
    return seconds


def _started_by(stack: Stack) -> list[int]:
    """Find the run's process by the slot that it holds for life."""
    lock = str(stack.settings.home / "slots" / "0.lock")
    return [
        process.pid
        for process in psutil.process_iter(["name"])
        if process.info["name"].startswith("aops: run") and _has_open(process, lock)
    ]


def _has_open(process: psutil.Process, path: str) -> bool:
    try:
        return any(file.path == path for file in process.open_files())
    except psutil.Error:
        return False


def _left(stack: Stack, job_id: int, family: list[psutil.Process]) -> bool:
    """Look for the processes that there were, the run's slot, and what carries its name."""
    return bool(
        any(_is_alive(process) for process in family)
        or not slots.free(stack.settings.home / "slots", 1)
        or with_cookie("AOPS_RUN_ID", f"{job_id}-1")
        or with_argument(_SLEEP)
    )


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _figures(phase: str, seconds: list[float]) -> list[Figure]:
    print(f"  {phase}: {spread(seconds, ' s')}", file=sys.stderr, flush=True)
    return [
        Figure("B10", f"{phase}: median", median(seconds), 2, " s", spread(seconds, " s")),
        Figure("B10", f"{phase}: worst", max(seconds), 15, " s"),
    ]
