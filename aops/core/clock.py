"""This machine's time, in one place so that tests can hold it. Leases use the database's."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Give the current moment, in UTC."""
    return datetime.now(UTC)
