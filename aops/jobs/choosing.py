"""From hosts that were chosen in a list to the templates that can run on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from aops.core.columns import MAX_ID
from aops.core.database import session
from aops.core.errors import AopsError
from aops.inventory.models import Host, Inventory
from aops.inventory.row_writing import chunks
from aops.jobs.models import JobTemplate

MOST = 100_000
"""So many hosts can be chosen at once."""

_DIGITS = len(str(MAX_ID))


@dataclass(frozen=True)
class Offer:
    """Chosen hosts of one inventory, and what can be run on them.

    Attributes:
        host_ids: Of the enabled ones, with commas between them.
        number: How many those are.
        disabled: How many others no run would reach.
        templates: Those of the inventory whose limit may be changed at the launch.
    """

    inventory: Inventory
    host_ids: str
    number: int
    disabled: int
    templates: list[JobTemplate]


def read_ids(texts: Iterable[str]) -> list[int]:
    """Read ids with commas between them; what is none is left out."""
    words = (word.strip() for text in texts for word in text.split(","))
    numbers = (
        int(word) for word in words if word.isascii() and word.isdigit() and len(word) <= _DIGITS
    )
    return [*dict.fromkeys(number for number in numbers if number <= MAX_ID)][:MOST]


def offers(host_ids: Collection[int]) -> list[Offer]:
    """Part hosts by their inventories, in alphabetical order.

    Raises:
        AopsError: If none of them is enabled.
    """
    enabled: defaultdict[int, list[int]] = defaultdict(list)
    disabled: defaultdict[int, int] = defaultdict(int)
    for piece in chunks(host_ids):
        query = select(Host.id, Host.inventory_id, Host.enabled).where(Host.id.in_(piece))
        for host_id, inventory_id, is_enabled in session().execute(query):
            if is_enabled:
                enabled[inventory_id].append(host_id)
            else:
                disabled[inventory_id] += 1
    if not enabled:
        raise AopsError(_("Choose at least one enabled host first."))
    templates = _templates(enabled)
    wanted = select(Inventory).where(Inventory.id.in_(enabled)).order_by(Inventory.name)
    return [
        Offer(
            inventory,
            host_ids=",".join(map(str, sorted(enabled[inventory.id]))),
            number=len(enabled[inventory.id]),
            disabled=disabled[inventory.id],
            templates=templates[inventory.id],
        )
        for inventory in session().scalars(wanted)
    ]


def _templates(inventory_ids: Collection[int]) -> defaultdict[int, list[JobTemplate]]:
    found: defaultdict[int, list[JobTemplate]] = defaultdict(list)
    query = select(JobTemplate).where(
        JobTemplate.inventory_id.in_(inventory_ids), JobTemplate.ask_limit.is_(True)
    )
    for template in session().scalars(query.order_by(JobTemplate.name)):
        found[template.inventory_id].append(template)
    return found
