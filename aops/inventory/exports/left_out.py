"""Tells before an export what the inventory has and the formats of Ansible do not know."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import gettext as _
from flask_babel import ngettext

from aops.inventory.exports import loading
from aops.inventory.models import Inventory


def told(inventory: Inventory | None, host_ids: Collection[int] | None) -> str:
    """Say what a file will not hold; "" if it will hold everything.

    Args:
        inventory: What is exported as a whole; None for hosts that were chosen.
        host_ids: The hosts that were chosen; None is all of the inventory.
    """
    found = []
    if number := loading.number_annotated(inventory.id if inventory else None, host_ids):
        found.append(
            ngettext(
                "Labels and notes of %(num)d host are not part of YAML, INI and JSON; CSV and "
                "XLSX hold them.",
                "Labels and notes of %(num)d hosts are not part of YAML, INI and JSON; CSV and "
                "XLSX hold them.",
                number,
            )
        )
    if inventory and (inventory.description or loading.describes_groups(inventory.id)):
        found.append(_("Descriptions of the inventory and of groups are part of no format."))
    return " ".join(found)
