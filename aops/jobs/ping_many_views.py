"""The page that pings many hosts: it names them, asks for credentials, and launches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Permission
from aops.core.views import ConsoleView, find_row, requires
from aops.inventory.bulk.selection import Choice, Selection, resolve
from aops.jobs import ping, ping_many, services, targets
from aops.jobs.models import Job
from aops.jobs.ping_many import Offer
from aops.jobs.ping_views import PingForm

_SHOWN_NAMES = 20


@dataclass(frozen=True)
class Part:
    """What is asked about the hosts of one inventory."""

    offer: Offer
    form: PingForm


class PingManyPages(ConsoleView):
    """Adds the page to the pages of jobs."""

    @expose("/ping/", methods=("GET", "POST"))
    @requires(Permission.JOBS_LAUNCH)
    def ping_many(self) -> Response | str:
        """Name the hosts and ask with which credentials; then launch.

        Takes what bulk actions take, or the job to repeat.
        """
        source = _repeated()
        choice = _choice(source)
        try:
            selection = resolve(choice)
            offers = ping_many.offers(selection)
        except AopsError as error:
            flash(str(error), "error")
            return redirect(f"{url_for('hosts.index_view')}?{choice.filters.query()}")
        confirmed, seal = request.form.get("confirmed"), ping_many.seal(offers)
        parts = [_part(offer, source, sent=bool(confirmed)) for offer in offers]
        if confirmed == seal and all(part.form.validate() for part in parts):
            jobs = _launch(parts, source)
            if jobs:
                return redirect(_after(jobs))
        return self._show(choice, selection, parts, seal=seal, again=confirmed not in {None, seal})

    def _show(self, choice: Choice, selection: Selection, parts: list[Part], **more: Any) -> str:
        page: str = self.render(
            "jobs/ping_many.html",
            choice=choice,
            selection=selection,
            names=[name for part in parts for name in part.offer.hosts[:_SHOWN_NAMES]][
                :_SHOWN_NAMES
            ],
            parts=parts,
            total=ping_many.total([part.offer for part in parts]),
            source_id=request.values.get("from", type=int),
            **more,
        )
        return page


def again_url(job: Job) -> str | None:
    """Give the page that repeats a ping; None if the job is none, or its host is gone."""
    host = ping.pinged_host(job)
    if host is not None:
        return f"{url_for('jobs.ping', host_id=host.id)}?from={job.id}"
    if ping.is_ping(job) and job.limit_hosts > 1:
        return f"{url_for('jobs.ping_many')}?from={job.id}"
    return None


def _repeated() -> Job | None:
    job = find_row(Job, request.values.get("from", type=int))
    return job if job is not None and ping.is_ping(job) else None


def _choice(source: Job | None) -> Choice:
    if source is None:
        return Choice.read(request.values)
    return Choice(names="\n".join(targets.pinned(source)), inventory=source.inventory_id)


def _part(offer: Offer, source: Job | None, *, sent: bool) -> Part:
    proposed = source.credentials if source else ping.proposed_credentials(offer.inventory.id)
    form = PingForm(
        request.form if sent else None,
        prefix=f"of-{offer.inventory.id}-",
        launch_key=services.new_launch_key(),
        credentials=list(proposed),
    )
    return Part(offer, form)


def _launch(parts: list[Part], source: Job | None) -> list[Job]:
    jobs: list[Job] = []
    for part in parts:
        try:
            job = ping.ping_hosts(
                part.offer.inventory,
                part.offer.hosts,
                current_user._get_current_object(),  # noqa: SLF001 - the service wants the person
                part.form.credentials.data,
                launch_key=part.form.launch_key.data or services.new_launch_key(),
                relaunch_of=source.id if source else None,
            )
        except AopsError as error:
            session().rollback()
            if not part.form.attach(error):
                flash(str(error), "error")
            return []
        jobs.append(job)
    session().commit()
    return jobs


def _after(jobs: list[Job]) -> str:
    if len(jobs) == 1:
        return url_for("jobs.show", job_id=jobs[0].id)
    number = len(jobs)
    flash(ngettext("%(num)d ping was launched.", "%(num)d pings were launched.", number), "success")
    return url_for("jobs.index")
