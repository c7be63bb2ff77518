"""What may be saved as a filter, and what it finds at the moment."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import format_decimal, ngettext
from sqlalchemy import func, select

from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory import preview
from aops.inventory.filters import language, matching
from aops.inventory.filters.matching import Match
from aops.inventory.filters.models import HostFilter
from aops.inventory.models import Host, Inventory
from aops.inventory.preview import Preview


def check_filter(saved: HostFilter) -> None:
    """Refuse a filter that cannot be understood.

    Raises:
        AopsError: At the field ``query``, with the place.
    """
    language.parse(saved.query)


def matching_names(saved: HostFilter, inventory_id: int) -> frozenset[str]:
    """Name the hosts of an inventory that a saved filter finds now, disabled ones too.

    Raises:
        AopsError: If it belongs to another inventory, or asks for a name that is no more.
    """
    if saved.inventory_id not in {None, inventory_id}:
        return frozenset()
    return frozenset(host.name for host in matching.matches(saved.query, inventory_id))


def preview_of(query: str, inventory_id: int | None) -> Preview:
    """Show what a filter finds, as far as it is typed; an empty one finds nothing."""
    total = _count(inventory_id)
    if not query.strip():
        return Preview(total=total)
    try:
        found = matching.matches(query, inventory_id)
    except AopsError as error:
        return Preview(total=total, error=str(error))
    shown = preview.of_names(_names(found, with_inventory=inventory_id is None), total)
    return replace(shown, number=len(found), note=_disabled(found))


def _names(found: list[Match], *, with_inventory: bool) -> list[str]:
    first = found[: preview.SHOWN]
    if not with_inventory:
        return [host.name for host in first]
    wanted = {host.inventory_id for host in first}
    rows = session().execute(select(Inventory.id, Inventory.name).where(Inventory.id.in_(wanted)))
    names = {row.id: row.name for row in rows}
    return [f"{host.name} ({names.get(host.inventory_id, '')})" for host in first]


def _disabled(found: list[Match]) -> str:
    """Say how many of the hosts no run would reach; "" when there are none."""
    number = sum(not host.enabled for host in found)
    if not number:
        return ""
    return str(
        ngettext(
            "%(n)s of them is disabled: runs do not see it.",
            "%(n)s of them are disabled: runs do not see them.",
            number,
            n=format_decimal(number),
        )
    )


def _count(inventory_id: int | None) -> int:
    query = select(func.count()).select_from(Host)
    if inventory_id is not None:
        query = query.where(Host.inventory_id == inventory_id)
    return session().scalar(query) or 0
