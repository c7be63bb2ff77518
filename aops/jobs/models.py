"""Job templates, jobs, their output and their counts per host."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Table
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, query_expression, relationship

from aops.audit.models import Audited
from aops.core import clock
from aops.core.columns import LongText, Name, ShortText, Timestamp, enum_column
from aops.core.database import TABLE_OPTIONS, Model
from aops.core.versions import Versioned
from aops.credentials.models import Credential
from aops.inventory.filters.models import HostFilter
from aops.inventory.models import Inventory
from aops.playbooks.models import Playbook, PlaybookRevision


class JobStatus(StrEnum):
    """Where a job is in its life; the order is the order of time."""

    PENDING = "pending"
    """Stored, and waiting for a worker."""

    RUNNING = "running"
    """Taken by exactly one run process."""

    SUCCESSFUL = "successful"
    """ansible-playbook ended with 0."""

    FAILED = "failed"
    """It ended otherwise, or could not be started."""

    CANCELED = "canceled"
    """A person ended it, and nothing of it is left."""

    TIMED_OUT = "timed_out"
    """Its time limit ended it."""

    LOST = "lost"
    """Its run process died; what happened on the hosts is not known."""


FINISHED = frozenset(set(JobStatus) - {JobStatus.PENDING, JobStatus.RUNNING})
"""States that never change again."""


class RunSettings:
    """What template and job have in common: the switches of ansible-playbook.

    Attributes:
        limit: A host pattern within the inventory; "" means all of it. A job's may name each of
            10,000 hosts.
        timeout: Seconds; 0 means no limit.
        use_fact_cache: Whether the run starts with the facts that aops has, and gathers only
            those of other hosts.
    """

    limit: Mapped[str] = mapped_column(LongText, default="")
    tags: Mapped[str] = mapped_column(ShortText, default="")
    skip_tags: Mapped[str] = mapped_column(ShortText, default="")
    extra_vars: Mapped[str] = mapped_column(LongText, default="")
    forks: Mapped[int] = mapped_column(default=5)
    verbosity: Mapped[int] = mapped_column(default=0)
    check_mode: Mapped[bool] = mapped_column(default=False)
    diff_mode: Mapped[bool] = mapped_column(default=False)
    become: Mapped[bool] = mapped_column(default=False)
    timeout: Mapped[int] = mapped_column(default=0)
    use_fact_cache: Mapped[bool] = mapped_column(default=False, server_default="0")

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> Any:
        return TABLE_OPTIONS


def _credentials_of(table: str, column: str, target: str) -> Table:
    return Table(
        table,
        Model.metadata,
        Column(column, ForeignKey(f"{target}.id", ondelete="CASCADE"), primary_key=True),
        Column(
            "credential_id",
            ForeignKey("credentials.id", ondelete="CASCADE"),
            primary_key=True,
            index=True,
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


job_template_credentials = _credentials_of(
    "job_template_credentials", "template_id", "job_templates"
)
job_credentials = _credentials_of("job_credentials", "job_id", "jobs")


class JobTemplate(Audited, Versioned, RunSettings, Model):
    """What to run, on what, with which credentials; an operator launches it.

    Attributes:
        ask_limit: Whether the launch page lets the limit be changed; ``ask_tags``,
            ``ask_vars`` and ``ask_modes`` (check, diff, verbosity) likewise.
        host_filter: Narrows the limit to the hosts that it finds at the moment of the launch.
    """

    __tablename__ = "job_templates"
    audit_name = "template"
    audit_fields = (
        "name",
        "description",
        "playbook",
        "inventory",
        "credentials",
        "limit",
        "tags",
        "skip_tags",
        "extra_vars",
        "forks",
        "verbosity",
        "check_mode",
        "diff_mode",
        "become",
        "timeout",
        "use_fact_cache",
        "host_filter",
        "ask_limit",
        "ask_tags",
        "ask_vars",
        "ask_modes",
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    description: Mapped[str] = mapped_column(ShortText, default="")
    playbook_id: Mapped[int] = mapped_column(ForeignKey("playbooks.id"), index=True)
    inventory_id: Mapped[int] = mapped_column(ForeignKey("inventories.id"), index=True)
    host_filter_id: Mapped[int | None] = mapped_column(ForeignKey("host_filters.id"), index=True)
    ask_limit: Mapped[bool] = mapped_column(default=True)
    ask_tags: Mapped[bool] = mapped_column(default=False)
    ask_vars: Mapped[bool] = mapped_column(default=False)
    ask_modes: Mapped[bool] = mapped_column(default=True)

    playbook: Mapped[Playbook] = relationship()
    inventory: Mapped[Inventory] = relationship()
    host_filter: Mapped[HostFilter | None] = relationship()
    credentials: Mapped[list[Credential]] = relationship(secondary=job_template_credentials)

    def __str__(self) -> str:
        return self.name


class Job(RunSettings, Model):
    """One run of a playbook; written by people until it is claimed, then by its run process.

    The names of what it ran stand beside their ids, so that history outlives them.

    Attributes:
        launch_key: Of the launch form; a form sent twice is one job.
        extra_vars: From the template: written by an author, may hold templates.
        launch_vars: Typed at launch; data unless ``launch_vars_templated``.
        attempt: The fencing token: every write of a run process names it.
        owner: Which machine and process carries the run, for people.
        heartbeat_at: Database time of the run process's last sign of life.
        limit_hosts: How many hosts ``limit`` names, one on each line, which the run takes
            literally; 0 where it is a pattern.
        limit_start: The beginning of a pattern, where ``limits.without_names`` read it.
        target_name: Name of the saved filter that chose the hosts.
        reason: A sentence where the status alone does not say enough.
        output_seq: Number of the last stored piece of output.
        output_cut: Bytes of output that were not stored because of the limit.
        report_seq: Number of the last stored record of results or facts.
    """

    __tablename__ = "jobs"
    audit_name = "job"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> Any:
        return (
            Index("ix_jobs_status_id", "status", "id"),
            Index("ix_jobs_template_id_id", "template_id", "id"),
            Index("ix_jobs_launched_by_name_id", "launched_by_name", "id"),
            Index("ix_jobs_inventory_id_id", "inventory_id", "id"),
            Index("ix_jobs_created_at", "created_at"),
            TABLE_OPTIONS,
        )

    id: Mapped[int] = mapped_column(primary_key=True)
    launch_key: Mapped[str] = mapped_column(ShortText, unique=True)
    name: Mapped[str] = mapped_column(Name)
    template_id: Mapped[int | None] = mapped_column(
        ForeignKey("job_templates.id", ondelete="SET NULL")
    )
    playbook_id: Mapped[int | None] = mapped_column(
        ForeignKey("playbooks.id", ondelete="SET NULL"), index=True
    )
    revision_id: Mapped[int | None] = mapped_column(
        ForeignKey("playbook_revisions.id", ondelete="SET NULL"), index=True
    )
    playbook_name: Mapped[str] = mapped_column(Name)
    inventory_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventories.id", ondelete="SET NULL")
    )
    inventory_name: Mapped[str] = mapped_column(Name)
    limit_hosts: Mapped[int] = mapped_column(default=0, server_default="0")
    limit_start: Mapped[str | None] = query_expression()
    target_name: Mapped[str] = mapped_column(Name, default="", server_default="")
    launch_vars: Mapped[str] = mapped_column(LongText, default="")
    launch_vars_templated: Mapped[bool] = mapped_column(default=False)
    launched_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    launched_by_name: Mapped[str] = mapped_column(Name)
    relaunch_of_id: Mapped[int | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="SET NULL"), index=True
    )

    status: Mapped[JobStatus] = mapped_column(enum_column(JobStatus), default=JobStatus.PENDING)
    reason: Mapped[str] = mapped_column(LongText, default="")
    exit_code: Mapped[int | None]
    attempt: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str] = mapped_column(ShortText, default="")
    isolated: Mapped[bool | None]
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)
    started_at: Mapped[datetime | None] = mapped_column(Timestamp)
    finished_at: Mapped[datetime | None] = mapped_column(Timestamp)
    heartbeat_at: Mapped[datetime | None] = mapped_column(Timestamp)
    cancel_requested_at: Mapped[datetime | None] = mapped_column(Timestamp)
    cancel_requested_by: Mapped[str] = mapped_column(Name, default="")

    output_seq: Mapped[int] = mapped_column(default=0)
    output_lines: Mapped[int] = mapped_column(default=0)
    output_bytes: Mapped[int] = mapped_column(default=0)
    output_cut: Mapped[int] = mapped_column(default=0)
    report_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    hosts_total: Mapped[int] = mapped_column(default=0)
    hosts_failed: Mapped[int] = mapped_column(default=0)
    hosts_changed: Mapped[int] = mapped_column(default=0)

    revision: Mapped[PlaybookRevision | None] = relationship()
    inventory: Mapped[Inventory | None] = relationship()
    template: Mapped[JobTemplate | None] = relationship()
    credentials: Mapped[list[Credential]] = relationship(secondary=job_credentials)

    def __str__(self) -> str:
        return f"#{self.id} {self.name}"

    @property
    def finished(self) -> bool:
        """Tell whether the status will never change again."""
        return self.status in FINISHED

    @property
    def canceling(self) -> bool:
        """Tell whether somebody asked for the end of a run that still goes on."""
        return self.status is JobStatus.RUNNING and self.cancel_requested_at is not None


class JobOutput(Model):
    """A piece of a job's output: whole lines, some hundred at a time.

    Attributes:
        seq: 1, 2, 3 … without gaps; the cursor of polling.
        first_line: Number of its first line, from 1.
        text: Masked; control sequences of colours are kept.
    """

    __tablename__ = "job_output"

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt: Mapped[int]
    first_line: Mapped[int]
    line_count: Mapped[int]
    text: Mapped[str] = mapped_column(LongText)


class JobHost(Model):
    """Ansible's counts for one host of a job, as the recap prints them.

    Attributes:
        failed_task: The first task that failed there or could not reach it.
        message: What it said, masked and shortened.
    """

    __tablename__ = "job_hosts"
    __table_args__ = (Index("ix_job_hosts_host_job_id", "host", "job_id"), TABLE_OPTIONS)

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    host: Mapped[str] = mapped_column(Name, primary_key=True)
    ok: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unreachable: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    rescued: Mapped[int] = mapped_column(default=0)
    ignored: Mapped[int] = mapped_column(default=0)
    failed_task: Mapped[str] = mapped_column(ShortText, default="", server_default="")
    message: Mapped[str] = mapped_column(ShortText, default="", server_default="")


class JobResult(Model):
    """How one task ended on one host.

    Attributes:
        seq: 1, 2, 3 … in the order in which the results came.
        status: ``ok``, ``changed``, ``failed``, ``ignored``, ``skipped`` or ``unreachable``.
        duration: Seconds.
        message: What a failed task said, masked and shortened; else "".
    """

    __tablename__ = "job_results"
    __table_args__ = (Index("ix_job_results_host", "job_id", "host", "seq"), TABLE_OPTIONS)

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    host: Mapped[str] = mapped_column(Name)
    task: Mapped[str] = mapped_column(ShortText, default="")
    status: Mapped[str] = mapped_column(ShortText)
    duration: Mapped[float] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(ShortText, default="")


class Pulse(Model):
    """When a part of aops last gave a sign of life, by the database's clock.

    Attributes:
        name: ``worker`` or ``sweep``.
        node: Which machine; "" for what exists once.
        free_slots: How many more runs a worker could take.
        isolation: What the worker's sandbox probe found: "" when it works.
    """

    __tablename__ = "pulses"

    name: Mapped[str] = mapped_column(ShortText, primary_key=True)
    node: Mapped[str] = mapped_column(ShortText, primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Timestamp)
    version: Mapped[str] = mapped_column(ShortText, default="")
    free_slots: Mapped[int] = mapped_column(default=0)
    isolation: Mapped[str] = mapped_column(LongText, default="")
