"""The button on the page of a group or an inventory that pings all of its hosts."""

from __future__ import annotations

from sqlalchemy import select

from aops.core.database import session
from aops.core.panels import Place, adds_panel
from aops.core.permissions import Permission
from aops.inventory.host_filters import Filters
from aops.inventory.models import Group, Host, Inventory, group_children, group_hosts


@adds_panel(Inventory, Place.ACTIONS, "jobs/_ping_all.html", Permission.JOBS_LAUNCH)
def _of_inventory(inventory: Inventory) -> str | None:
    """Give the filters of the list of hosts that find them; None if there are none."""
    enabled = select(Host.id).where(Host.inventory_id == inventory.id, Host.enabled.is_(True))
    some = session().scalar(enabled.limit(1))
    return Filters(inventory=inventory.id).query() if some else None


@adds_panel(Group, Place.ACTIONS, "jobs/_ping_all.html", Permission.JOBS_LAUNCH)
def _of_group(group: Group) -> str | None:
    """Look no further than the group itself: child groups may well be empty too."""
    own = select(group_hosts.c.host_id).where(group_hosts.c.group_id == group.id)
    below = select(group_children.c.child_id).where(group_children.c.parent_id == group.id)
    some = session().scalar(own.limit(1)) or session().scalar(below.limit(1))
    return Filters(group_id=group.id).query() if some else None
