"""The pages of bulk actions: choose hosts by name, look at what will happen, confirm it."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import Admin, expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Permission
from aops.core.views import ConsoleView, require
from aops.inventory import host_choices
from aops.inventory.bulk import actions, services
from aops.inventory.bulk.actions import Action, Elsewhere
from aops.inventory.bulk.selection import Choice, Selection, resolve
from aops.inventory.bulk.services import Change
from aops.inventory.host_filters import Filters

_SHOWN_NAMES = 20


class BulkView(ConsoleView):
    """One change to many hosts."""

    read_permission = Permission.INVENTORY_READ

    @expose("/")
    def index(self) -> Any:
        """Let hosts be chosen by a pasted list of names, or by a pattern."""
        return self._choose(Choice(inventory=request.args.get("inventory", type=int)))

    @expose("/", methods=("POST",))
    def change(self) -> Any:
        """Ask for what is missing, then for a confirmation, then do it."""
        action = actions.find(request.form.get("action", ""))
        choice = Choice.read(request.form)
        if action is None:
            return _back(choice, _("Choose what to do with the hosts."), "error")
        require(action.permission)
        try:
            selection = resolve(choice)
        except AopsError as error:
            return self._refused(choice, error)
        if isinstance(action, Elsewhere):
            return redirect(action.url(choice, selection), 307 if action.takes_form else 302)
        return self._step(action, choice, selection)

    def _refused(self, choice: Choice, error: AopsError) -> Any:
        if choice.names or choice.pattern:
            return self._choose(choice, str(error))
        return _back(choice, str(error), "error")

    def _step(self, action: Action, choice: Choice, selection: Selection) -> Any:
        asked = request.form if "asked" in request.form else None
        form = action.form(asked) if action.form else None
        if form is not None and (asked is None or not form.validate()):
            return self._show(action, choice, selection, form)
        confirmed = request.form.get("confirmed")
        try:
            if confirmed:
                services.lock(selection)
            change = action.make(form)
            ids = change.affected(selection)
        except AopsError as error:
            session().rollback()
            attached = form is not None and form.attach(error)
            return self._show(action, choice, selection, form, "" if attached else str(error))
        plan = _digest(selection, ids, form)
        if ids and confirmed == plan:
            return self._do(action, choice, selection, change, ids)
        return self._show(action, choice, selection, form, ids=ids, plan=plan, again=confirmed)

    def _do(
        self, action: Action, choice: Choice, selection: Selection, change: Change, ids: list[int]
    ) -> Response:
        services.carry_out(action.audit, change, selection, ids)
        session().commit()
        return _back(choice, str(action.done) % {"number": len(ids)}, "success")

    def _show(
        self,
        action: Action,
        choice: Choice,
        selection: Selection,
        form: Any,
        error: str = "",
        **plan: Any,
    ) -> Any:
        return self.render(
            "inventory/bulk.html",
            action=action,
            choice=choice,
            selection=selection,
            names=selection.named(_SHOWN_NAMES),
            form=form,
            error=error,
            choices=host_choices.choices(Filters(inventory=choice.inventory)) if form else None,
            **({"ids": None} | plan),
        )

    def _choose(self, choice: Choice, error: str = "") -> Any:
        return self.render(
            "inventory/bulk_choose.html",
            choice=choice,
            error=error,
            choices=host_choices.choices(Filters()),
            bulk_actions=actions.offered(),
        )


def register(admin: Admin) -> None:
    """Add the part's pages to the console."""
    admin.add_view(BulkView(name="Bulk", endpoint="bulk", url="/hosts/bulk"))


def _digest(selection: Selection, ids: list[int], form: Any) -> str:
    """Name a plan: another set of hosts or another value has another name."""
    typed = {name: text for name, text in form.data.items() if name != "csrf_token"} if form else {}
    plan = repr((selection.digest, sorted(ids), sorted(typed.items())))
    return hashlib.sha256(plan.encode()).hexdigest()[:32]


def _back(choice: Choice, message: str, level: str) -> Response:
    flash(message, level)
    query = choice.filters.query()
    return redirect(url_for("hosts.index_view") + (f"?{query}" if query else ""))
