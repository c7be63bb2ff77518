"""The page that pings a host: it asks only which credentials log in there."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
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
from aops.core.views import ConsoleView, requires
from aops.credentials.models import Credential, CredentialType
from aops.inventory.models import Host
from aops.jobs import ping, services
from aops.jobs.models import Job

_USABLE = (CredentialType.MACHINE, CredentialType.VAULT)
_MAX_ID = 2**31 - 1


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
        host = _host(host_id)
        source = _repeated(host)
        proposed = list(source.credentials) if source else ping.proposed_credentials(host)
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


def _host(host_id: int) -> Host:
    host = session().get(Host, host_id) if host_id <= _MAX_ID else None
    return abort(404) if host is None else host


def _repeated(host: Host) -> Job | None:
    """Give the ping that this one repeats."""
    job_id = request.args.get("from", type=int)
    job = session().get(Job, job_id) if job_id and job_id <= _MAX_ID else None
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
