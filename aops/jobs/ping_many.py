"""From hosts that were chosen anywhere to their ping: one job for each inventory."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory import index
from aops.inventory.bulk.selection import Selection
from aops.inventory.models import Inventory

MAX_INVENTORIES = 20
"""Jobs that one confirmation launches, each with credentials of its own."""


@dataclass(frozen=True)
class Offer:
    """Chosen hosts of one inventory.

    Attributes:
        hosts: Names of the enabled ones, in the order in which a run takes them.
        disabled: How many others no run would reach.
    """

    inventory: Inventory
    hosts: list[str]
    disabled: int


def offers(selection: Selection) -> list[Offer]:
    """Part hosts by their inventories, in alphabetical order.

    Raises:
        AopsError: If none of them is enabled, or they stand in too many inventories.
    """
    chosen: defaultdict[int, set[str]] = defaultdict(set)
    for key, name in selection.hosts.items():
        chosen[selection.inventories[key]].add(name)
    if len(chosen) > MAX_INVENTORIES:
        raise AopsError(
            _(
                "These hosts stand in %(number)d inventories. Choose hosts of at most %(most)d "
                "at once.",
                number=len(chosen),
                most=MAX_INVENTORIES,
            )
        )
    query = select(Inventory).where(Inventory.id.in_(chosen)).order_by(Inventory.name)
    found = [_offer(inventory, chosen[inventory.id]) for inventory in session().scalars(query)]
    found = [offer for offer in found if offer.hosts]
    if not found:
        raise AopsError(_("Choose at least one enabled host first."))
    return found


def total(found: Sequence[Offer]) -> int:
    """Count the hosts that would be pinged."""
    return sum(len(offer.hosts) for offer in found)


def seal(found: Sequence[Offer]) -> str:
    """Give a word that is another one for other hosts, so that none is pinged unseen."""
    named = repr([(offer.inventory.id, offer.hosts) for offer in found])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _offer(inventory: Inventory, names: set[str]) -> Offer:
    hosts = [name for name in index.of(inventory.id).enabled.hosts if name in names]
    return Offer(inventory, hosts, disabled=len(names) - len(hosts))
