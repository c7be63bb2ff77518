"""Playbooks as text, and every text that was ever saved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aops.audit.models import Audited
from aops.core import clock
from aops.core.columns import LongText, Name, ShortText, Timestamp
from aops.core.database import TABLE_OPTIONS, Model
from aops.core.versions import Versioned


class Playbook(Audited, Versioned, Model):
    """Something that can be run; its text is that of its newest revision."""

    __tablename__ = "playbooks"
    audit_name = "playbook"
    audit_fields = ("name", "description")

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    description: Mapped[str] = mapped_column(ShortText, default="")

    def __str__(self) -> str:
        return self.name


class PlaybookRevision(Audited, Model):
    """One text of a playbook, never changed again.

    Attributes:
        number: 1, 2, 3 … within the playbook.
        content: YAML.
        message: Why it was saved; may be empty.
        author_name: Kept beside the id, so that it outlives the account.
    """

    __tablename__ = "playbook_revisions"
    __table_args__ = (UniqueConstraint("playbook_id", "number"), TABLE_OPTIONS)
    audit_name = "playbook_revision"
    audit_fields = ("number", "message", "sha256")

    id: Mapped[int] = mapped_column(primary_key=True)
    playbook_id: Mapped[int] = mapped_column(ForeignKey("playbooks.id", ondelete="CASCADE"))
    number: Mapped[int]
    content: Mapped[str] = mapped_column(LongText)
    sha256: Mapped[str] = mapped_column(ShortText)
    message: Mapped[str] = mapped_column(ShortText, default="")
    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    author_name: Mapped[str] = mapped_column(Name, default="")
    saved_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)

    playbook: Mapped[Playbook] = relationship()

    def __str__(self) -> str:
        return f"{self.playbook} #{self.number}"
