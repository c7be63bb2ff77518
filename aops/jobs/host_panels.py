"""What jobs add to the page of a host: how it stands, its last runs, what can be run on it."""

from __future__ import annotations

from dataclasses import dataclass

from aops.core.database import session
from aops.core.panels import Place, adds_panel
from aops.core.permissions import Permission
from aops.inventory.models import Host, HostResult
from aops.jobs import host_runs, labels
from aops.jobs.host_runs import HostRun
from aops.jobs.models import JobResult

RESULT_WORDS = {
    name: labels.COUNTS[name]
    for name in ("ok", "changed", "failed", "unreachable", "skipped", "ignored")
}


@dataclass(frozen=True)
class Standing:
    """How the last run ended, and the last failure.

    Attributes:
        job_names: Id to name of those of its jobs that still exist.
    """

    result: HostResult
    job_names: dict[int, str]

    @property
    def troubled(self) -> bool:
        """Tell whether the failure is the newest thing that is known."""
        return self.result.last_status in {"failed", "unreachable"}

    @property
    def word(self) -> object:
        """Give the word for the last status."""
        return RESULT_WORDS.get(self.result.last_status, self.result.last_status)


@dataclass(frozen=True)
class History:
    """The last runs, the newest first, and the results of the newest, task by task.

    Attributes:
        more: Whether there are more results than are shown.
    """

    host: Host
    runs: list[HostRun]
    results: list[JobResult]
    more: bool
    words: dict[str, object]


@dataclass(frozen=True)
class Actions:
    """What can be run on a host; the templates as id and name."""

    host: Host
    templates: list[tuple[int, str]]


@adds_panel(Host, Place.ACTIONS, "jobs/_host_actions.html", Permission.JOBS_LAUNCH)
def _actions(host: Host) -> Actions | None:
    if not host.enabled:
        return None
    return Actions(host, host_runs.templates_for(host))


@adds_panel(Host, Place.FIRST, "jobs/_host_status.html", Permission.JOBS_READ)
def _standing(host: Host) -> Standing | None:
    result = session().get(HostResult, host.id)
    if result is None:
        return None
    return Standing(result, host_runs.names_of((result.last_job_id, result.failed_job_id)))


@adds_panel(Host, Place.FIRST, "jobs/_host_runs.html", Permission.JOBS_READ)
def _history(host: Host) -> History:
    runs = host_runs.last_runs(host)
    results = host_runs.results(runs[0].job_id, host) if runs else []
    shown = results[: host_runs.MAX_RESULTS]
    return History(host, runs, shown, more=len(results) > len(shown), words=dict(RESULT_WORDS))
