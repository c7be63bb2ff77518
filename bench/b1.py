"""Overhead: from the launch request to the finished status, over ansible-playbook itself."""

from __future__ import annotations

import sys
import time

from aops.jobs.models import FINISHED, JobStatus
from bench.bare import Bare
from bench.browser import Browser
from bench.figure import Figure, ratio
from bench.loads import Load
from bench.sizes import Sizes
from bench.stack import Stack

_LOOK_SECONDS = 0.02


def measure(sizes: Sizes) -> list[Figure]:
    """Measure each load, both sides in turn."""
    with Stack() as stack:
        stack.start_web()
        stack.start_worker()
        browser = stack.browser()
        return [
            _overhead(stack, browser, Load.of_tasks(hosts, tasks), goal, sizes.pairs)
            for hosts, tasks, goal in sizes.loads
        ]


def _overhead(stack: Stack, browser: Browser, load: Load, goal: float, pairs: int) -> Figure:
    with stack.database() as session:
        template = load.store(session)
        template_id, inventory_id = template.id, template.inventory_id
    bare = Bare(stack, load, inventory_id)
    _run(stack, browser, template_id)  # the first of each side warms caches
    bare.run()
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(pairs):
        theirs.append(bare.run().total)
        ours.append(_run(stack, browser, template_id))
        print(f"  {load.name}: {ours[-1]:.2f} over {theirs[-1]:.2f}", file=sys.stderr, flush=True)
    value, detail = ratio(ours, theirs)
    return Figure("B1", f"{load.name} (hosts × tasks)", value, goal, "", detail)


def _run(stack: Stack, browser: Browser, template_id: int) -> float:
    form = browser.open_launch(template_id)
    start = time.monotonic()
    job_id = browser.launch(template_id, form)
    while (status := stack.status(job_id)) not in FINISHED:
        time.sleep(_LOOK_SECONDS)
    seconds = time.monotonic() - start
    if status is not JobStatus.SUCCESSFUL:
        raise RuntimeError(f"job {job_id} is {status}:\n{stack.output(job_id)[-2000:]}")
    return seconds
