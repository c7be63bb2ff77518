"""Shows what a job was limited to, which may be the names of 10,000 hosts, in few words.

Lists and polling never load all of it: they use ``without_names``.
"""

from __future__ import annotations

from typing import Any

from flask_babel import format_decimal, ngettext
from sqlalchemy import case, func
from sqlalchemy.orm import defer, with_expression

from aops.jobs.models import Job

_LONGEST = 200


def without_names() -> tuple[Any, Any]:
    """Give the loader options that read a pattern's beginning, and no names of hosts."""
    beginning = func.substr(Job.limit, 1, _LONGEST + 1)
    return (
        defer(Job.limit),
        with_expression(Job.limit_start, case((Job.limit_hosts > 0, ""), else_=beginning)),
    )


def shown(job: Job) -> str:
    """Say what a job was limited to; "" if to nothing."""
    if not job.limit_hosts:
        text = job.limit if job.limit_start is None else job.limit_start
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    if not job.target_name and job.limit_hosts == 1:
        return job.limit
    number = format_decimal(job.limit_hosts)
    if job.target_name:
        return str(
            ngettext(
                "%(number)s host of filter “%(name)s”",
                "%(number)s hosts of filter “%(name)s”",
                job.limit_hosts,
                number=number,
                name=job.target_name,
            )
        )
    return str(
        ngettext(
            "%(number)s chosen host", "%(number)s chosen hosts", job.limit_hosts, number=number
        )
    )
