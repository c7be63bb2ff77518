"""The facts of a host as they are, and as they were."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, deferred, mapped_column

from aops.core.columns import LongText, PackedJson, Timestamp
from aops.core.database import TABLE_OPTIONS, Model
from aops.inventory.facts.lines import PackedFacts


class HostFacts(Model):
    """What a host last reported; one row for each host.

    Attributes:
        gathered_at: When it last reported all of them; what a later run asked for alone is newer.
        complete: Whether it ever reported all of them.
        size: Bytes of ``data`` as JSON, before compression.
        left_out: JSON list of the names of facts too big or too deep to keep.
        summary: JSON text of the few that cards, lists and filters know by a name of their
            own; short, so that 10,000 of them are read at once.
        small: Lines with the small facts among ``data``, so that filters find any of them in
            10,000 hosts at once; see ``facts.lines``.
        data: All facts, as Ansible names them, without the prefix ``ansible_``. It stands
            last: what SQLite finds behind a big value it reaches only through all of that.
    """

    __tablename__ = "host_facts"

    host_id: Mapped[int] = mapped_column(
        ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True
    )
    gathered_at: Mapped[datetime] = mapped_column(Timestamp)
    job_id: Mapped[int | None]
    complete: Mapped[bool] = mapped_column(default=True)
    size: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[str] = mapped_column(LongText, default="[]")
    summary: Mapped[str] = mapped_column(LongText, default="{}")
    small: Mapped[str] = mapped_column(LongText, deferred=True)
    data: Mapped[Any] = deferred(mapped_column(PackedFacts))


class FactChange(Model):
    """What differed from the report before, so that any earlier state can be told.

    Attributes:
        changes: Path such as ``mounts.0.size_total`` to ``[old, new]``; a missing side is
            written as ``[]`` in place of ``[value]``.
        number: How many paths.
    """

    __tablename__ = "fact_changes"
    __table_args__ = (Index("ix_fact_changes_host_id_id", "host_id", "id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(primary_key=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("hosts.id", ondelete="CASCADE"))
    recorded_at: Mapped[datetime] = mapped_column(Timestamp)
    job_id: Mapped[int | None]
    number: Mapped[int] = mapped_column(default=0)
    changes: Mapped[Any] = deferred(mapped_column(PackedJson))
