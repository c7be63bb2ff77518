"""The reading side of the job history: filters that live in the URL, paged by key.

No COUNT and no OFFSET: page one thousand costs what page one does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Select, func, select
from sqlalchemy.orm import load_only

from aops.core.columns import MAX_ID
from aops.core.database import session
from aops.jobs import limits
from aops.jobs.models import Job, JobHost, JobStatus, JobTemplate

PAGE_SIZE = 50
_MAX_TEXT = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Filters:
    """What the history is narrowed to; "" and None narrow nothing.

    Attributes:
        status: Values of JobStatus.
        host: Exact name of a host that the job reported on.
        since: First day, in UTC; ``until`` the last.
        changed: Only jobs that changed something.
        before: Only jobs with a smaller id: the next page.
    """

    status: tuple[str, ...] = ()
    name: str = ""
    launched_by: str = ""
    inventory: str = ""
    host: str = ""
    since: date | None = None
    until: date | None = None
    changed: bool = False
    before: int | None = None

    @classmethod
    def read(cls, arguments: Mapping[str, str], statuses: list[str]) -> Filters:
        """Read them from a URL; what cannot be understood narrows nothing."""
        known = {status.value for status in JobStatus}
        return cls(
            status=tuple(status for status in statuses if status in known),
            name=_text(arguments.get("name", "")),
            launched_by=_text(arguments.get("launched_by", "")),
            inventory=_text(arguments.get("inventory", "")),
            host=_text(arguments.get("host", "")),
            since=_day(arguments.get("since", "")),
            until=_day(arguments.get("until", "")),
            changed=arguments.get("changed") == "1",
            before=_number(arguments.get("before", "")),
        )

    @property
    def narrowing(self) -> bool:
        """Tell whether anything is filtered; the page number is no filter."""
        return replace(self, before=None) != Filters()

    def query(self, **changes: Any) -> str:
        """Write them as a query string, with some of them changed."""
        wanted = replace(self, **changes)
        pairs: list[tuple[str, Any]] = [("status", status) for status in wanted.status]
        for name in ("name", "launched_by", "inventory", "host", "since", "until", "before"):
            value = getattr(wanted, name)
            if value:
                pairs.append((name, value))
        if wanted.changed:
            pairs.append(("changed", "1"))
        return urlencode(pairs)


@dataclass(frozen=True)
class Page:
    """One page of the history; ``older`` is the key of the next one, if there is one."""

    jobs: list[Job]
    older: int | None


def page(filters: Filters) -> Page:
    """Give one page, newest first."""
    jobs: list[Job] = list(session().scalars(_narrowed(filters).limit(PAGE_SIZE + 1)))
    more = len(jobs) > PAGE_SIZE
    jobs = jobs[:PAGE_SIZE]
    return Page(jobs=jobs, older=jobs[-1].id if more else None)


def newest(*statuses: JobStatus, limit: int, since: datetime | None = None) -> list[Job]:
    """Give the newest jobs in some states, for the home page."""
    query = _columns(select(Job)).where(Job.status.in_(statuses))
    if since is not None:
        query = query.where(Job.created_at >= since)
    return list(session().scalars(query.order_by(Job.id.desc()).limit(limit)))


def of_template(template_id: int, limit: int = 10) -> list[Job]:
    """Give a template's newest jobs."""
    query = _columns(select(Job)).where(Job.template_id == template_id)
    return list(session().scalars(query.order_by(Job.id.desc()).limit(limit)))


def favourite_templates(limit: int) -> list[JobTemplate]:
    """Give the templates that were launched last, then the others by name."""
    last = select(func.max(Job.id)).where(Job.template_id == JobTemplate.id).scalar_subquery()
    query = select(JobTemplate).order_by(func.coalesce(last, 0).desc(), JobTemplate.name)
    return list(session().scalars(query.limit(limit)))


def _columns(query: Select[tuple[Job]]) -> Select[tuple[Job]]:
    return query.options(
        load_only(
            Job.id,
            Job.name,
            Job.status,
            Job.reason,
            Job.playbook_name,
            Job.inventory_name,
            Job.limit_hosts,
            Job.target_name,
            Job.check_mode,
            Job.launched_by_name,
            Job.created_at,
            Job.started_at,
            Job.finished_at,
            Job.cancel_requested_at,
            Job.hosts_total,
            Job.hosts_failed,
            Job.hosts_changed,
            raiseload=True,
        ),
        *limits.without_names(),
    )


def _narrowed(filters: Filters) -> Select[tuple[Job]]:
    query = _columns(select(Job)).order_by(Job.id.desc())
    if filters.status:
        query = query.where(Job.status.in_(filters.status))
    if filters.name:
        query = query.where(Job.name.icontains(filters.name, autoescape=True))
    if filters.launched_by:
        query = query.where(Job.launched_by_name == filters.launched_by)
    if filters.inventory:
        query = query.where(Job.inventory_name.icontains(filters.inventory, autoescape=True))
    if filters.host:
        query = query.where(Job.id.in_(select(JobHost.job_id).where(JobHost.host == filters.host)))
    if filters.since:
        query = query.where(Job.created_at >= _midnight(filters.since))
    if filters.until:
        query = query.where(Job.created_at < _midnight(filters.until + timedelta(days=1)))
    if filters.changed:
        query = query.where(Job.hosts_changed > 0)
    if filters.before:
        query = query.where(Job.id < filters.before)
    return query


def _text(text: str) -> str:
    """Drop what no name holds and no page may show, such as a NUL."""
    return _CONTROL.sub("", text).strip()[:_MAX_TEXT]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date.min < day < date.max else None


def _number(text: str) -> int | None:
    return min(int(text[:12]), MAX_ID) if text.isascii() and text.isdigit() else None
