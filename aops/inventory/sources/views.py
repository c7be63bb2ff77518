"""The pages of dynamic sources and of their refreshes."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request
from flask_admin import Admin, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, undefer
from werkzeug.wrappers import Response

from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.filters import ReferenceFilter
from aops.core.permissions import Permission
from aops.core.views import ConsoleModelView, may, requires, row_or_404
from aops.inventory.imports.models import InventoryImport
from aops.inventory.listing import inventory_choices
from aops.inventory.sources import claims, labels, services
from aops.inventory.sources.forms import SourceForm
from aops.inventory.sources.models import InventorySource, SourceRefresh


def kind_column(_view: Any, _context: Any, source: InventorySource, _name: str) -> str:
    """Show the kind as a word."""
    return str(labels.SHORT_KINDS[source.kind])


def state_column(_view: Any, _context: Any, source: InventorySource, _name: str) -> str:
    """Show how the newest refresh stands."""
    newest = g.newest_refreshes.get(source.id)
    return str(labels.STATUSES[newest.status]) if newest else ""


class SourceView(ConsoleModelView):
    """Lists, makes, edits and refreshes sources."""

    read_permission = Permission.INVENTORY_READ
    write_permission = Permission.INVENTORY_WRITE

    title_singular = _l("dynamic source")
    title_plural = _l("Dynamic sources")
    add_label = _l("Add source")
    empty_hint = _l("A source asks a cloud or a register for hosts, again and again.")
    icon = "inventories"

    details_template = "inventory/source.html"

    column_auto_select_related = False
    column_list = ("name", "inventory", "kind", "enabled", "state", "refreshed_at")
    column_searchable_list = ("name",)
    column_filters = (
        ReferenceFilter(InventorySource.inventory_id, _l("Inventory"), inventory_choices),
    )
    column_sortable_list = ("name", "refreshed_at")
    column_default_sort = "name"

    column_labels = {
        "name": _l("Name"),
        "inventory": _l("Inventory"),
        "kind": _l("Kind"),
        "enabled": _l("Enabled"),
        "state": _l("Last refresh"),
        "refreshed_at": _l("Last successful refresh"),
    }
    column_formatters = {"kind": kind_column, "state": state_column}

    form = SourceForm

    def is_visible(self) -> bool:
        """Stay out of the menu: the way here is from an inventory."""
        return False

    def get_query(self) -> Any:
        """Read inventories along, not one by one."""
        return super().get_query().options(joinedload(InventorySource.inventory))

    def get_list(self, *args: Any, **options: Any) -> Any:
        """Read a page of rows, and their newest refreshes in one query."""
        page: tuple[int | None, list[Any]] = super().get_list(*args, **options)
        g.newest_refreshes = services.newest_refreshes([source.id for source in page[1]])
        return page

    def create_form(self, obj: Any = None) -> SourceForm:
        """Leave out what only administrators may say, and fill in what came as an import."""
        form = _allowed(super().create_form(obj))
        import_id = request.args.get("import_id", type=int)
        if request.method == "GET" and import_id:
            form.take(row_or_404(InventoryImport, import_id))
        return form

    def edit_form(self, obj: Any = None) -> SourceForm:
        """Leave out what only administrators may say."""
        return _allowed(super().edit_form(obj))

    def prepare(self, _form: Any, model: InventorySource, *, is_created: bool) -> None:  # noqa: ARG002
        """Let the service have its say, and tell when it took a right back."""
        before = model.may_reserve
        services.check_source(model, may_reserve=may(Permission.INVENTORY_RESERVED))
        if before and not model.may_reserve:
            flash(
                _(
                    "The text changed, so the source may not set reserved variables any more. An "
                    "administrator can allow it again."
                ),
                "warning",
            )

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:  # noqa: ARG002, FBT001, FBT002 - Flask-Admin's signature
        """Go to the source's page, where it can be refreshed."""
        return str(self.get_url(".details_view", id=model.id))

    def details_of(self, source: InventorySource) -> dict[str, Any]:
        """Give what the page shows beside the source itself."""
        refreshes = services.refreshes_of(source)
        return {
            "refreshes": refreshes,
            "newest": refreshes[0] if refreshes else None,
            "open": bool(refreshes) and refreshes[0].status in claims.OPEN,
            "hosts": services.hosts_from(source),
            "labels": labels,
        }

    @expose("/<int:source_id>/refresh/", methods=("POST",))
    @requires(Permission.INVENTORY_WRITE)
    def refresh(self, source_id: int) -> Response:
        """Ask a worker for a refresh; its page waits for the result."""
        source = row_or_404(InventorySource, source_id)
        try:
            refresh_id = services.request_refresh(source)
            session().commit()
        except AopsError as error:
            session().rollback()
            flash(str(error), "error")
            return redirect(self.get_url(".details_view", id=source_id))
        return redirect(self.get_url(".show_refresh", refresh_id=refresh_id))

    @expose("/refreshes/<int:refresh_id>/")
    def show_refresh(self, refresh_id: int) -> str:
        """Show one refresh: how it went, what it changed, what was printed."""
        refresh = row_or_404(SourceRefresh, refresh_id, undefer(SourceRefresh.changes))
        page: str = self.render(
            "inventory/source_refresh.html",
            refresh=refresh,
            source=refresh.source,
            open=refresh.status in claims.OPEN,
            told=refresh.changes or {},
            part=request.args.get("part", ""),
            page=max(request.args.get("page", 1, type=int), 1),
            labels=labels,
        )
        return page


def register(admin: Admin) -> None:
    """Add the pages to the console, and offer the sources to the page of an inventory."""
    assert admin.app is not None  # noqa: S101 - create_app gave it
    admin.app.jinja_env.globals["source_states"] = services.states_in
    admin.app.jinja_env.globals["source_labels"] = labels
    admin.add_view(SourceView(InventorySource, endpoint="sources", url="/sources"))


def _allowed(form: SourceForm) -> SourceForm:
    if not may(Permission.INVENTORY_RESERVED):
        del form.may_reserve
    return form
