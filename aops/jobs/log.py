"""The reading side of a job's output: for the page, its polling and the download.

The cursor of polling is opaque to the browser. It names the last piece shown and the
state of the summary, so that a poll with nothing new is answered from one row.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from sqlalchemy import LargeBinary, cast, func, select

from aops.core.database import session
from aops.inventory.models import Host
from aops.jobs import ansi
from aops.jobs.models import Job, JobHost, JobOutput

PAGE_CHARACTERS = 512 * 1024
"""How much output a page shows at once; the rest is one click away."""

POLL_CHARACTERS = 256 * 1024

SUMMARY_SECONDS = 3
"""How long the counts of a running job may be behind its lines."""

_LARGEST = 2**31 - 1

_BYTES = func.length(cast(JobOutput.text, LargeBinary))
"""Counts a text's bytes on both databases; SQLite's length of a text ends at a NUL."""


@dataclass(frozen=True)
class Piece:
    """A stretch of output as it is stored."""

    seq: int
    first_line: int
    text: str

    @property
    def html(self) -> Markup:
        """Give its lines as safe markup."""
        return ansi.lines_to_html(self.text, self.first_line)


@dataclass(frozen=True)
class Window:
    """What a page shows of the output.

    Attributes:
        last_seq: Where polling goes on.
        hidden_before: Lines before the first one shown.
        has_more: Whether stored output follows that is not shown.
    """

    pieces: list[Piece]
    last_seq: int
    hidden_before: int
    has_more: bool


@dataclass(frozen=True)
class Cursor:
    """What a browser shows of a job, as it tells with each poll.

    Attributes:
        seq: The last piece of output.
        state: The job's state, as its badge names it.
        summary: How much output there was when the summary was last sent, and in which
            stretch of SUMMARY_SECONDS that was.
    """

    seq: int = 0
    state: str = ""
    summary: tuple[int, int] = (0, 0)

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Read a browser's cursor; nonsense starts from the beginning."""
        seq, state, output, stretch = [*text.split("."), "", "", "", ""][:4]
        return cls(_number(seq), state, (_number(output), _number(stretch)))

    def __str__(self) -> str:
        return f"{self.seq}.{self.state}.{self.summary[0]}.{self.summary[1]}"

    def is_current(self, job: Job) -> bool:
        """Tell whether a poll has nothing to bring."""
        return self.seq >= job.output_seq and not self.wants_summary(job)

    def wants_summary(self, job: Job) -> bool:
        """Tell whether the summary must be sent: at once for a new state, else now and then.

        It costs more than a few new lines do, and everybody who watches asks each second.
        """
        output, stretch = self.summary
        stale = output < job.output_seq and stretch != _stretch()
        return stale or self.state != state_of(job)


def state_of(job: Job) -> str:
    """Name the state that a job's badge shows: ``canceling`` is one of its own."""
    return "canceling" if job.canceling else job.status.value


def cursor_of(job: Job, seq: int) -> Cursor:
    """Give the cursor of who sees the job as it is now, and its output up to a piece."""
    return Cursor(seq, state_of(job), (job.output_seq, _stretch()))


def _number(text: str) -> int:
    return min(int(text[:12]), _LARGEST) if text.isascii() and text.isdigit() else 0


def _stretch() -> int:
    return int(time.time()) // SUMMARY_SECONDS


def after(job_id: int, seq: int, characters: int = POLL_CHARACTERS) -> list[Piece]:
    """Give the pieces that follow one, up to about this many characters."""
    pieces: list[Piece] = []
    size = 0
    rows = session().execute(
        select(JobOutput.seq, JobOutput.first_line, _BYTES)
        .where(JobOutput.job_id == job_id, JobOutput.seq > seq)
        .order_by(JobOutput.seq)
        .limit(200)
    )
    wanted = 0
    for found, _line, length in rows.all():
        wanted = found
        size += length or 0
        if size >= characters:
            break
    if not wanted:
        return pieces
    texts = session().execute(
        select(JobOutput.seq, JobOutput.first_line, JobOutput.text)
        .where(JobOutput.job_id == job_id, JobOutput.seq > seq, JobOutput.seq <= wanted)
        .order_by(JobOutput.seq)
    )
    return [Piece(*row) for row in texts.all()]


def window(job: Job, line: int | None = None) -> Window:
    """Give what the page shows: the end of the output, or the part around a line.

    Args:
        job: Waiting, running or finished.
        line: A line that must be in it; None means the end.
    """
    first = _seq_with_line(job.id, line) - 1 if line else _seq_of_tail(job)
    pieces = after(job.id, first, PAGE_CHARACTERS)
    last = pieces[-1].seq if pieces else first
    return Window(
        pieces=pieces,
        last_seq=last,
        hidden_before=pieces[0].first_line - 1 if pieces else 0,
        has_more=last < job.output_seq,
    )


def whole(job_id: int) -> Iterator[str]:
    """Give all of the output, piece by piece, for a download."""
    seq = 0
    while pieces := after(job_id, seq):
        for piece in pieces:
            yield piece.text
        seq = pieces[-1].seq


def hosts_of(job_id: int, limit: int = 500) -> list[JobHost]:
    """Give the counts per host, those with trouble first."""
    rows = session().scalars(
        select(JobHost)
        .where(JobHost.job_id == job_id)
        .order_by((JobHost.failed + JobHost.unreachable).desc(), JobHost.host)
        .limit(limit)
    )
    return list(rows)


def ids_of(job: Job, hosts: Sequence[JobHost]) -> dict[str, int]:
    """Find the ids of those hosts that the job's inventory still has, by name."""
    query = select(Host.name, Host.id).where(
        Host.inventory_id == job.inventory_id, Host.name.in_([host.host for host in hosts])
    )
    return {name: key for name, key in session().execute(query)}  # noqa: C416 - typed rows


def _seq_of_tail(job: Job) -> int:
    """Find after which piece the last PAGE_CHARACTERS begin."""
    if job.output_bytes <= PAGE_CHARACTERS:
        return 0
    rows = session().execute(
        select(JobOutput.seq, _BYTES)
        .where(JobOutput.job_id == job.id)
        .order_by(JobOutput.seq.desc())
        .limit(2_000)
    )
    size = 0
    seq = 0
    for seq, length in rows.all():  # noqa: B007 - the last one is wanted
        size += length or 0
        if size > PAGE_CHARACTERS:
            break
    return seq if size > PAGE_CHARACTERS else max(seq - 1, 0)


def _seq_with_line(job_id: int, line: int) -> int:
    found = session().scalar(
        select(func.max(JobOutput.seq)).where(
            JobOutput.job_id == job_id, JobOutput.first_line <= min(max(line, 1), _LARGEST)
        )
    )
    return found or 1
