"""The answer to a pattern that somebody is typing, for pages and for programs."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask_admin import expose
from werkzeug.wrappers import Response

from aops.core.permissions import Permission
from aops.core.views import find_row, may, requires, row_or_404
from aops.inventory import preview
from aops.inventory.filters import services
from aops.inventory.filters.models import HostFilter
from aops.inventory.models import Inventory
from aops.inventory.preview import Preview


class PreviewPages:
    """Beside an inventory's other pages."""

    render: Any

    @expose("/<int:inventory_id>/matching-hosts")
    @requires(Permission.INVENTORY_READ)
    def matching_hosts(self, inventory_id: int) -> Response | str:
        """Name the hosts that ``pattern`` selects.

        With ``disabled=1`` of all hosts, else of the enabled ones; with ``filter`` only those
        that a saved filter finds. With ``all=1`` an empty pattern means every host.
        """
        row_or_404(Inventory, inventory_id)
        found = preview.of_pattern(
            inventory_id,
            request.args.get("pattern", "") or ("all" if "all" in request.args else ""),
            disabled=request.args.get("disabled") == "1",
            allow_regex=may(Permission.JOBS_TEMPLATED_VARS),
            within=_within(inventory_id, request.args.get("filter", type=int)),
        )
        return answer(self, found)


def _within(inventory_id: int, filter_id: int | None) -> preview.Narrow | None:
    saved = find_row(HostFilter, filter_id)
    return None if saved is None else lambda: services.matching_names(saved, inventory_id)


def answer(
    view: Any, found: Preview, template: str = "inventory/_preview.html", **more: Any
) -> Response | str:
    """Give a preview as a part of a page, or as JSON to those who ask for it.

    Args:
        view: Draws it.
        found: What to tell.
        template: The part of the page.
        more: What the template needs besides.
    """
    kinds = request.accept_mimetypes
    if kinds.best_match(["text/html", "application/json"]) == "application/json":
        return jsonify(found.as_json())
    return str(view.render(template, preview=found, **more))
