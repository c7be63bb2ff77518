"""Dynamic sources, what came from them, and every refresh."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from aops.audit.models import Audited
from aops.core import clock
from aops.core.columns import LongText, Name, PackedJson, ShortText, Timestamp, enum_column
from aops.core.database import TABLE_OPTIONS, Model
from aops.core.versions import Versioned
from aops.credentials.models import Credential
from aops.inventory.models import Inventory

inventory_source_credentials = Table(
    "inventory_source_credentials",
    Model.metadata,
    Column("source_id", ForeignKey("inventory_sources.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "credential_id",
        ForeignKey("credentials.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    mysql_charset="utf8mb4",
    mysql_collate="utf8mb4_bin",
)


class SourceKind(StrEnum):
    """What Ansible does with the text."""

    PLUGIN = "plugin"
    """YAML that configures an inventory plugin."""

    SCRIPT = "script"
    """An executable that answers ``--list`` with JSON."""


class Vanished(StrEnum):
    """What happens to a host that the source does not list any more."""

    DISABLE = "disable"
    REMOVE = "remove"


class InventorySource(Audited, Versioned, Model):
    """Text that Ansible turns into hosts, again and again.

    Attributes:
        file_name: Some plugins insist on how their file ends, such as ``aws_ec2.yml``.
        content: The plugin's YAML or the script.
        refresh_on_launch: Whether a launch refreshes it first, unless it is younger than
            ``cache_seconds``.
        required_on_launch: Whether a launch is refused when that refresh fails.
        interval_minutes: How often it is refreshed by itself; 0 means never.
        timeout: Seconds.
        may_reserve: Whether its answer may hold reserved connection variables; said by somebody
            who may set them, and taken back when somebody else changes the text.
        last_snapshot: What it last gave, to tell its own values from those typed by hand; with
            the names of the groups that it brought (``memory.Memory``).
        refreshed_at: When a refresh last succeeded.
        refresh_requested_at: When a worker was asked; None while nobody waits.
        refreshing_id: The refresh that runs now; what runs without standing here writes nothing.
        lease_until: Database time after which that refresh counts as dead.
    """

    __tablename__ = "inventory_sources"
    __table_args__ = (UniqueConstraint("inventory_id", "name"), TABLE_OPTIONS)
    audit_name = "source"
    audit_fields = (
        "name",
        "inventory",
        "enabled",
        "kind",
        "file_name",
        "content",
        "credentials",
        "vanished",
        "refresh_on_launch",
        "required_on_launch",
        "cache_seconds",
        "interval_minutes",
        "timeout",
        "may_reserve",
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    inventory_id: Mapped[int] = mapped_column(ForeignKey("inventories.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Name)
    enabled: Mapped[bool] = mapped_column(default=True)
    kind: Mapped[SourceKind] = mapped_column(enum_column(SourceKind))
    file_name: Mapped[str] = mapped_column(ShortText, default="")
    content: Mapped[str] = mapped_column(LongText)
    vanished: Mapped[Vanished] = mapped_column(enum_column(Vanished), default=Vanished.DISABLE)
    refresh_on_launch: Mapped[bool] = mapped_column(default=False)
    required_on_launch: Mapped[bool] = mapped_column(default=True)
    cache_seconds: Mapped[int] = mapped_column(default=300)
    interval_minutes: Mapped[int] = mapped_column(default=0)
    timeout: Mapped[int] = mapped_column(default=60)
    may_reserve: Mapped[bool] = mapped_column(default=False)
    last_snapshot: Mapped[Any | None] = deferred(mapped_column(PackedJson))
    refreshed_at: Mapped[datetime | None] = mapped_column(Timestamp)
    refresh_requested_at: Mapped[datetime | None] = mapped_column(Timestamp)
    refreshing_id: Mapped[int | None]
    lease_until: Mapped[datetime | None] = mapped_column(Timestamp)

    inventory: Mapped[Inventory] = relationship()
    credentials: Mapped[list[Credential]] = relationship(secondary=inventory_source_credentials)

    def __str__(self) -> str:
        return self.name


class SourceHost(Model):
    """A host that a source gave.

    Attributes:
        created: Whether the source brought it; only such a host is ever removed by it.
        disabled: Whether the source disabled it because it vanished.
    """

    __tablename__ = "source_hosts"

    source_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_sources.id", ondelete="CASCADE"), primary_key=True
    )
    host_id: Mapped[int] = mapped_column(
        ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created: Mapped[bool] = mapped_column(default=True)
    disabled: Mapped[bool] = mapped_column(default=False)


class RefreshStatus(StrEnum):
    """How a refresh went."""

    WAITING = "waiting"
    """Asked for; a worker will take it."""

    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    """Nothing was changed; ``error`` says why."""


class SourceRefresh(Model):
    """One refresh of a source.

    Attributes:
        cause: Who or what asked: a person's name, "launch of #17", "schedule".
        counts: Numbers: hosts and groups added, changed, removed, disabled, enabled.
        changes: What they were, field by field, as the preview of an import shows them.
        output: What the script or plugin printed on the side, masked and cut.
        duration: Seconds.
    """

    __tablename__ = "source_refreshes"
    __table_args__ = (
        Index("ix_source_refreshes_source_id_id", "source_id", "id"),
        Index("ix_source_refreshes_status_id", "status", "id"),
        TABLE_OPTIONS,
    )
    audit_name = "refresh"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("inventory_sources.id", ondelete="CASCADE"))
    status: Mapped[RefreshStatus] = mapped_column(enum_column(RefreshStatus))
    cause: Mapped[str] = mapped_column(ShortText, default="")
    started_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)
    duration: Mapped[float | None]
    hosts: Mapped[int] = mapped_column(default=0)
    counts: Mapped[Any | None] = mapped_column(PackedJson)
    changes: Mapped[Any | None] = deferred(mapped_column(PackedJson))
    output: Mapped[str] = mapped_column(LongText, default="")
    error: Mapped[str] = mapped_column(LongText, default="")

    source: Mapped[InventorySource] = relationship()

    def __str__(self) -> str:
        return f"{self.source} #{self.id}"
