"""The pages of inventories, hosts and groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request
from flask_admin import Admin, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.wrappers import Response

from aops.core import actor, references
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.filters import ReferenceFilter
from aops.core.permissions import Permission
from aops.core.views import may, requires, row_or_404
from aops.inventory import (
    counts,
    group_page,
    host_choices,
    host_keys,
    host_list,
    host_page,
    kept,
    membership,
    services,
)
from aops.inventory.bulk import actions
from aops.inventory.forms import GroupForm, HostForm, InventoryForm
from aops.inventory.host_filters import PAGE_SIZES, Filters
from aops.inventory.key_overview import overview
from aops.inventory.labels import KEY_STATES, LAST_STATUSES
from aops.inventory.listing import InventoryPart, count_column, inventory_choices
from aops.inventory.models import Group, Host, HostKey, Inventory
from aops.inventory.preview_pages import PreviewPages

_SHOWN = 100
"""How many hosts a page names before it points to the list."""


class InventoryView(PreviewPages, InventoryPart):
    """Lists, makes and edits inventories."""

    title_singular = _l("inventory")
    title_plural = _l("Inventories")
    add_label = _l("Add inventory")
    empty_hint = _l("An inventory holds the hosts that playbooks run on, and their groups.")
    icon = "inventories"

    details_template = "inventory/inventory.html"

    column_list = ("name", "description", "hosts", "groups", "updated_at")
    column_searchable_list = ("name", "description")
    column_sortable_list = ("name", "updated_at")
    column_default_sort = "name"

    column_labels = {
        "name": _l("Name"),
        "description": _l("Description"),
        "hosts": _l("Hosts"),
        "groups": _l("Groups"),
        "updated_at": _l("Last changed"),
    }
    column_formatters = {"hosts": count_column, "groups": count_column}

    form = InventoryForm

    def counted(self, ids: list[int]) -> dict[str, counts.Counts]:
        """Count hosts and groups."""
        return {
            "hosts": counts.hosts_in_inventories(ids),
            "groups": counts.groups_in_inventories(ids),
        }

    def check(self, model: Inventory) -> None:
        """Ask the service."""
        services.check_inventory(model, may_reserve=self.may_reserve)

    def details_of(self, inventory: Inventory) -> dict[str, Any]:
        """Give what the page shows beside the inventory itself."""
        query = select(Group).where(Group.inventory_id == inventory.id).order_by(Group.name)
        groups = session().scalars(query.options(selectinload(Group.children))).all()
        return {
            "groups": groups,
            "group_hosts": counts.hosts_in_groups([group.id for group in groups]),
            "hosts": _first_hosts(select(Host).where(Host.inventory_id == inventory.id)),
            "total": counts.hosts_in_inventories([inventory.id]).get(inventory.id, 0),
            "disabled": counts.disabled_hosts(inventory.id),
            "used_by": references.references_to(inventory),
        }


class HostView(InventoryPart):
    """Lists, makes and edits hosts, and decides about their SSH keys."""

    title_singular = _l("host")
    title_plural = _l("Hosts")
    add_label = _l("Add host")
    empty_hint = _l("A host is a machine that Ansible manages. It stands in one inventory.")
    icon = "hosts"

    details_template = "inventory/host.html"

    column_list = ("name",)

    form = HostForm

    @expose("/")
    def index_view(self) -> Any:
        """Show one page of hosts; a filter that is no filter is answered with why."""
        filters, state = Filters.read(request.args), kept.now()
        try:
            page, error = host_list.page(filters, state), ""
        except AopsError as refusal:
            page, error = None, str(refusal)
        offered = host_choices.choices(filters, state)
        return self.render(
            "inventory/hosts.html",
            filters=filters,
            page=page,
            error=error,
            choices=offered,
            chips=host_choices.chips(filters, offered),
            most=host_list.MOST_COUNTED,
            page_sizes=PAGE_SIZES,
            last_statuses={word: str(label) for word, label in LAST_STATUSES.items()},
            key_states=KEY_STATES,
            bulk_actions=actions.offered(),
        )

    def check(self, model: Host) -> None:
        """Ask the service."""
        services.check_host(model, may_reserve=self.may_reserve)

    @property
    def may_trust(self) -> bool:
        """Tell whether the reader decides about SSH keys."""
        return may(Permission.INVENTORY_TRUST)

    def details_of(self, host: Host) -> host_page.HostPage:
        """Give what the page shows beside the host itself."""
        return host_page.read(host, request.args.get("variables", "").strip()[:200])

    @expose("/<int:host_id>/keys/fetch/", methods=("POST",))
    @requires(Permission.INVENTORY_TRUST)
    def fetch_keys(self, host_id: int) -> Response:
        """Ask a worker for the keys; the page waits for them."""
        host = row_or_404(Host, host_id)
        host_keys.request_keys(host)
        return self._back_to(host)

    @expose("/<int:host_id>/keys/accept/", methods=("POST",))
    @requires(Permission.INVENTORY_TRUST)
    def accept_keys(self, host_id: int) -> Response:
        """Accept the keys that the page showed as new; none that contradicts another."""
        host = row_or_404(Host, host_id)
        shown = set(request.form.getlist("key_id"))
        for key in overview(host).offered:
            if str(key.id) in shown:
                host_keys.accept_host_key(key, actor.current().name)
        return self._back_to(host, _("Runs now accept these keys."))

    @expose("/keys/<int:key_id>/accept/", methods=("POST",))
    @requires(Permission.INVENTORY_TRUST)
    def accept_key(self, key_id: int) -> Response:
        """Accept one key, in place of another only if that was ticked."""
        key = row_or_404(HostKey, key_id)
        try:
            replace = request.form.get("replace") == "1"
            host_keys.accept_host_key(key, actor.current().name, replace=replace)
        except AopsError as error:
            session().rollback()
            flash(str(error), "error")
            return self._back_to(key.host)
        return self._back_to(key.host, _("Runs now accept this key."))

    @expose("/keys/<int:key_id>/forget/", methods=("POST",))
    @requires(Permission.INVENTORY_TRUST)
    def forget_key(self, key_id: int) -> Response:
        """Reject an offered key, or stop trusting an accepted one."""
        key = row_or_404(HostKey, key_id)
        host = key.host
        host_keys.forget_host_key(key)
        return self._back_to(host, _("The key was removed."))

    def _back_to(self, host: Host, message: str = "") -> Response:
        url = self.get_url(".details_view", id=host.id, _anchor="keys")
        session().commit()
        if message:
            flash(message, "success")
        return redirect(url)


class GroupView(InventoryPart):
    """Lists, makes and edits groups."""

    title_singular = _l("group")
    title_plural = _l("Groups")
    add_label = _l("Add group")
    empty_hint = _l("A group gathers hosts under a name that playbooks and limits use.")
    icon = "groups"

    details_template = "inventory/group.html"

    column_list = ("name", "inventory", "hosts", "children", "description")
    column_searchable_list = ("name", "description", "variables")
    column_filters = (ReferenceFilter(Group.inventory_id, _l("Inventory"), inventory_choices),)
    column_sortable_list = ("name",)
    column_default_sort = "name"

    column_labels = {
        "name": _l("Name"),
        "inventory": _l("Inventory"),
        "hosts": _l("Hosts"),
        "children": _l("Child groups"),
        "description": _l("Description"),
        "variables": _l("Variables"),
    }
    column_formatters = {"hosts": count_column}

    form = GroupForm

    def get_query(self) -> Any:
        """Read inventories and child groups along, not one by one."""
        return (
            super().get_query().options(joinedload(Group.inventory), selectinload(Group.children))
        )

    def counted(self, ids: list[int]) -> dict[str, counts.Counts]:
        """Count the groups' own hosts."""
        return {"hosts": counts.hosts_in_groups(ids)}

    def check(self, model: Group) -> None:
        """Ask the service."""
        services.check_group(model, may_reserve=self.may_reserve)

    @property
    def last_statuses(self) -> dict[str, Any]:
        """Give the words for how a run ended on a host."""
        return LAST_STATUSES

    def details_of(self, group: Group) -> group_page.GroupPage:
        """Give what the page shows beside the group itself."""
        return group_page.read(group)

    @expose("/<int:group_id>/hosts/add/", methods=("POST",))
    @requires(Permission.INVENTORY_WRITE)
    def add_hosts(self, group_id: int) -> Response:
        """Put hosts into the group."""
        return self._change(group_id, membership.add_hosts, _("Hosts added: %(number)s."))

    @expose("/<int:group_id>/hosts/remove/", methods=("POST",))
    @requires(Permission.INVENTORY_WRITE)
    def remove_hosts(self, group_id: int) -> Response:
        """Take hosts out of the group."""
        return self._change(group_id, membership.remove_hosts, _("Hosts removed: %(number)s."))

    def _change(self, group_id: int, change: Callable[[Group, str], int], done: str) -> Response:
        group = row_or_404(Group, group_id)
        url = self.get_url(".details_view", id=group_id, _anchor="hosts")
        try:
            number = change(group, request.form.get("pattern", "").strip())
            session().commit()
        except AopsError as error:
            session().rollback()
            flash(str(error), "error")
            return redirect(url)
        flash(done % {"number": number}, "success")
        return redirect(url)


def register(admin: Admin) -> None:
    """Add the feature's pages to the console."""
    admin.add_view(InventoryView(Inventory, endpoint="inventories", url="/inventories"))
    admin.add_view(HostView(Host, endpoint="hosts", url="/hosts"))
    admin.add_view(GroupView(Group, endpoint="groups", url="/groups"))


def _first_hosts(query: Any) -> list[Host]:
    query = query.options(selectinload(Host.groups)).order_by(Host.name).limit(_SHOWN)
    return list(session().scalars(query))
