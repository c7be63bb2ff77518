"""The first page."""

from __future__ import annotations

from flask_admin import Admin, AdminIndexView, expose
from flask_babel import lazy_gettext as _l

from aops.core.permissions import Permission
from aops.core.views import ConsoleView


class HomeView(ConsoleView, AdminIndexView):
    """What runs now, what failed lately, and what can be launched."""

    read_permission = Permission.SIGNED_IN

    def __init__(self) -> None:
        super().__init__(name=_l("Home"), endpoint="dashboard", url="/")

    @expose("/")
    def index(self) -> str:
        """Show the page."""
        return self.render("dashboard/index.html")


def register(_admin: Admin) -> None:
    """Nothing more: the home page is Flask-Admin's index view."""
