"""Lets the dynamic sources of the inventory be refreshed before a run is prepared.

It may take as long as the sources' time limits. Meanwhile the run keeps its lease, and a
cancel or a stop of the service ends the waiting at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from aops.core.database import session
from aops.inventory.sources import services as sources
from aops.jobs import lifecycle
from aops.jobs.models import Job

_TICK = 0.5


class GivenUp(Exception):  # noqa: N818 - reads as what happened
    """The run was ended before it began."""


def refresh_sources(job: Job, is_stopping: Callable[[], bool]) -> None:
    """Wait for the sources that the launch of a job refreshes.

    Args:
        job: Claimed by this process.
        is_stopping: Tells whether the service wants the run to end.

    Raises:
        AopsError: If a required source could not be refreshed.
        ClaimLost: If the job is not this attempt's any more.
        GivenUp: If somebody cancelled the job, or the service stops.
    """
    job_id, attempt = job.id, job.attempt

    def pause() -> None:
        session().commit()
        time.sleep(_TICK)
        lifecycle.heartbeat(job_id, attempt)
        canceled = lifecycle.cancel_requested(job_id, attempt)
        session().commit()
        if canceled or is_stopping():
            raise GivenUp

    if job.inventory_id is not None:
        sources.refresh_for_launch(job.inventory_id, job_id, pause)
