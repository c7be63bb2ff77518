"""Pages of this feature: the log, which nobody can edit here."""

from __future__ import annotations

from flask import request
from flask_admin import Admin, expose
from flask_babel import lazy_gettext as _l

from aops.audit import log, words
from aops.core.permissions import Permission
from aops.core.views import ConsoleView


class AuditView(ConsoleView):
    """Who did what, newest first."""

    read_permission = Permission.AUDIT_READ

    @expose("/")
    def index(self) -> str:
        """Show one page of the log."""
        filters = log.Filters.read(request.args)
        page: str = self.render(
            "audit/index.html",
            filters=filters,
            page=log.page(filters),
            words=words,
            changes_of=log.changes_of,
        )
        return page


def register(admin: Admin) -> None:
    """Add the feature's pages to the console."""
    assert admin.app is not None  # noqa: S101 - create_app gave it
    admin.app.jinja_env.filters["field_word"] = words.field_word
    admin.add_view(AuditView(name=_l("Audit log"), endpoint="audit", url="/audit"))
