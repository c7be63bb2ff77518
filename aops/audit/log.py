"""The reading side of the audit log: filters that live in the URL, paged by key.

No COUNT and no OFFSET: the oldest page costs what the newest does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, select

from aops.audit.models import AuditEntry
from aops.core.database import session

PAGE_SIZE = 50
_MAX_TEXT = 255
_MAX_KEY = 2**31 - 1


@dataclass(frozen=True)
class Filters:
    """What the log is narrowed to; "" and None narrow nothing.

    Attributes:
        actor: Exact username.
        type: What something was done to, such as ``host``.
        name: Exact name of that thing.
        since: First day, in UTC; ``until`` the last.
        before: Only lines with a smaller id: the next page.
    """

    actor: str = ""
    action: str = ""
    type: str = ""
    name: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None

    @classmethod
    def read(cls, arguments: Mapping[str, str]) -> Filters:
        """Read them from a URL; what cannot be understood narrows nothing."""
        texts = {
            name: arguments.get(name, "").strip()[:_MAX_TEXT]
            for name in ("actor", "action", "type", "name")
        }
        return cls(
            **texts,
            since=_day(arguments.get("since", "")),
            until=_day(arguments.get("until", "")),
            before=_key(arguments.get("before", "")),
        )

    @property
    def narrowing(self) -> bool:
        """Tell whether anything is filtered; the page's key is no filter."""
        return replace(self, before=None) != Filters()

    def query(self, **changes: Any) -> str:
        """Write them as a query string, with some of them changed."""
        return urlencode(
            {name: value for name, value in asdict(replace(self, **changes)).items() if value}
        )


@dataclass(frozen=True)
class Page:
    """One page of the log; ``older`` is the key of the next one, if there is one."""

    entries: list[AuditEntry]
    older: int | None


@dataclass(frozen=True)
class Change:
    """One field of a line: what it was and what it became.

    Attributes:
        old: None where there was nothing, or where ``new`` is a fact and not a change.
    """

    field: str
    old: str | None
    new: str | None


def page(filters: Filters) -> Page:
    """Give one page, newest first."""
    entries = list(session().scalars(_query(filters).limit(PAGE_SIZE + 1)))
    more = len(entries) > PAGE_SIZE
    entries = entries[:PAGE_SIZE]
    return Page(entries=entries, older=entries[-1].id if more else None)


def changes_of(entry: AuditEntry) -> list[Change]:
    """Read the fields of a line."""
    is_change = entry.action.endswith((".created", ".updated"))
    return [
        _change(field, value) if is_change else Change(field, None, _text(value))
        for field, value in json.loads(entry.changes).items()
    ]


def _query(filters: Filters) -> Select[AuditEntry]:
    return select(AuditEntry).where(*_conditions(filters)).order_by(AuditEntry.id.desc())


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    wanted = [
        column == value
        for column, value in (
            (AuditEntry.actor_name, filters.actor),
            (AuditEntry.action, filters.action),
            (AuditEntry.object_type, filters.type),
            (AuditEntry.object_name, filters.name),
        )
        if value
    ]
    if filters.before:
        wanted.append(AuditEntry.id < filters.before)
    return wanted + _between(filters.since, filters.until)


def _between(since: date | None, until: date | None) -> list[ColumnElement[bool]]:
    """Turn days into ids first, so that the newest lines need not be read to be skipped."""
    wanted: list[ColumnElement[bool]] = []
    at, key = AuditEntry.recorded_at, AuditEntry.id
    if since:
        start = _midnight(since)
        first = session().scalar(select(key).where(at >= start).order_by(at, key).limit(1))
        wanted += [at >= start, key >= (first or _MAX_KEY)]
    if until:
        end = _midnight(until) + timedelta(days=1)
        last = session().scalar(
            select(key).where(at < end).order_by(at.desc(), key.desc()).limit(1)
        )
        wanted += [at < end, key <= (last or 0)]
    return wanted


def _change(field: str, value: Any) -> Change:
    if isinstance(value, list):  # a pair; a secret is only a word
        return Change(field, _text(value[0]), _text(value[1]))
    return Change(field, None, _text(value))


def _text(value: Any) -> str | None:
    if value is None or value in ("", []):
        return None
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year > 1 and day != date.max else None


def _key(text: str) -> int | None:
    return (
        int(text) if text.isascii() and text.isdigit() and 0 < int(text[:11]) <= _MAX_KEY else None
    )
