"""The page that pings a host: it asks only which credentials log in there."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import HiddenField

from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.fields import ManyField
from aops.core.forms import ConsoleForm
from aops.core.permissions import Permission
from aops.core.views import ConsoleView, find_row, requires, row_or_404
from aops.credentials.models import Credential, CredentialType
from aops.inventory.models import Host
from aops.jobs import ping, services
from aops.jobs.models import Job

_USABLE = (CredentialType.MACHINE, CredentialType.VAULT)


def _credentials() -> Any:
    query = select(Credential).where(Credential.type.in_(_USABLE)).order_by(Credential.name)
    return session().scalars(query).all()


class PingForm(ConsoleForm):
    """With what to log in."""

    launch_key = HiddenField()
    credentials = ManyField(
        _l("Credentials"),
        query_factory=_credentials,
        description=_l(
            "Those of the template that last ran here are chosen. None leaves it to the inventory."
        ),
    )


class PingPages(ConsoleView):
    """Adds the page to the pages of jobs."""

    @expose("/ping/<int:host_id>/", methods=("GET", "POST"))
    @requires(Permission.JOBS_LAUNCH)
    def ping(self, host_id: int) -> Response | str:
        """Ask with which credentials, and launch."""
        host = row_or_404(Host, host_id)
        source = _repeated(host)
        proposed = (
            list(source.credentials) if source else ping.proposed_credentials(host.inventory_id)
        )
        form = PingForm(
            request.form if request.method == "POST" else None,
            launch_key=services.new_launch_key(),
            credentials=proposed,
        )
        if request.method == "POST" and form.validate():
            job_id = _launch(host, form, source)
            if job_id is not None:
                return redirect(url_for("jobs.show", job_id=job_id))
        return self.render("jobs/ping.html", host=host, form=form)


def _repeated(host: Host) -> Job | None:
    """Give the ping that this one repeats."""
    job = find_row(Job, request.args.get("from", type=int))
    return job if job is not None and ping.pinged_host(job) is host else None


def _launch(host: Host, form: PingForm, source: Job | None) -> int | None:
    try:
        job = ping.ping(
            host,
            current_user._get_current_object(),  # noqa: SLF001 - the service wants the person
            form.credentials.data,
            launch_key=form.launch_key.data or services.new_launch_key(),
            relaunch_of=source.id if source else None,
        )
        session().commit()
    except AopsError as error:
        session().rollback()
        if not form.attach(error):
            flash(str(error), "error")
        return None
    return job.id
