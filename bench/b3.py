"""Polling on MariaDB with the production command: nothing new, 64 KiB new, many pollers."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from urllib.parse import urlsplit

from sqlalchemy import select

from aops.cli.children import Service
from aops.jobs import lifecycle, log, services
from aops.jobs.models import Job
from aops.jobs.sink import COUNTS
from aops.jobs.store import store
from aops.users.models import User
from bench import pollers
from bench.figure import Figure, percentile, spread
from bench.loads import Load
from bench.sizes import Sizes
from bench.stack import BIN, Stack
from tests.services.mariadb import MariaDb

_COMMAND = "--workers 4 -k gevent -n aops_server aops"
_JOBS = 20
_LINE = "\x1b[0;32mok: [host{:04}] => (item=a line as Ansible prints it, {:06})\x1b[0m\n"


class RunningJob:
    """A job that a worker seems to carry; it prints what the benchmark wants."""

    def __init__(self, stack: Stack, template_id: int) -> None:
        self._stack = stack
        self._seq = self._lines = 0
        with stack.database() as session:
            user = session.scalars(select(User)).one()
            template = session.get_one(services.JobTemplate, template_id)
            key = services.new_launch_key()
            job = services.launch(template, user, services.Choices(), launch_key=key)
            self.id = job.id
        with stack.database():
            lifecycle.claim(self.id, "bench")

    def prints(self, size: int) -> None:
        """Add output of about so many bytes, and a few hosts' counts."""
        lines = []
        while size > 0:
            lines.append(_LINE.format(len(lines) % 50, self._lines + len(lines)))
            size -= len(lines[-1])
        self._seq += 1
        piece = {
            "kind": "output",
            "seq": self._seq,
            "first_line": self._lines + 1,
            "line_count": len(lines),
            "text": "".join(lines),
            "cut": 0,
        }
        counts = dict.fromkeys(COUNTS, self._seq)
        self._lines += len(lines)
        with self._stack.database():
            hosts = {f"host{number:04}": counts for number in range(10)}
            store(self.id, 1, [piece, {"kind": "hosts", "hosts": hosts}])

    def cursor(self) -> str:
        """Give what a browser has that shows everything."""
        with self._stack.database(read_only=True) as session:
            return str(log.cursor_of(session.get_one(Job, self.id), self._seq))


def measure(sizes: Sizes) -> list[Figure]:
    """Measure one browser alone, then many at once."""
    with MariaDb() as server:
        database = server.create_database()
        with Stack(AOPS_DATABASE_URL=database.tcp_url) as stack:
            command = (str(BIN / "gunicorn"), *_COMMAND.split())
            stack.start_web(Service("web", command))
            with stack.database() as session:
                template_id = Load.of_tasks(1, 1).store(session).id
            return [
                *_alone(stack, template_id, sizes),
                *_many(stack, template_id, sizes, "quiet", []),
                *_many(stack, template_id, sizes, "printing", [2048]),
            ]


def _alone(stack: Stack, template_id: int, sizes: Sizes) -> list[Figure]:
    job = RunningJob(stack, template_id)
    job.prints(1024)
    before = job.cursor()
    job.prints(64 * 1024)
    idle = _times(stack, job.id, job.cursor(), 304, sizes.polls)
    fresh = _times(stack, job.id, before, 200, sizes.polls)
    return [
        _figure("a poll with nothing new, p95", idle, 10),
        _figure("a poll with 64 KiB new, p95", fresh, 25),
    ]


def _times(stack: Stack, job_id: int, cursor: str, code: int, number: int) -> list[float]:
    address = urlsplit(stack.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    cookies = {"Cookie": stack.browser().cookies}
    seconds: list[float] = []
    for _ in range(number + 10):
        start = time.monotonic()
        connection.request("GET", f"/jobs/{job_id}/log?after={cursor}", headers=cookies)
        answer = connection.getresponse()
        answer.read()
        seconds.append(time.monotonic() - start)
        if answer.status != code:
            raise RuntimeError(f"a poll was answered {answer.status} instead of {code}")
    connection.close()
    return seconds[10:]  # the first ones meet workers that have just started


def _many(
    stack: Stack, template_id: int, sizes: Sizes, kind: str, printed: list[int]
) -> list[Figure]:
    """Let many pollers follow 20 jobs, each of which prints so much every second."""
    jobs = [RunningJob(stack, template_id) for _ in range(_JOBS)]
    address = urlsplit(stack.url)
    order = pollers.Order(
        host=address.hostname or "",
        port=address.port or 0,
        cookies=stack.browser().cookies,
        jobs=[jobs[number % _JOBS].id for number in range(sizes.pollers)],
        seconds=sizes.poll_seconds,
    )
    with _printing(jobs, printed):
        answers = pollers.read(pollers.poll(order))
    what = f"{sizes.pollers} pollers at 1 Hz for {sizes.poll_seconds} s, {kind} jobs"
    share = f"{answers.fresh / max(len(answers.seconds), 1):.0%} of the polls brought something"
    errors = ", ".join(sorted(set(answers.errors)))[:60]
    return [
        _figure(f"{what}, p95", answers.seconds, 100, share),
        Figure("B3", f"{what}, errors", len(answers.errors), 0, "", errors),
    ]


@contextmanager
def _printing(jobs: list[RunningJob], sizes: list[int]) -> Iterator[None]:
    """Let each job print pieces of these sizes about once a second while the block runs."""
    over = Event()

    def print_on() -> None:
        while not over.is_set():
            for job in jobs:
                for size in sizes:
                    job.prints(size)
                over.wait(1 / len(jobs))

    thread = Thread(target=print_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _figure(what: str, seconds: list[float], goal: float, more: str = "") -> Figure:
    milliseconds = [one * 1000 for one in seconds]
    detail = "; ".join(filter(None, [spread(milliseconds, " ms"), more]))
    return Figure("B3", what, percentile(milliseconds, 95), goal, " ms", detail)
