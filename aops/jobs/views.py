"""Pages of job templates and jobs: keep, launch, watch, look back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import (
    Response,
    flash,
    make_response,
    redirect,
    request,
    stream_with_context,
    url_for,
)
from flask_admin import Admin, expose
from flask_admin.form import rules
from flask_admin.model.template import BaseListRowAction
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from aops.core.database import session
from aops.core.forms import PartRule, UnseenRule
from aops.core.permissions import Permission
from aops.core.views import may, requires, row_or_404
from aops.inventory.sources import services as sources
from aops.jobs import (  # the panels register themselves
    ansi,
    history,
    host_panels,  # noqa: F401
    labels,
    limits,
    log,
    ping_panels,  # noqa: F401
    reasons,
    services,
    waiting,
)
from aops.jobs.forms import TemplateForm
from aops.jobs.hints import by_hint, key_hint
from aops.jobs.launch_views import LaunchPages
from aops.jobs.models import Job, JobStatus, JobTemplate
from aops.jobs.ping_many_views import PingManyPages, again_url
from aops.jobs.ping_views import PingPages


class LaunchAction(BaseListRowAction):
    """The button at the end of a template's row."""

    def render(self, _context: Any, row_id: Any, _row: Any) -> Markup:
        """Lead to the launch page, for those who may launch."""
        if not may(Permission.JOBS_LAUNCH):
            return Markup("")
        return Markup('<a class="btn btn-sm btn-primary" href="{}">{}</a>').format(
            url_for("templates.launch", template_id=row_id), _("Launch")
        )


class TemplateView(LaunchPages):
    """Lists, edits and launches job templates."""

    read_permission = Permission.TEMPLATES_READ
    write_permission = Permission.TEMPLATES_WRITE

    column_list = ("name", "description", "playbook", "inventory", "limit")
    column_searchable_list = ("name", "description")
    column_default_sort = "name"
    column_sortable_list = ("name",)
    column_extra_row_actions = [LaunchAction(_l("Launch"))]

    title_singular = _l("template")
    title_plural = _l("Templates")
    add_label = _l("Add template")
    empty_hint = _l(
        "A template says what to run, on which hosts and with which credentials. "
        "Operators launch it with one click."
    )
    icon = "templates"
    column_labels = {
        "name": _l("Name"),
        "description": _l("Description"),
        "playbook": _l("Playbook"),
        "inventory": _l("Inventory"),
        "limit": _l("Limit"),
    }

    details_template = "jobs/template.html"
    form = TemplateForm
    form_rules = (
        UnseenRule("csrf_token"),
        UnseenRule("version"),
        "name",
        "description",
        rules.Header(_l("What runs where")),
        "playbook",
        "inventory",
        "credentials",
        "limit",
        "host_filter",
        PartRule("jobs/_template_hosts.html"),
        rules.Header(_l("How it runs")),
        "extra_vars",
        "tags",
        "skip_tags",
        "forks",
        "timeout",
        "verbosity",
        "become",
        "use_fact_cache",
        "check_mode",
        "diff_mode",
        rules.Header(_l("What may be changed at launch")),
        "ask_limit",
        "ask_tags",
        "ask_vars",
        "ask_modes",
    )

    def render(self, template: str, **kwargs: Any) -> str:
        """Give the details page the template's last jobs."""
        if template == self.details_template:
            kwargs["recent_jobs"] = history.of_template(kwargs["model"].id)
        return str(super().render(template, **kwargs))

    def prepare(self, _form: Any, model: JobTemplate, *, is_created: bool) -> None:  # noqa: ARG002
        """Refuse what could not run."""
        services.check_template(model)


