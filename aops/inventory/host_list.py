"""The reading side of the list of hosts: filtered, sorted, and paged by key.

No OFFSET, and a number of queries that does not grow with the rows. A page begins behind
a row or ends before one, so that it stays what it is while others add and remove hosts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from aops.core.columns import MAX_ID, Timestamp
from aops.core.database import session
from aops.inventory import host_rows, kept
from aops.inventory.host_conditions import conditions
from aops.inventory.host_filters import Filters
from aops.inventory.host_rows import HostRow
from aops.inventory.kept import State
from aops.inventory.models import Host, HostResult

MOST_COUNTED = 20_000
"""Beyond this, the page says "more than"."""


class _never(FunctionElement[datetime]):  # noqa: N801 - reads as a SQL function
    """A moment before every run; MariaDB would take a parameter for text."""

    type = Timestamp()
    inherit_cache = True


@compiles(_never, "sqlite")
def _never_sqlite(_element: _never, _compiler: Any, **_: Any) -> str:
    return "'1970-01-01 00:00:00.000000'"


@compiles(_never)
def _never_mysql(_element: _never, _compiler: Any, **_: Any) -> str:
    return "TIMESTAMP'1970-01-01 00:00:00.000000'"


@dataclass(frozen=True)
class Page:
    """One page of hosts.

    Attributes:
        previous: Query string of the page before; None on the first.
        next: Query string of the page behind; None on the last.
        total: How many hosts match, at most ``MOST_COUNTED`` and one.
    """

    hosts: list[HostRow]
    previous: str | None
    next: str | None
    total: int

    @property
    def is_capped(self) -> bool:
        """Tell whether there are more than were counted."""
        return self.total > MOST_COUNTED


def page(filters: Filters, state: State | None = None) -> Page:
    """Give the page that the filters name; the first if the one before it is not full.

    Args:
        filters: As they stand in the URL.
        state: Of the inventories, where it is known already.

    Raises:
        AopsError: If the filter in words cannot be understood.
    """
    state = state or kept.now()
    wanted = conditions(filters)
    found = _slice(filters, wanted)
    if filters.before and len(found) < filters.size:
        filters = replace(filters, before="", after="")
        found = _slice(filters, wanted)
    whole = len(found) <= filters.size and not (filters.after or filters.before)
    return _page(filters, found, len(found) if whole else _total(state, filters, wanted))


def ids(filters: Filters) -> list[int]:
    """Give all hosts that match, by inventory and name.

    Raises:
        AopsError: If the filter in words cannot be understood.
    """
    query = select(Host.id).where(*conditions(filters))
    return list(session().scalars(query.order_by(Host.inventory_id, Host.name)))


def _page(filters: Filters, found: list[Row[Any]], total: int) -> Page:
    more = len(found) > filters.size
    shown = found[: filters.size]
    if filters.before:
        shown.reverse()
    has_previous = bool(shown) and (more if filters.before else bool(filters.after))
    has_next = bool(shown) and (bool(filters.before) or more)
    sort = _SORTS[filters.sort]
    return Page(
        hosts=host_rows.of(shown),
        previous=filters.query(before=sort.key(shown[0])) if has_previous else None,
        next=filters.query(after=sort.key(shown[-1])) if has_next else None,
        total=total,
    )


def _total(state: State, filters: Filters, wanted: list[ColumnElement[bool]]) -> int:
    if filters.keeps:
        return kept.get(state, ("total", filters.condition), lambda: _count(wanted))
    return _count(wanted)


def _count(wanted: list[ColumnElement[bool]]) -> int:
    capped = select(literal(1)).select_from(Host).where(*wanted).limit(MOST_COUNTED + 1)
    return session().scalar(select(func.count()).select_from(capped.subquery())) or 0


def _slice(filters: Filters, wanted: list[ColumnElement[bool]]) -> list[Row[Any]]:
    """Read one row more than a page has; backwards when the page ends before a row."""
    return list(session().execute(_query(filters, wanted)))


def _query(filters: Filters, wanted: list[ColumnElement[bool]]) -> Select[Any]:
    sort = _SORTS[filters.sort]
    columns = (*host_rows.COLUMNS, sort.column.label("sorted_by"))
    query: Select[Any] = host_rows.joined(select(*columns).select_from(Host)).where(*wanted)
    down = filters.desc != bool(filters.before)
    spot = sort.spot(filters.before or filters.after)
    if spot is not None:
        query = query.where(_beyond(sort.column, *spot, down=down))
    order = (sort.column.desc(), Host.id.desc()) if down else (sort.column, Host.id)
    return query.order_by(*order).limit(filters.size + 1)


def _beyond(column: Any, value: Any, key: int, *, down: bool) -> ColumnElement[bool]:
    """Compare pairs so that MariaDB enters the index; its row comparison reads all of it."""
    if down:
        return and_(column <= value, or_(column < value, Host.id < key))
    return and_(column >= value, or_(column > value, Host.id > key))


@dataclass(frozen=True)
class _Sort:
    """An order of the list, and how the place of a row in it is written into a URL."""

    column: Any
    write: Callable[[Any], str]
    read: Callable[[str], Any]

    def key(self, row: Row[Any]) -> str:
        return f"{self.write(row.sorted_by)},{row.id}"

    def spot(self, text: str) -> tuple[Any, int] | None:
        """Read what ``key`` wrote; anything else is no place."""
        value, comma, key = text.rpartition(",")
        if not comma or not (key.isascii() and key.isdigit()):
            return None
        try:
            return self.read(value), min(int(key[:12]), MAX_ID)
        except (ValueError, OverflowError):
            return None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_SORTS = {
    "name": _Sort(Host.name, str, str),
    "changed": _Sort(Host.updated_at, datetime.isoformat, _moment),
    "last": _Sort(
        func.coalesce(HostResult.last_at, _never(), type_=Timestamp()),
        datetime.isoformat,
        _moment,
    ),
}
