"""Rows that notice when two people save them at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from aops.core import clock
from aops.core.columns import Timestamp


class Versioned:
    """A row with a version that every update raises, and with the times of its life.

    An UPDATE names the version that was read; if another one was faster, SQLAlchemy
    raises StaleDataError. Forms carry the version too (core.forms.VersionField).
    """

    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now, onupdate=clock.now)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]
