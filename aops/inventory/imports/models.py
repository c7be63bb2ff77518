"""An import between its upload and its confirmation."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Table
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from aops.core import clock
from aops.core.columns import (
    LongBytes,
    LongText,
    Name,
    PackedJson,
    ShortText,
    Timestamp,
    enum_column,
)
from aops.core.database import TABLE_OPTIONS, Model
from aops.credentials.models import Credential
from aops.inventory.models import Inventory

inventory_import_credentials = Table(
    "inventory_import_credentials",
    Model.metadata,
    Column("import_id", ForeignKey("inventory_imports.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "credential_id",
        ForeignKey("credentials.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    mysql_charset="utf8mb4",
    mysql_collate="utf8mb4_bin",
)


class ImportKind(StrEnum):
    """What was uploaded."""

    ANSIBLE = "ansible"
    """One inventory file, INI or YAML, or the output of ``ansible-inventory --list``."""

    ARCHIVE = "archive"
    """A zip or tar of a directory with group_vars and host_vars."""

    TABLE = "table"
    """CSV or XLSX: a row for each host."""


class ImportMode(StrEnum):
    """What happens to what the inventory has and the upload has not."""

    MERGE = "merge"
    """It stays."""

    REPLACE = "replace"
    """It is removed."""


class ImportStatus(StrEnum):
    """Where an import is in its life."""

    READING = "reading"
    """Stored, and waiting for a worker to read it."""

    READY = "ready"
    """The preview can be looked at and confirmed."""

    FAILED = "failed"
    """It could not be read or written; ``error`` says why, and nothing was changed."""

    APPLYING = "applying"
    """Confirmed, and waiting for a worker to write it."""

    DONE = "done"
    """Written, all of it in one transaction."""

    DISCARDED = "discarded"
    """Somebody decided against it, or nobody confirmed it within a day."""


class ImportStage(StrEnum):
    """What the worker that took an import is doing."""

    WAITING = "waiting"
    """None has taken it yet, or just now."""

    READING = "reading"
    COMPARING = "comparing"
    WRITING = "writing"


class InventoryImport(Model):
    """One upload, what was read from it, and what became of it.

    Attributes:
        source_name: The file's name as the browser gave it; "" for pasted text.
        requested_at: From when on a worker may take it. One that does puts this off, so that
            another takes it only if that one died.
        attempt: How often a worker took it for what is waited for.
        stage: Told from beside the big transaction, so that a page can show how far it is.
        done: Hosts and groups that are written, of ``total``; stays 0 on SQLite, where nobody
            else can write while they are.
        confirmed_by_name: Who said that it shall be written.
        content: As uploaded, compressed; dropped once the import has ended.
        snapshot: What was read, as ``snapshot.Snapshot.as_json`` writes it; dropped likewise.
        summary: Numbers: hosts and groups added, changed, removed, unchanged.
        changes: What would change or has changed, as ``paged.packed`` writes it.
        output: What Ansible printed on the side while it read.
        notes: Sentences about what cannot be kept, such as comments.
        row_errors: For tables: ``{"row", "column", "problem"}`` of each row that does not fit;
            row 0 is a whole column.
        skip_bad_rows: Whether the rows with errors are left out, because somebody said so.
        generation: The inventory's, when the preview was made; another one means look again.
        outdated: Whether the preview was made anew because the inventory had changed.
        credentials: Vault credentials that open files which are encrypted as a whole.
    """

    __tablename__ = "inventory_imports"
    __table_args__ = (
        Index("ix_inventory_imports_inventory_id_id", "inventory_id", "id"),
        Index("ix_inventory_imports_status_id", "status", "id"),
        TABLE_OPTIONS,
    )
    audit_name = "import"

    id: Mapped[int] = mapped_column(primary_key=True)
    inventory_id: Mapped[int] = mapped_column(ForeignKey("inventories.id", ondelete="CASCADE"))
    kind: Mapped[ImportKind] = mapped_column(enum_column(ImportKind))
    mode: Mapped[ImportMode] = mapped_column(enum_column(ImportMode))
    status: Mapped[ImportStatus] = mapped_column(
        enum_column(ImportStatus), default=ImportStatus.READING
    )
    source_name: Mapped[str] = mapped_column(ShortText, default="")
    created_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_by_name: Mapped[str] = mapped_column(Name)
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)
    requested_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)
    attempt: Mapped[int] = mapped_column(default=0)
    stage: Mapped[ImportStage] = mapped_column(
        enum_column(ImportStage), default=ImportStage.WAITING
    )
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    confirmed_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    confirmed_by_name: Mapped[str] = mapped_column(Name, default="")
    finished_at: Mapped[datetime | None] = mapped_column(Timestamp)
    content: Mapped[bytes | None] = deferred(mapped_column(LongBytes))
    snapshot: Mapped[Any | None] = deferred(mapped_column(PackedJson))
    summary: Mapped[Any | None] = mapped_column(PackedJson)
    changes: Mapped[Any | None] = deferred(mapped_column(PackedJson))
    output: Mapped[str] = mapped_column(LongText, default="")
    notes: Mapped[Any | None] = mapped_column(PackedJson)
    row_errors: Mapped[Any | None] = mapped_column(PackedJson)
    skip_bad_rows: Mapped[bool] = mapped_column(default=False)
    generation: Mapped[int] = mapped_column(default=0)
    outdated: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str] = mapped_column(LongText, default="")

    inventory: Mapped[Inventory] = relationship()
    credentials: Mapped[list[Credential]] = relationship(
        secondary=inventory_import_credentials, order_by=Credential.id, passive_deletes=True
    )

    @property
    def bad_rows(self) -> int:
        """Count the rows that do not fit; one row may have several errors."""
        return len({error["row"] for error in self.row_errors or () if error["row"]})

    @property
    def bad_columns(self) -> int:
        """Count the columns that are left out of all rows."""
        return sum(not error["row"] for error in self.row_errors or ())

    def __str__(self) -> str:
        return f"#{self.id} {self.source_name}".strip()
