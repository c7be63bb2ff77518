"""The page that asks for a format, and the download."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import Admin, expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Permission
from aops.core.views import ConsoleView
from aops.inventory import counts
from aops.inventory.bulk.selection import Choice, Selection, resolve
from aops.inventory.exports import left_out, services, tables
from aops.inventory.exports.formats import MIMETYPES, TABLES, ExportFormat
from aops.inventory.exports.forms import ExportForm
from aops.inventory.exports.services import Export
from aops.inventory.models import Inventory


class ExportView(ConsoleView):
    """Gives an inventory, or the hosts that were chosen, as a file."""

    read_permission = Permission.INVENTORY_READ

    def is_visible(self) -> bool:
        """Stay out of the menu: the way here is from an inventory or the list of hosts."""
        return False

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Response | str:
        """Ask for a format; with one, give the file. Only that is written down."""
        choice = Choice.read(request.values)
        inventory = _inventory(choice)
        try:
            selection = None if inventory else resolve(choice)
        except AopsError as error:
            flash(str(error), "error")
            return redirect(url_for("hosts.index_view"))
        asked = request.method == "POST" and "format" in request.form
        form = ExportForm(request.form if asked else None)
        if asked and form.validate():
            try:
                export = services.export(
                    inventory.id if inventory else None,
                    None if selection is None else selection.hosts.keys(),
                    ExportFormat(form.format.data),
                    with_disabled=bool(form.with_disabled.data),
                )
                session().commit()
                return _download(export)
            except AopsError as error:
                session().rollback()
                form.format.errors = [str(error)]
        return self._page(form, choice, _inventory(choice), selection)

    @expose("/template/")
    def template(self) -> Response:
        """Give an empty table to fill in and import."""
        asked = request.args.get("format", ExportFormat.CSV.value)
        if asked not in {*TABLES}:
            abort(404)
        format_ = ExportFormat(asked)
        name = f"{_('hosts')}.{format_}"
        return _download(Export(name, MIMETYPES[format_], tables.template(format_)))

    def _page(
        self,
        form: ExportForm,
        choice: Choice,
        inventory: Inventory | None,
        selection: Selection | None,
    ) -> str:
        form.format.description = left_out.told(inventory, selection.hosts if selection else None)
        context: dict[str, Any] = {"hosts": len(selection.hosts) if selection else 0}
        if inventory:
            context["hosts"] = counts.hosts_in_inventories([inventory.id]).get(inventory.id, 0)
            context["disabled"] = counts.disabled_hosts(inventory.id)
        return str(
            self.render(
                "inventory/export.html",
                form=form,
                choice=choice,
                inventory=inventory,
                selection=selection,
                **context,
            )
        )


def register(admin: Admin) -> None:
    """Add the page to the console."""
    admin.add_view(ExportView(name="Export", endpoint="exports", url="/exports"))


def _inventory(choice: Choice) -> Inventory | None:
    """Give the inventory that is meant as a whole, if no hosts were chosen."""
    if choice.hosts or choice.everything or choice.names or choice.pattern:
        return None
    if choice.inventory is None:
        return None
    found = session().get(Inventory, choice.inventory)
    return abort(404) if found is None else found


def _download(export: Export) -> Response:
    response = Response(export.content, mimetype=export.mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=export.file_name)
    response.headers["Cache-Control"] = "no-store"
    return response
