"""The first page."""

from __future__ import annotations

from datetime import timedelta

from flask_admin import Admin, AdminIndexView, expose
from flask_babel import lazy_gettext as _l

from aops.core import clock
from aops.core.permissions import Permission
from aops.core.views import ConsoleView
from aops.jobs import history
from aops.jobs.models import JobStatus

_ROWS = 8
_TEMPLATES = 12
_TROUBLE = (JobStatus.FAILED, JobStatus.TIMED_OUT, JobStatus.LOST)


class HomeView(ConsoleView, AdminIndexView):
    """What runs now, what failed lately, and what can be launched."""

    read_permission = Permission.SIGNED_IN

    def __init__(self) -> None:
        super().__init__(name=_l("Home"), endpoint="dashboard", url="/")

    @expose("/")
    def index(self) -> str:
        """Show the page."""
        week_ago = clock.now() - timedelta(days=7)
        return self.render(
            "dashboard/index.html",
            open_jobs=history.newest(JobStatus.RUNNING, JobStatus.PENDING, limit=_ROWS),
            failed_jobs=history.newest(*_TROUBLE, limit=_ROWS, since=week_ago),
            templates=history.favourite_templates(_TEMPLATES),
        )


def register(_admin: Admin) -> None:
    """Nothing more: the home page is Flask-Admin's index view."""
