"""Facts as Ansible's own fact cache holds them, for a run that starts with what is known.

They come from hosts and stay data: the run reads them as plain JSON, Ansible evaluates no
template in what it reads from there, and none of them is an option of a plugin.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from aops.core import clock
from aops.core.database import session
from aops.inventory import index, patterns
from aops.inventory.facts.models import HostFacts
from aops.inventory.facts.steering import injected, steers
from aops.inventory.models import Host

MAX_AGE = timedelta(hours=24)
"""Older facts are gathered anew, as Ansible's own cache does by default."""

MAX_SIZE = 64 << 20
"""Bytes of all facts that a run starts with; the newest go first."""

_BATCH = 200
_DISCOVERED = "discovered_interpreter_"
_GATHERED = "_ansible_facts_gathered"


def of(inventory_id: int, limit: str = "", *, hosts: Collection[str] = ()) -> dict[str, str]:
    """Give the facts that a run on an inventory may start with.

    Args:
        inventory_id: Whose hosts.
        limit: A host pattern; empty means every enabled host.
        hosts: The names of the run's hosts; then the limit is not read.

    Returns:
        JSON text by host name.
    """
    wanted = frozenset(hosts) or _selected(inventory_id, limit)
    names: dict[int, str] = {}
    total = 0
    for host_id, name, size in _newest_first(inventory_id):
        if name in wanted:
            total += size
            if total > MAX_SIZE:
                break
            names[host_id] = name
    return {names[host_id]: _as_cached(data) for host_id, data in _data_of(list(names))}


def _selected(inventory_id: int, limit: str) -> Collection[str]:
    try:
        return frozenset(index.of(inventory_id).enabled.matching(limit))
    except patterns.PatternError:  # Ansible will say what is wrong with it
        return ()


def _newest_first(inventory_id: int) -> list[Any]:
    query = (
        select(Host.id, Host.name, HostFacts.size)
        .join(HostFacts)
        .where(
            Host.inventory_id == inventory_id,
            Host.enabled.is_(True),
            HostFacts.complete.is_(True),
            HostFacts.gathered_at > clock.now() - MAX_AGE,
        )
        .order_by(HostFacts.gathered_at.desc(), Host.id)
    )
    return list(session().execute(query))


def _data_of(host_ids: list[int]) -> list[tuple[int, Any]]:
    found: list[tuple[int, Any]] = []
    for start in range(0, len(host_ids), _BATCH):
        query = select(HostFacts.host_id, HostFacts.data).where(
            HostFacts.host_id.in_(host_ids[start : start + _BATCH])
        )
        found.extend((host_id, data) for host_id, data in session().execute(query))
    return found


def _as_cached(data: dict[str, Any]) -> str:
    """Leave out what would steer Ansible; it finds out itself which Python a host has."""
    variables = {injected(name): value for name, value in data.items()}
    facts = {
        name: value
        for name, value in variables.items()
        if not name.removeprefix("ansible_").startswith(_DISCOVERED) and not steers(name)
    }
    return json.dumps(facts | {_GATHERED: True}, ensure_ascii=False)
