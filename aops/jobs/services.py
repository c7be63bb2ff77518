"""What people do with templates and jobs: save, launch, cancel."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from sqlalchemy import false, select
from sqlalchemy.exc import IntegrityError

from aops.audit import services as audit
from aops.core.celery import send_after_commit
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Permission, allows
from aops.core.references import finds_references
from aops.credentials import services as credentials
from aops.credentials.models import Credential
from aops.inventory import patterns
from aops.inventory.filters.models import HostFilter
from aops.inventory.models import Inventory
from aops.jobs import lifecycle, limits, options, targets
from aops.jobs.models import (
    Job,
    JobStatus,
    JobTemplate,
    job_credentials,
    job_template_credentials,
)
from aops.jobs.targets import Target
from aops.playbooks import services as playbooks
from aops.playbooks.models import Playbook
from aops.users.models import User

_OPEN = (JobStatus.PENDING, JobStatus.RUNNING)
KEY_LENGTH = 64
"""Of a launch key, which comes from a browser."""


@dataclass(frozen=True)
class Choices:
    """What the launch page asked for.

    Attributes:
        host_filter: Narrows the limit to what it finds now.
        hosts: Names of hosts that narrow it too; none narrows nothing. Where the template does
            not ask for the limit, only those that a job was pinned to may come here, and they
            stand in place of what the filter finds now.
        hosts_by: Name of the filter that once chose those.
        launch_vars: YAML mapping.
    """

    limit: str = ""
    host_filter: HostFilter | None = None
    hosts: tuple[str, ...] = ()
    hosts_by: str = ""
    tags: str = ""
    skip_tags: str = ""
    launch_vars: str = ""
    verbosity: int = 0
    check_mode: bool = False
    diff_mode: bool = False

    @classmethod
    def of(cls, source: JobTemplate | Job) -> Choices:
        """Give what a template proposes, or what a job was launched with."""
        job = source if isinstance(source, Job) else None
        pinned = targets.pinned(job) if job is not None else []
        return cls(
            limit="" if pinned else source.limit,
            host_filter=None if isinstance(source, Job) else source.host_filter,
            hosts=tuple(pinned),
            hosts_by=job.target_name if job is not None else "",
            tags=source.tags,
            skip_tags=source.skip_tags,
            launch_vars=job.launch_vars if job is not None else "",
            verbosity=source.verbosity,
            check_mode=source.check_mode,
            diff_mode=source.diff_mode,
        )


def new_launch_key() -> str:
    """Make the key that a launch form carries; a form sent twice is one job."""
    return uuid.uuid4().hex


def check_template(template: JobTemplate) -> None:
    """Refuse a template that could not run.

    Raises:
        AopsError: At the field to blame.
    """
    patterns.check(template.limit, allow_regex=True)
    options.check_tags(template.tags, "tags")
    options.check_tags(template.skip_tags, "skip_tags")
    options.check_template_vars(template.extra_vars)
    credentials.refuse_conflicts(template.credentials)
    _check_filter(template)


def target_of(template: JobTemplate, user: User, wanted: Choices) -> Target:
    """Find the hosts that a launch would run on now.

    Raises:
        AopsError: At the field to blame, if nothing is found or something is no pattern.
    """
    choices = _allowed(template, wanted)
    templated = allows(user.role, Permission.JOBS_TEMPLATED_VARS)
    return targets.resolve(
        template.inventory,
        choices.limit,
        host_filter=choices.host_filter,
        chosen=choices.hosts,
        chosen_by=choices.hosts_by,
        allow_regex=templated or choices.limit == template.limit,  # an author wrote that
    )


def launch(
    template: JobTemplate,
    user: User,
    choices: Choices,
    *,
    launch_key: str,
    relaunch_of: int | None = None,
    seen: str | None = None,
) -> Job:
    """Store a job that a worker will take; sending the same form again gives the same job.

    What the template does not ask for is taken from it, whatever the form says.

    Args:
        template: What to run.
        user: Who launches; their role decides whether variables may be templates.
        choices: From the launch page; data, whoever typed it.
        launch_key: From ``new_launch_key``.
        relaunch_of: Id of the job that is run again.
        seen: The seal of the hosts that the person saw. Where the job will be pinned to its
            hosts, those must still be the same; None asks for nothing.

    Raises:
        AopsError: At the field to blame.
    """
    launch_key = launch_key[:KEY_LENGTH]  # it comes from a browser
    known = session().scalar(select(Job).where(Job.launch_key == launch_key))
    if known is not None:
        return known
    templated = allows(user.role, Permission.JOBS_TEMPLATED_VARS)
    target = target_of(template, user, choices)
    if target.pinned and seen is not None and seen != target.seal:
        raise _unseen(target)
    choices = _allowed(template, choices)
    _check(choices, templated=templated)
    revision = playbooks.newest_revision(template.playbook)
    job = Job(
        launch_key=launch_key,
        name=template.name,
        template=template,
        playbook_id=template.playbook_id,
        playbook_name=template.playbook.name,
        revision=revision,
        inventory=template.inventory,
        inventory_name=template.inventory.name,
        credentials=list(template.credentials),
        limit=target.limit,
        limit_hosts=len(target.hosts) if target.pinned else 0,
        target_name=target.name,
        tags=choices.tags,
        skip_tags=choices.skip_tags,
        extra_vars=template.extra_vars,
        launch_vars=choices.launch_vars,
        launch_vars_templated=templated,
        forks=template.forks,
        verbosity=choices.verbosity,
        check_mode=choices.check_mode,
        diff_mode=choices.diff_mode,
        become=template.become,
        timeout=template.timeout,
        use_fact_cache=template.use_fact_cache,
        launched_by_id=user.id,
        launched_by_name=user.username,
        relaunch_of_id=relaunch_of,
    )
    return store(job)


def store(job: Job) -> Job:
    """Keep a new job and have a worker look; a job of the same launch key is given instead.

    Raises:
        AopsError: If what it uses was deleted meanwhile.
    """
    launch_key = job.launch_key
    try:
        with session().begin_nested():
            session().add(job)
    except IntegrityError:  # the same form arrived twice at the same moment
        known = session().scalar(select(Job).where(Job.launch_key == launch_key))
        if known is None:
            raise AopsError(
                _("The template or what it uses was deleted meanwhile. Nothing was launched.")
            ) from None
        return known
    audit.record(
        "job.launched",
        job,
        template=job.name,
        inventory=job.inventory_name,
        playbook=str(job.revision),
        limit=limits.shown(job),
        check=job.check_mode,
    )
    send_after_commit("jobs.dispatch")
    return job


def cancel(job: Job) -> bool:
    """End a job: at once if it waits, within seconds if it runs.

    Returns:
        Whether there was anything to end.
    """
    ended = lifecycle.cancel_waiting(job.id) or lifecycle.request_cancel(job.id)
    if ended:
        audit.record("job.cancel_requested", job)
    return ended


def _allowed(template: JobTemplate, wanted: Choices) -> Choices:
    """Take what the template does not ask for from it; a job that is run again stays pinned."""
    own = Choices.of(template)
    aim = wanted if template.ask_limit else own
    tags = wanted if template.ask_tags else own
    modes = wanted if template.ask_modes else own
    return Choices(
        limit=aim.limit,
        host_filter=None if wanted.hosts and aim is own else aim.host_filter,
        hosts=wanted.hosts,
        hosts_by=wanted.hosts_by,
        tags=tags.tags,
        skip_tags=tags.skip_tags,
        launch_vars=wanted.launch_vars if template.ask_vars else "",
        verbosity=modes.verbosity,
        check_mode=modes.check_mode,
        diff_mode=modes.diff_mode,
    )


def _check(choices: Choices, *, templated: bool) -> None:
    options.check_tags(choices.tags, "tags")
    options.check_tags(choices.skip_tags, "skip_tags")
    options.check_launch_vars(choices.launch_vars, templated=templated)


def _unseen(target: Target) -> AopsError:
    return AopsError(
        ngettext(
            "The hosts are not those that this page showed: there is %(number)s now. Look at it, "
            "then launch again.",
            "The hosts are not those that this page showed: there are %(number)s now. Look at "
            "them, then launch again.",
            len(target.hosts),
            number=format_decimal(len(target.hosts)),
        )
    )


def _check_filter(template: JobTemplate) -> None:
    chosen = template.host_filter
    if chosen is not None and chosen.inventory_id not in {None, template.inventory.id}:
        raise AopsError(
            _("The filter “%(name)s” looks into another inventory.", name=chosen.name),
            field="host_filter",
        )


@finds_references(HostFilter)
def _users_of_filter(host_filter: HostFilter) -> list[str]:
    return _users(JobTemplate.host_filter_id == host_filter.id, false())


@finds_references(Playbook)
def _users_of_playbook(playbook: Playbook) -> list[str]:
    return _users(JobTemplate.playbook_id == playbook.id, Job.playbook_id == playbook.id)


@finds_references(Inventory)
def _users_of_inventory(inventory: Inventory) -> list[str]:
    return _users(JobTemplate.inventory_id == inventory.id, Job.inventory_id == inventory.id)


@finds_references(Credential)
def _users_of_credential(credential: Credential) -> list[str]:
    in_templates = select(job_template_credentials.c.template_id).where(
        job_template_credentials.c.credential_id == credential.id
    )
    in_jobs = select(job_credentials.c.job_id).where(
        job_credentials.c.credential_id == credential.id
    )
    return _users(JobTemplate.id.in_(in_templates), Job.id.in_(in_jobs))


def _users(of_template: object, of_job: object) -> list[str]:
    templates = session().scalars(
        select(JobTemplate.name).where(of_template).order_by(JobTemplate.name)  # type: ignore[arg-type]
    )
    jobs = session().execute(
        select(Job.id, Job.name).where(of_job, Job.status.in_(_OPEN)).order_by(Job.id)  # type: ignore[arg-type]
    )
    return [
        *(_("template “%(name)s”", name=name) for name in templates),
        *(_("job #%(id)d %(name)s", id=row.id, name=row.name) for row in jobs),
    ]
