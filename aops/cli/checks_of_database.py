"""What the database tells: itself, its tables, its clock, and who reported lately."""

from __future__ import annotations

from sqlalchemy import make_url

from aops.cli import migrations
from aops.cli.finding import Problem
from aops.config import Settings
from aops.core import clock
from aops.core.database import database_time, db, session
from aops.jobs.models import Pulse
from aops.jobs.waiting import FRESH_SECONDS, live_workers

_MAX_SKEW_SECONDS = 5


def database(settings: Settings) -> str:
    """Connect to it."""
    with db.engine.connect() as connection:
        info = ".".join(map(str, connection.dialect.server_version_info or ()))
    where = make_url(settings.database_url).render_as_string(hide_password=True)
    return f"{db.engine.dialect.name} {info} at {where}"


def migrations_(_settings: Settings) -> str:
    """Compare its revision with the code's."""
    present, wanted = migrations.present(), migrations.wanted()
    if present != wanted:
        raise Problem(
            f"The tables are at revision {present or 'none'}, the code wants {wanted}. "
            "Run: flask db upgrade"
        )
    return f"at {present}"


def clock_(_settings: Settings) -> str:
    """Compare its clock with this machine's: leases use the one, pages show the other."""
    skew = (clock.now() - database_time()).total_seconds()
    if abs(skew) > _MAX_SKEW_SECONDS:
        way = "ahead of" if skew > 0 else "behind"
        raise Problem(
            f"This machine's clock is {abs(skew):.0f} s {way} the database's. "
            "Let both follow the same NTP servers."
        )
    return f"{abs(skew):.1f} s apart from the database's"


def workers(_settings: Settings) -> str:
    """Name the workers that reported lately."""
    found = live_workers()
    if not found:
        raise Problem(
            f"No worker has reported for {FRESH_SECONDS} s, so jobs wait. "
            "Start one: celery -A aops.worker worker"
        )
    return ", ".join(f"{worker.node} ({worker.free_slots} free)" for worker in found)


def scheduler(_settings: Settings) -> str:
    """Look when the regular sweep last ran."""
    pulse = session().get(Pulse, ("sweep", ""))
    age = (database_time() - pulse.seen_at).total_seconds() if pulse else None
    if age is None or age > FRESH_SECONDS:
        raise Problem(
            f"Nothing was swept for {FRESH_SECONDS} s: it needs a worker, and exactly one "
            "scheduler. Start it: celery -A aops.worker beat"
        )
    return f"swept {age:.0f} s ago"
