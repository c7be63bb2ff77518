"""Filters that somebody gave a name."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aops.audit.models import Audited
from aops.core.columns import LongText, Name, ShortText
from aops.core.database import Model
from aops.core.versions import Versioned
from aops.inventory.models import Inventory


class HostFilter(Audited, Versioned, Model):
    """Hosts chosen by what is known of them, when they are needed and not before.

    Attributes:
        inventory: The one that it looks into; None means whichever it is used with.
        query: In the language of ``filters.language``.
    """

    __tablename__ = "host_filters"
    audit_name = "filter"
    audit_fields = ("name", "description", "inventory", "query")

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    description: Mapped[str] = mapped_column(ShortText, default="")
    inventory_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventories.id", ondelete="CASCADE"), index=True
    )
    query: Mapped[str] = mapped_column(LongText)

    inventory: Mapped[Inventory | None] = relationship()

    def __str__(self) -> str:
        return self.name
