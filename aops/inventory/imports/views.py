"""The pages of an import: upload, preview, confirmation, result."""

from __future__ import annotations

from typing import Any

from flask import Flask, abort, flash, redirect, request, url_for
from flask_admin import Admin, expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Permission
from aops.core.views import ConsoleView, may, row_or_404
from aops.execution.reading_spec import Limits
from aops.inventory.imports import labels, paged, services
from aops.inventory.imports.forms import ImportForm
from aops.inventory.imports.models import ImportStatus, InventoryImport
from aops.inventory.models import Inventory
from aops.inventory.reading import MAX_UPLOAD

_UPLOAD = "imports.upload"
_MAX_REQUEST = 2 * MAX_UPLOAD
"""A file that is a little too large still gets its sentence at the form."""

_MAX_DRAINED = 16 * MAX_UPLOAD
_CHUNK = 1 << 20


class ImportView(ConsoleView):
    """Takes an inventory from elsewhere, and writes it once somebody has seen what changes."""

    read_permission = Permission.INVENTORY_WRITE

    def is_visible(self) -> bool:
        """Stay out of the menu: the way here is from an inventory."""
        return False

    @expose("/")
    def index(self) -> Response:
        """Lead to the inventories; an import belongs to one."""
        return redirect(url_for("inventories.index_view"))

    @expose("/into/<int:inventory_id>/", methods=("GET", "POST"))
    def upload(self, inventory_id: int) -> Response | str:
        """Take an upload."""
        inventory = row_or_404(Inventory, inventory_id)
        kept = services.kept_file(inventory_id, request.args.get("again", type=int))
        typed = request.form | request.files if request.method == "POST" else None
        form = ImportForm(typed, kept=kept)
        if request.method == "POST" and form.validate():
            try:
                one = services.upload(inventory, **form.values())
                session().commit()
            except AopsError as error:
                session().rollback()
                form.attach(error)
            else:
                return redirect(url_for(".show", import_id=one.id))
        inventory = row_or_404(Inventory, inventory_id)
        return self._form_page(inventory, form)

    @expose("/<int:import_id>/")
    def show(self, import_id: int) -> str:
        """Show how far it is; the preview once it is there."""
        one = row_or_404(InventoryImport, import_id)
        if one.status is ImportStatus.FAILED:
            form = ImportForm(
                kept=services.kept_file(one.inventory_id, one.id),
                data={
                    "kind": services.chosen_kind(one),
                    "mode": one.mode,
                    "credentials": one.credentials,
                },
            )
            form.text.data = services.pasted_text(one)
            source = services.source_in(one)
            return self._form_page(one.inventory, form, failed=one, source=source)
        return str(
            self.render(
                "inventory/import.html",
                one=one,
                inventory=one.inventory,
                overdue=services.is_overdue(one),
                changes=paged.opened(one.changes) if one.changes else None,
                seconds=services.seconds_at_work(one),
                most_seconds=int(Limits().wall),
                labels=labels,
                part=request.args.get("part", ""),
                page=max(request.args.get("page", 1, type=int), 1),
            )
        )

    @expose("/<int:import_id>/confirm/", methods=("POST",))
    def confirm(self, import_id: int) -> Response:
        """Have it written."""
        one = row_or_404(InventoryImport, import_id)
        try:
            services.confirm(
                one,
                seen=request.form.get("seen", type=int),
                skip_bad_rows=request.form.get("skip_bad_rows") == "1",
                removed=request.form.get("removed", type=int),
            )
            session().commit()
        except AopsError as error:
            session().rollback()
            flash(str(error), "error")
        return redirect(url_for(".show", import_id=import_id))

    @expose("/<int:import_id>/discard/", methods=("POST",))
    def discard(self, import_id: int) -> Response:
        """Decide against it."""
        one = row_or_404(InventoryImport, import_id)
        inventory_id = one.inventory_id
        services.discard(one)
        session().commit()
        if one.status is not ImportStatus.DISCARDED:
            return redirect(url_for(".show", import_id=import_id))
        flash(_("The import was discarded. Nothing was changed."), "success")
        return redirect(url_for("inventories.details_view", id=inventory_id))

    def _form_page(self, inventory: Inventory, form: ImportForm, **context: Any) -> str:
        return str(
            self.render(
                "inventory/import_form.html",
                form=form,
                inventory=inventory,
                recent=services.recent(inventory.id),
                labels=labels,
                **context,
            )
        )


def register(admin: Admin) -> None:
    """Add the feature's pages to the console."""
    admin.add_view(ImportView(name=str(_UPLOAD), endpoint="imports", url="/imports"))
    if admin.app is not None:
        _allow_large_uploads(admin.app)


def _allow_large_uploads(app: Flask) -> None:
    """Let only this page take more than 16 MiB, before the check of tokens reads the form."""

    @app.url_value_preprocessor
    def allow(endpoint: str | None, values: dict[str, Any] | None) -> None:
        if endpoint != _UPLOAD or request.method != "POST" or not may(ImportView.read_permission):
            return
        request.max_content_length = _MAX_REQUEST
        request.max_form_memory_size = MAX_UPLOAD
        if (request.content_length or 0) > _MAX_REQUEST:
            _drain()
            flash(
                _(
                    "This is too large: at most %(limit)d MiB can be imported at once. Pack it as "
                    "zip or tar.gz, at most %(packed)d MiB, or import it in parts.",
                    limit=MAX_UPLOAD >> 20,
                    packed=services.MAX_PACKED >> 20,
                ),
                "error",
            )
            abort(redirect(url_for(_UPLOAD, **(values or {}))))


def _drain() -> None:
    """Read what is sent and keep nothing: a browser looks for an answer only after it sent all."""
    left = min(request.content_length or 0, _MAX_DRAINED)
    stream = request.environ["wsgi.input"]
    while left > 0 and (read := stream.read(min(left, _CHUNK))):
        left -= len(read)
