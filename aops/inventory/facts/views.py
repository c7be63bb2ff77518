"""The pages of a host's facts: all of them, what changed, and two dates compared."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

from flask import request
from flask_admin import Admin, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from aops.core import clock
from aops.core.permissions import Permission
from aops.core.views import ConsoleView, row_or_404
from aops.inventory.facts import services, shown
from aops.inventory.facts.overview import overview
from aops.inventory.models import Host

_SEARCH_LENGTH = 200


class FactsView(ConsoleView):
    """What one host reported about itself, now and earlier."""

    read_permission = Permission.INVENTORY_READ

    @expose("/")
    def index(self, host_id: int) -> str:
        """Show all facts, or those that a search finds."""
        host = row_or_404(Host, host_id)
        facts = services.facts_of(host.id)
        search = request.args.get("search", "").strip()[:_SEARCH_LENGTH]
        data = facts.data if facts else {}
        found = list(islice(shown.rows_of(data, search), shown.MOST_ROWS + 1))
        return self._page(
            "facts",
            host,
            search=search,
            tree=[] if search else shown.tree_of(data),
            rows=found[: shown.MOST_ROWS],
            more=len(found) > shown.MOST_ROWS,
        )

    @expose("/history/")
    def history(self, host_id: int) -> str:
        """Show what changed, newest first."""
        host = row_or_404(Host, host_id)
        page = services.history_of(host.id, before=request.args.get("before", type=int))
        return self._page("fact_history", host, page=page, change_rows=shown.change_rows)

    @expose("/compare/")
    def compare(self, host_id: int) -> str:
        """Show what differs between the beginning of one day and the end of another."""
        host = row_or_404(Host, host_id)
        first = services.first_known_at(host.id)
        today = clock.now().date()
        problem = ""
        try:
            since = _day("since", first.date() if first else today)
            until = _day("until", today)
        except ValueError:
            since, until, problem = today, today, _("Write dates like 2026-01-31.")
        if since > until:
            problem = _("The first date must not be after the second.")
        rows = [] if problem or first is None else _differences(host, first, since, until)
        return self._page(
            "fact_compare",
            host,
            first=first,
            since=since,
            until=until,
            problem=problem,
            rows=rows[: shown.MOST_ROWS],
            more=len(rows) > shown.MOST_ROWS,
        )

    def _page(self, name: str, host: Host, **values: Any) -> str:
        page: str = self.render(f"inventory/{name}.html", host=host, facts=overview(host), **values)
        return page


def _differences(host: Host, first: datetime, since: date, until: date) -> list[shown.ChangeRow]:
    """Compare two days; before the first report, the first report counts."""
    old = max(first, datetime.combine(since, time.min, UTC))
    new = max(first, datetime.combine(until, time.max, UTC))
    return shown.change_rows(services.diff(host.id, old, new) or {})


def _day(name: str, default: date) -> date:
    """Read a date from the URL.

    Raises:
        ValueError: If it is none.
    """
    text = request.args.get(name, "").strip()
    return date.fromisoformat(text) if text else default


def register(admin: Admin) -> None:
    """Add the pages to the console, and ``facts_overview`` to the templates."""
    assert admin.app is not None  # noqa: S101 - create_app gave it
    admin.app.jinja_env.globals["facts_overview"] = overview
    admin.add_view(FactsView(name=_l("Facts"), endpoint="facts", url="/hosts/<int:host_id>/facts"))