class JobView(PingPages, PingManyPages):
    """The history, and a job's page with its live output."""

    read_permission = Permission.JOBS_READ

    @expose("/")
    def index(self) -> str:
        """List jobs, newest first; the filters are in the URL."""
        filters = history.Filters.read(request.args, request.args.getlist("status"))
        return self.render(
            "jobs/history.html",
            filters=filters,
            page=history.page(filters),
            statuses=labels.STATUS,
        )

    @expose("/<int:job_id>/")
    def show(self, job_id: int) -> str:
        """Show a job: how it stands, its hosts, its output."""
        job = _job(job_id)
        window = log.window(job, request.args.get("line", type=int))
        return self.render(
            "jobs/job.html",
            job=job,
            window=window,
            cursor=log.cursor_of(job, window.last_seq),
            **_summary(job),
        )

    @expose("/<int:job_id>/log")
    def log(self, job_id: int) -> BaseResponse | str:
        """Answer a poll: the lines after the cursor, and the summary if it changed."""
        job = _job(job_id)
        cursor = log.Cursor.read(request.args.get("after", ""))
        if cursor.is_current(job):
            return _poll_answer("", cursor, 304, finished=job.finished)
        pieces = log.after(job.id, cursor.seq)
        now = log.cursor_of(job, pieces[-1].seq if pieces else cursor.seq)
        finished = job.finished and now.seq >= job.output_seq
        html = "".join(piece.html for piece in pieces)
        if finished or cursor.wants_summary(job):
            html += self.render("jobs/_poll.html", job=job, **_summary(job))
        else:
            now = replace(now, summary=cursor.summary)
        return _poll_answer(html, now, 200, finished=finished)

    @expose("/<int:job_id>/output.txt")
    def download(self, job_id: int) -> Response:
        """Give all of the output as text; colours only on demand."""
        job = _job(job_id)
        text = (
            piece if request.args.get("colours") else ansi.plain(piece)
            for piece in log.whole(job.id)
        )
        encoded = (part.encode("utf-8", "replace") for part in text)
        return Response(
            stream_with_context(encoded),
            mimetype="text/plain; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="aops-job-{job.id}.txt"'},
        )

    @expose("/<int:job_id>/cancel", methods=("POST",))
    @requires(Permission.JOBS_CANCEL)
    def cancel(self, job_id: int) -> BaseResponse:
        """End a job."""
        job = _job(job_id)
        if services.cancel(job):
            session().commit()
            flash(_("The job is being ended, with everything that it started."), "info")
        else:
            session().rollback()
            flash(_("There was nothing to cancel: the job had already ended."), "info")
        return redirect(url_for("jobs.show", job_id=job_id))


def _job(job_id: int) -> Job:
    return row_or_404(Job, job_id, *limits.without_names())


def _summary(job: Job) -> dict[str, Any]:
    return {
        "hosts": (hosts := log.hosts_of(job.id)),
        "host_ids": log.ids_of(job, hosts),
        "key_hints": by_hint(hosts),
        "blamed_source": _blamed_source(job),
        "labels": labels,
        "reason": reasons.shown(job.reason),
        "waiting": waiting.reason(job),
    }


def _blamed_source(job: Job) -> tuple[int, str] | None:
    """Give id and name of the dynamic source for whose sake a job was not started."""
    if job.status is not JobStatus.FAILED or not job.reason or job.output_seq:
        return None
    return sources.blamed_in(job.inventory_id, job.reason)


def _poll_answer(body: str, cursor: log.Cursor, code: int, *, finished: bool) -> BaseResponse:
    answer = make_response(body, code)
    answer.headers["X-Aops-Cursor"] = str(cursor)
    if finished:
        answer.headers["X-Aops-Finished"] = "1"
    return answer


def register(admin: Admin) -> None:
    """Add the pages of templates and jobs."""
    admin.add_view(TemplateView(JobTemplate, endpoint="templates", url="/templates"))
    admin.add_view(JobView(name=_l("Jobs"), endpoint="jobs", url="/jobs"))
    assert admin.app is not None  # noqa: S101 - views are registered on an application
    admin.app.jinja_env.globals.update(
        banners=waiting.banners,
        key_hint=key_hint,
        limit_of=limits.shown,
        may=may,
        ping_again_url=again_url,
        Permission=Permission,
        status_label=status_label,
        status_name=status_name,
    )


def status_name(job: Job) -> str:
    """Give the state that a badge shows: ``canceling`` is one of its own."""
    return log.state_of(job)


def status_label(job: Job) -> str:
    """Give the word for it."""
    return str(labels.CANCELING if job.canceling else labels.STATUS[job.status])
