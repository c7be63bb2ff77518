"""The pages of saved filters."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_admin import Admin, expose
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from aops.core import references
from aops.core.columns import MAX_ID
from aops.core.filters import ReferenceFilter
from aops.core.permissions import Permission
from aops.core.views import ConsoleModelView, requires
from aops.inventory.filters import help as filter_help
from aops.inventory.filters import services
from aops.inventory.filters.forms import FilterForm
from aops.inventory.filters.models import HostFilter
from aops.inventory.listing import inventory_choices
from aops.inventory.preview_pages import answer


class FilterView(ConsoleModelView):
    """Lists, writes and tries out filters."""

    read_permission = Permission.INVENTORY_READ
    write_permission = Permission.INVENTORY_WRITE

    title_singular = _l("filter")
    title_plural = _l("Filters")
    add_label = _l("Add filter")
    empty_hint = _l(
        "A filter finds hosts by what is known of them: variables, facts, labels, groups, last "
        "results. Saved, it can be what a template runs on."
    )
    icon = "filter"

    details_template = "inventory/filter.html"
    create_template = "inventory/filter_create.html"
    edit_template = "inventory/filter_edit.html"

    column_list = ("name", "query", "inventory", "description")
    column_searchable_list = ("name", "description", "query")
    column_filters = (ReferenceFilter(HostFilter.inventory_id, _l("Inventory"), inventory_choices),)
    column_sortable_list = ("name",)
    column_default_sort = "name"
    column_auto_select_related = False

    column_labels = {
        "name": _l("Name"),
        "query": _l("Filter"),
        "inventory": _l("Inventory"),
        "description": _l("Description"),
    }

    form = FilterForm

    def get_query(self) -> Any:
        """Read inventories along, not one by one."""
        return super().get_query().options(joinedload(HostFilter.inventory))

    def prepare(self, _form: Any, model: HostFilter, *, is_created: bool) -> None:  # noqa: ARG002
        """Refuse what is no filter."""
        services.check_filter(model)

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:  # noqa: ARG002, FBT001, FBT002 - Flask-Admin's signature
        """Go to the filter's page."""
        return str(self.get_url(".details_view", id=model.id))

    def details_of(self, saved: HostFilter) -> dict[str, Any]:
        """Give what the page shows beside the filter itself."""
        return {
            "preview": services.preview_of(saved.query, saved.inventory_id),
            "used_by": references.references_to(saved),
        }

    @property
    def help(self) -> Any:
        """Give the help on the language."""
        return filter_help

    @expose("/matching-hosts")
    @requires(Permission.INVENTORY_READ)
    def matching_hosts(self) -> Response | str:
        """Name the hosts that ``query`` finds, in ``inventory`` or in all."""
        inventory_id = request.args.get("inventory", type=int)
        if inventory_id is not None and not 0 <= inventory_id <= MAX_ID:
            inventory_id = 0  # there is none of this number
        return answer(self, services.preview_of(request.args.get("query", ""), inventory_id))


def register(admin: Admin) -> None:
    """Add the pages to the console."""
    admin.add_view(FilterView(HostFilter, endpoint="filters", url="/filters"))
