"""The page of all SSH host keys: fetch for many, accept many, look at each that changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from flask import flash, redirect, request, url_for
from flask_admin import Admin, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from aops.core import actor
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Permission
from aops.core.views import ConsoleView, may, requires, row_or_404
from aops.inventory import host_choices, host_keys, host_list
from aops.inventory.bulk import services as bulk
from aops.inventory.bulk.changes import FetchKeys
from aops.inventory.bulk.selection import Choice, resolve
from aops.inventory.host_filters import Filters
from aops.inventory.keys import listing
from aops.inventory.labels import KEY_STATES
from aops.inventory.models import HostKey

_MAX_KEYS = 2_000


class KeysView(ConsoleView):
    """The SSH host keys of all hosts."""

    read_permission = Permission.INVENTORY_READ

    @expose("/")
    def index(self) -> Any:
        """Show the hosts in one state: to be checked, changed, unknown or accepted."""
        filters = Filters.read(request.args)
        filters = replace(filters, keys=filters.keys or "to_check")
        try:
            page, numbers = host_list.page(filters), listing.numbers(filters)
        except AopsError as error:
            flash(str(error), "error")
            return redirect(url_for("host_keys.index"))
        offered = host_choices.choices(filters)
        return self.render(
            "inventory/keys.html",
            filters=filters,
            page=page,
            rows=listing.rows(page),
            numbers=numbers,
            fetching=listing.fetching(filters),
            states=KEY_STATES,
            choices=offered,
            chips=host_choices.chips(replace(filters, keys=""), offered),
            may_trust=may(Permission.INVENTORY_TRUST),
        )

    @expose("/fetch/", methods=("POST",))
    @requires(Permission.INVENTORY_TRUST)
    def fetch(self) -> Response:
        """Ask a worker for the keys of the ticked hosts, or of all that the page is about."""
        try:
            selection = resolve(Choice.read(request.form))
        except AopsError as error:
            return _back(str(error), "error")
        ids = [*selection.hosts]
        bulk.carry_out("hosts.keys_requested", FetchKeys(), selection, ids)
        session().commit()
        message = _("Hosts whose SSH keys are being fetched: %(number)s.", number=len(ids))
        return _back(message, "success")

    @expose("/accept/", methods=("POST",))
    @requires(Permission.INVENTORY_TRUST)
    def accept(self) -> Response:
        """Accept the ticked keys; one that contradicts another is left for a look at it."""
        accepted, left = host_keys.accept_many(_ticked(), actor.current().name)
        session().commit()
        if left:
            flash(
                _(
                    "Keys that differ from accepted ones and were left: %(number)s. Look at each "
                    "under “changed”.",
                    number=left,
                ),
                "warning",
            )
        if not accepted:
            return _back(_("No key was accepted: tick at least one."), "error")
        return _back(_("Keys that runs accept now: %(number)s.", number=accepted), "success")

    @expose("/reject/", methods=("POST",))
    @requires(Permission.INVENTORY_TRUST)
    def reject(self) -> Response:
        """Drop the ticked keys; they are offered again when they are fetched again."""
        number = host_keys.forget_many(_ticked())
        session().commit()
        if not number:
            return _back(_("No key was rejected: tick at least one."), "error")
        return _back(_("Rejected keys: %(number)s.", number=number), "success")

    @expose("/<int:key_id>/replace/", methods=("POST",))
    @requires(Permission.INVENTORY_TRUST)
    def replace(self, key_id: int) -> Response:
        """Accept one changed key in place of the old one, if that was ticked."""
        key = row_or_404(HostKey, key_id)
        try:
            ticked = request.form.get("replace") == "1"
            host_keys.accept_host_key(key, actor.current().name, replace=ticked)
        except AopsError as error:
            session().rollback()
            return _back(str(error), "error")
        session().commit()
        return _back(_("Runs now accept this key."), "success")


def register(admin: Admin) -> None:
    """Add the part's page to the console."""
    admin.add_view(KeysView(name=_l("SSH host keys"), endpoint="host_keys", url="/host-keys"))


def _ticked() -> list[int]:
    keys = request.form.getlist("key_id")[:_MAX_KEYS]
    return [int(key[:10]) for key in keys if key.isascii() and key.isdigit()]


def _back(message: str, level: str) -> Response:
    """Return to the same page of the same list."""
    flash(message, level)
    where = request.form.get("where", "")
    query = Filters.read(MultiDict(parse_qs(where, errors="replace"))).query()
    return redirect(url_for("host_keys.index") + (f"?{query}" if query else ""))
