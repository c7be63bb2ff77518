"""Finds the hosts that a filter chooses, at the moment of asking.

What is cheap to know is asked first: hosts, labels, groups, last results and the summaries
of facts. Only hosts that are still in question are asked about variables, then about any
fact: first the small ones, and those hosts whose fact is big about all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from aops.core import clock
from aops.inventory.filters import effort, evaluation, language, loading
from aops.inventory.filters.effort import breathing
from aops.inventory.filters.expressions import All, Expression, conditions
from aops.inventory.filters.loading import Candidate
from aops.inventory.filters.names import Source


@dataclass(frozen=True, order=True)
class Match:
    """A host that a filter chose; in the order of inventories and of hosts in them."""

    inventory_id: int
    position: int
    name: str
    id: int
    enabled: bool


def host_ids(query: str, inventory_id: int | None = None) -> set[int]:
    """Give the ids of all hosts that a filter chooses, disabled ones too.

    Args:
        query: In the language of ``filters.language``.
        inventory_id: The inventory to look into; None looks into all.

    Raises:
        FilterError: At the field ``query``, if it cannot be understood.
        AopsError: There, too, if it costs too much.
    """
    with effort.limited():
        return {host.id for host in _chosen(query, inventory_id)}


def matches(query: str, inventory_id: int | None = None) -> list[Match]:
    """Give the hosts that a filter chooses, disabled ones too, in inventory order.

    Args:
        query: In the language of ``filters.language``.
        inventory_id: The inventory to look into; None looks into all.

    Raises:
        FilterError: At the field ``query``, if it cannot be understood.
        AopsError: There, too, if it costs too much.
    """
    with effort.limited():
        chosen = _chosen(query, inventory_id)
    return sorted(
        Match(host.inventory_id, host.position, host.name, host.id, host.enabled) for host in chosen
    )


def _chosen(query: str, inventory_id: int | None) -> list[Candidate]:
    expression, now = language.parse(query), clock.now()
    asked = [*conditions(expression)]
    parts = expression.parts if isinstance(expression, All) else (expression,)
    cheap, costly = _by_cost(parts)
    hosts = _answered(loading.candidates(asked, inventory_id), cheap, now)
    if not costly or not hosts:
        return hosts
    with effort.costly():
        return _answered_at_cost(hosts, costly, now, inventory_id)


def _answered_at_cost(
    hosts: list[Candidate], parts: list[Expression], now: datetime, inventory_id: int | None
) -> list[Candidate]:
    asked = [*conditions(All(tuple(parts)))]
    sources = {condition.name.source for condition in asked}
    if Source.VARIABLES in sources:
        loading.add_variables(hosts, asked)
    if Source.FACTS in sources:
        return _answered_with_facts(hosts, parts, now, inventory_id)
    return _answered(hosts, parts, now)


def _by_cost(parts: Iterable[Expression]) -> tuple[list[Expression], list[Expression]]:
    """Part what must be true into cheap and costly conditions, the cheapest first."""
    order = list(Source)
    ranked = sorted(
        ((max(order.index(one.name.source) for one in conditions(part)), part) for part in parts),
        key=itemgetter(0),
    )
    first_costly = order.index(Source.VARIABLES)
    return (
        [part for rank, part in ranked if rank < first_costly],
        [part for rank, part in ranked if rank >= first_costly],
    )


def _answered(hosts: list[Candidate], parts: list[Expression], now: datetime) -> list[Candidate]:
    answer = evaluation.compiled(All(tuple(parts)), now)
    return [host for host in breathing(hosts) if answer(host.known)]


def _answered_with_facts(
    hosts: list[Candidate], parts: list[Expression], now: datetime, inventory_id: int | None
) -> list[Candidate]:
    """Forget each host's facts as soon as it is answered for: all together are too much."""
    whole = All(tuple(parts))
    answer = evaluation.compiled(whole, now)
    waiting = {host.id: host for host in hosts}
    chosen: list[Candidate] = []
    for host_id, data in loading.facts(hosts, conditions(whole), inventory_id):
        host = waiting.pop(host_id, None)
        if host is not None:
            host.known.facts = data
            if answer(host.known):
                chosen.append(host)
            host.known.facts = None
    return chosen + [host for host in waiting.values() if answer(host.known)]
