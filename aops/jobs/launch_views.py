"""The pages that lead to a job: which hosts, what may still be changed, and the launch itself."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Permission
from aops.core.views import ConsoleModelView, find_row, requires, row_or_404
from aops.inventory import index, preview
from aops.inventory.bulk import selection
from aops.inventory.bulk.selection import Choice
from aops.inventory.preview import Preview
from aops.inventory.preview_pages import answer
from aops.inventory.sources.services import refreshed_on_launch
from aops.jobs import choosing, services
from aops.jobs.launch_form import Launch
from aops.jobs.models import Job, JobTemplate
from aops.jobs.targets import Target
from aops.playbooks import services as playbooks

_SHOWN_HOSTS = 200


class LaunchPages(ConsoleModelView):
    """Adds the pages to those of templates."""

    @expose("/<int:template_id>/launch", methods=("GET", "POST"))
    @requires(Permission.JOBS_LAUNCH)
    def launch(self, template_id: int) -> Response | str:
        """Show what a launch would touch, and launch."""
        launch = _launch(template_id)
        if launch.sent and launch.form.validate() and "preview" not in request.form:
            job = _store(launch)
            if job is not None:
                return redirect(url_for("jobs.show", job_id=job.id))
        target = _target(launch)
        return self.render(
            "jobs/launch.html",
            job_template=launch.template,
            form=launch.form,
            target=target,
            preview=_preview(launch, target),
            revision=playbooks.newest_revision(launch.template.playbook),
            source=launch.source,
            refreshes=refreshed_on_launch(launch.template.inventory_id),
        )

    @expose("/<int:template_id>/matching-hosts")
    @requires(Permission.JOBS_LAUNCH)
    def matching_hosts(self, template_id: int) -> Response | str:
        """Name the hosts of a launch that is being put together."""
        launch = _launch(template_id)
        target: Target | None = None
        try:
            target = services.target_of(launch.template, _person(), launch.choices)
            found = _preview(launch, target)
        except AopsError as error:
            found = Preview(error=str(error))
        return answer(self, found, "jobs/_target.html", target=target)

    @expose("/run-on", methods=("GET", "POST"))
    @requires(Permission.JOBS_LAUNCH)
    def run_on(self) -> Response | str:
        """Offer the templates that hosts chosen elsewhere can be run with.

        Takes what bulk actions take, or ``host_ids`` with commas between them.
        """
        wanted = choosing.read_ids([request.values.get("host_ids", "")])
        try:
            wanted = wanted or [*selection.resolve(Choice.read(request.values)).hosts]
            return self.render("jobs/run_on.html", offers=choosing.offers(wanted))
        except AopsError as error:
            flash(str(error), "error")
            return redirect(url_for("hosts.index_view"))


def _launch(template_id: int) -> Launch:
    template = row_or_404(JobTemplate, template_id)
    source = find_row(Job, request.args.get("from", type=int))
    if source is not None and source.template_id != template.id:
        source = None
    return Launch(template, source)


def _target(launch: Launch) -> Target | None:
    """Find the hosts to show; a refusal goes to its field."""
    try:
        return services.target_of(launch.template, _person(), launch.choices)
    except AopsError as error:
        launch.refuse(error)
        return None


def _preview(launch: Launch, target: Target | None) -> Preview:
    view = index.of(launch.template.inventory_id).enabled
    total = len(view.hosts)
    if target is None:
        return Preview(total=total)
    unmatched = view.unmatched(launch.choices.limit)
    return preview.of_names(target.hosts, total, shown=_SHOWN_HOSTS, unmatched=unmatched)


def _store(launch: Launch) -> Job | None:
    try:
        job = services.launch(
            launch.template,
            _person(),
            launch.choices,
            launch_key=launch.form.launch_key.data or services.new_launch_key(),
            relaunch_of=launch.source.id if launch.source else None,
            seen=request.form.get("seen", ""),
        )
        session().commit()
    except AopsError as error:
        session().rollback()
        launch.refuse(error)
        return None
    return job


def _person() -> Any:
    return current_user._get_current_object()  # noqa: SLF001 - services want the person
