"""Which host came from which source, and what else is kept about that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update

from aops.core import references
from aops.core.database import session
from aops.inventory.models import Host
from aops.inventory.row_writing import chunks
from aops.inventory.sources.memory import Memory
from aops.inventory.sources.models import InventorySource, SourceHost, Vanished
from aops.inventory.sources.vanishing import Fate, Given

_FORGOTTEN = frozenset({Fate.HANDED_OVER, Fate.LEFT_TO_ANOTHER, Fate.LEFT_TO_PEOPLE})
_NEWLY_DISABLED = frozenset({Fate.DISABLED, Fate.DISABLED_IN_USE, Fate.DISABLED_NOT_BROUGHT})


def others_of(source: InventorySource) -> dict[str, Memory]:
    """Give what the other sources of the same inventory gave last, by name."""
    query = select(InventorySource.name, InventorySource.last_snapshot).where(
        InventorySource.inventory_id == source.inventory_id,
        InventorySource.id != source.id,
        InventorySource.last_snapshot.is_not(None),
    )
    rows = session().execute(query.order_by(InventorySource.id))
    return {name: Memory.from_json(document) for name, document in rows}


def known_of(source: InventorySource) -> dict[str, Given]:
    """Give the hosts that a source ever gave and that still exist, by name."""
    query = (
        select(Host.name, Host.id, SourceHost.created, SourceHost.disabled, Host.enabled)
        .join(Host, Host.id == SourceHost.host_id)
        .where(SourceHost.source_id == source.id)
    )
    return {
        name: Given(host_id, created=created, disabled=disabled, enabled=enabled)
        for name, host_id, created, disabled, enabled in session().execute(query)
    }


def used_among(
    source: InventorySource, known: Mapping[str, Given], listed: Collection[str]
) -> set[str]:
    """Name those of the hosts to be removed that something refers to."""
    if source.vanished is not Vanished.REMOVE or not references.may_be_used(Host):
        return set()
    gone = [host.host_id for name, host in known.items() if name not in listed and host.created]
    return {
        host.name
        for piece in chunks(gone)
        for host in session().scalars(select(Host).where(Host.id.in_(piece)))
        if references.references_to(host)
    }


def remember(
    source: InventorySource,
    known: Mapping[str, Given],
    fates: Mapping[str, Fate],
    *,
    listed: Collection[str],
    before: Collection[str],
) -> None:
    """Note what the source gives now, after the hosts were written.

    Args:
        source: Whose.
        known: From before.
        fates: Of the hosts that vanished or came back.
        listed: The hosts of its answer.
        before: The hosts that the inventory had.
    """
    forgotten = _ids(known, fates, _FORGOTTEN)
    for piece in chunks(forgotten):
        session().execute(_rows_of(delete(SourceHost), source, piece))
    _set_disabled(source, _ids(known, fates, _NEWLY_DISABLED), disabled=True)
    back = [host.host_id for name, host in known.items() if name in listed and host.disabled]
    _set_disabled(source, back, disabled=False)
    _add(source, [name for name in listed if name not in known], before)


def _ids(
    known: Mapping[str, Given], fates: Mapping[str, Fate], wanted: Collection[Fate]
) -> list[int]:
    return [known[name].host_id for name, fate in fates.items() if fate in wanted]


def _set_disabled(source: InventorySource, ids: Sequence[int], *, disabled: bool) -> None:
    for piece in chunks(ids):
        session().execute(_rows_of(update(SourceHost), source, piece).values(disabled=disabled))


def _rows_of(statement: Any, source: InventorySource, host_ids: Sequence[int]) -> Any:
    return statement.where(
        SourceHost.source_id == source.id, SourceHost.host_id.in_(host_ids)
    ).execution_options(synchronize_session=False)


def _add(source: InventorySource, new: Sequence[str], before: Collection[str]) -> None:
    if not new:
        return
    found = select(Host.name, Host.id).where(Host.inventory_id == source.inventory_id)
    ids = {name: key for name, key in session().execute(found)}  # noqa: C416 - typed rows
    rows = (
        {
            "source_id": source.id,
            "host_id": ids[name],
            "created": name not in before,
            "disabled": False,
        }
        for name in new
    )
    for piece in chunks(rows):
        session().execute(insert(SourceHost), [*piece])
