"""First line: from the launch request until a poll shows the first task, minus bare's own."""

from __future__ import annotations

import sys
import time

from aops.jobs.models import FINISHED
from bench.bare import TASK, Bare
from bench.browser import Browser
from bench.figure import Figure, difference
from bench.loads import Load
from bench.sizes import Sizes
from bench.stack import Stack

_LOOK_SECONDS = 0.02


def measure(sizes: Sizes) -> list[Figure]:
    """Measure one host and three tasks, both sides in turn."""
    load = Load.of_tasks(1, 3)
    with Stack() as stack:
        stack.start_web()
        stack.start_worker()
        with stack.database() as session:
            template = load.store(session)
            template_id, inventory_id = template.id, template.inventory_id
        bare = Bare(stack, load, inventory_id)
        browser = stack.browser()
        _first_line(stack, browser, template_id)
        bare.run()
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(sizes.pairs * 2):
            theirs.append(bare.run().first_line)
            ours.append(_first_line(stack, browser, template_id))
            print(f"  {ours[-1]:.2f} less {theirs[-1]:.2f}", file=sys.stderr, flush=True)
    value, detail = difference(ours, theirs)
    return [Figure("B2", "first task line in the page's poll", value, 0.4, " s", detail)]


def _first_line(stack: Stack, browser: Browser, template_id: int) -> float:
    form = browser.open_launch(template_id)
    start = time.monotonic()
    job_id = browser.launch(template_id, form)
    answer = browser.poll(job_id)
    while TASK not in answer.html:
        if answer.finished:
            raise RuntimeError(f"job {job_id} ended without a task")
        time.sleep(_LOOK_SECONDS)
        answer = browser.poll(job_id, answer.cursor)
    seconds = time.monotonic() - start
    while stack.status(job_id) not in FINISHED:  # its end must not weigh on the other side
        time.sleep(_LOOK_SECONDS)
    return seconds
