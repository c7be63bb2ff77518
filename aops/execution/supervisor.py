"""Starts the child, pumps what it says, ends it in steps, and proves that nothing is left.

This is the only way to run a playbook. It is called in the main thread of the run's own
process, since the sandbox dies with the thread that started it.
"""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace

from aops.execution import order, processes, reasons, workspace
from aops.execution.sandbox import Sandbox
from aops.execution.session import Ending, Session
from aops.execution.spec import (
    Isolation,
    Listener,
    Outcome,
    Place,
    Reason,
    RunResult,
    RunSpec,
)
from aops.execution.unprotected import Unprotected

_log = logging.getLogger(__name__)

_SIGTERM = -15


def run(spec: RunSpec, place: Place, listener: Listener) -> RunResult:
    """Run one playbook and return when it has ended and nothing of it is left.

    Args:
        spec: The run; every value in it is taken for data.
        place: Where it may lie and how it is walled in.
        listener: Is called from this thread.

    Returns:
        The end. What goes wrong with the run is a result as well and never raises.
    """
    try:
        with workspace.opened(place.runs_dir, spec) as space:
            return _run_in(space, spec, place.isolation, listener)
    except ValueError:
        _log.exception("run %s could not be prepared", spec.run_id)
        return _failure(Reason.BAD_SPEC)
    except OSError as error:
        _log.exception("run %s could not be prepared", spec.run_id)
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return _failure(Reason.DISK_FULL if full else Reason.NOT_STARTED)


def _run_in(
    space: workspace.Workspace, spec: RunSpec, isolation: Isolation, listener: Listener
) -> RunResult:
    """Try the walls that are allowed, one after the other, until the child answers."""
    for kind in _kinds(isolation):
        walls = kind(space)
        job = order.make(spec, walls.layout, walls.processes)
        with processes.subreaper():
            ending = Session(walls, job, space, listener, spec.options.timeout).run()
        if ending.ready or ending.wish:
            return replace(_judge(ending), isolated=walls.isolated)
    sandboxed = isolation is Isolation.REQUIRED
    return _failure(Reason.NO_SANDBOX if sandboxed else Reason.NOT_STARTED)


def _kinds(isolation: Isolation) -> Iterator[type[Sandbox | Unprotected]]:
    if isolation is not Isolation.OFF and shutil.which("bwrap"):
        yield Sandbox
    if isolation is not Isolation.REQUIRED:
        yield Unprotected


def _judge(ending: Ending) -> RunResult:
    """Say how the run ended; what ended by itself before the wish to stop came through, did so."""
    if ending.leftovers:
        return _result(Outcome.LOST, Reason.UNKILLABLE, ending)
    by_itself = ending.exit_code is not None and not (ending.wish and ending.exit_code == _SIGTERM)
    if ending.wish and not by_itself:
        lost = ending.wish is Outcome.LOST
        return _result(ending.wish, Reason.CLAIM_LOST if lost else Reason.NONE, ending)
    if ending.too_many_processes:
        return _result(Outcome.FAILED, Reason.TOO_MANY_PROCESSES, ending)
    if ending.exit_code is None:
        reason = Reason.KILLED if ending.started else Reason.NOT_STARTED
        return _result(Outcome.FAILED, reason, ending)
    reason = reasons.of_exit_code(ending.exit_code, ending.seen)
    outcome = Outcome.FAILED if ending.exit_code else Outcome.SUCCESSFUL
    return _result(outcome, reason, ending)


def _result(outcome: Outcome, reason: Reason, ending: Ending) -> RunResult:
    code = ending.exit_code
    return RunResult(
        outcome=outcome,
        exit_code=code if code is not None and code >= 0 else None,
        reason=reasons.SENTENCES[reason],
        known_hosts=ending.known_hosts,
        leftovers=ending.leftovers,
        reason_code=reason,
    )


def _failure(reason: Reason) -> RunResult:
    return RunResult(
        Outcome.FAILED, None, reasons.SENTENCES[reason], reason_code=reason, isolated=False
    )
