"""Why a job that waits is waiting, and what every page should warn about."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from aops.core.database import database_time, session
from aops.inventory.sources import services as sources
from aops.jobs.models import Job, JobStatus, Pulse

FRESH_SECONDS = 60
_CACHE_SECONDS = 10.0


@dataclass(frozen=True)
class Banner:
    """A line above every page.

    Attributes:
        level: info, warning or danger.
    """

    level: str
    text: str


def reason(job: Job) -> str:
    """Say in a sentence what a job waits for; "" if it runs or has ended."""
    if job.status is JobStatus.PENDING:
        return _for_a_worker(job)
    if job.status is JobStatus.RUNNING and not job.output_seq:
        return _for_sources(job)
    return ""


def _for_sources(job: Job) -> str:
    names = sources.refreshing_in(job.inventory_id)
    if not names:
        return ""
    return str(
        _("The sources of the inventory are refreshed first: %(names)s.", names=", ".join(names))
    )


def _for_a_worker(job: Job) -> str:
    workers = live_workers()
    if not workers:
        return str(_("No worker is running. The job starts as soon as one does; nothing is lost."))
    ahead = session().scalar(
        select(func.count()).where(Job.status == JobStatus.PENDING, Job.id < job.id)
    )
    if ahead:
        return str(
            ngettext(
                "%(num)d job is before it in the queue.",
                "%(num)d jobs are before it in the queue.",
                ahead,
            )
        )
    if not any(worker.free_slots for worker in workers):
        return str(_("Every worker is busy. It starts when a run ends."))
    return str(_("A worker will take it within seconds."))


def live_workers() -> list[Pulse]:
    """Give the workers that reported lately."""
    since = database_time() - timedelta(seconds=FRESH_SECONDS)
    return list(
        session().scalars(select(Pulse).where(Pulse.name == "worker", Pulse.seen_at > since))
    )


def banners() -> list[Banner]:
    """Give what every page must say: that runs are not isolated, or are refused.

    Kept for ten seconds in each process, since every page asks.
    """
    cache = current_app.extensions.setdefault("banners", {"until": 0.0, "findings": set()})
    if time.monotonic() > cache["until"]:
        cache["findings"] = _findings()
        cache["until"] = time.monotonic() + _CACHE_SECONDS
    return [_banner(finding) for finding in sorted(cache["findings"])]


def _findings() -> set[str]:
    try:
        since = database_time() - timedelta(seconds=FRESH_SECONDS)
        pulses = session().scalars(
            select(Pulse.isolation).where(
                Pulse.name == "worker", Pulse.seen_at > since, Pulse.isolation != ""
            )
        )
        return {finding.split(":")[0] for finding in pulses}
    except SQLAlchemyError:
        return set()


def _banner(finding: str) -> Banner:
    if finding == "required":
        return Banner(
            "danger",
            _(
                "Jobs are refused: the sandbox (bubblewrap) does not work on a worker. "
                "Run “flask doctor” there; it says what to do."
            ),
        )
    return Banner(
        "warning",
        _(
            "Runs are not isolated: a playbook can read aops' own secrets. Install bubblewrap "
            "on the workers; “flask doctor” says more."
        ),
    )
