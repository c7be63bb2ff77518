"""What the lists of inventories, hosts and groups have in common: filters, columns, numbers."""

from __future__ import annotations

from typing import Any

from flask import flash, g
from flask_babel import gettext as _
from sqlalchemy import select

from aops.core import yaml_text
from aops.core.database import session
from aops.core.permissions import Permission
from aops.core.views import ConsoleModelView, may
from aops.inventory import counts, reserved
from aops.inventory.models import Inventory


def inventory_choices() -> list[tuple[str, str]]:
    """Give the choices of the inventory filter."""
    query = select(Inventory.id, Inventory.name).order_by(Inventory.name)
    return [(str(key), name) for key, name in session().execute(query)]


def count_column(_view: Any, _context: Any, row: Any, name: str) -> str:
    """Show a number that the view counted for the whole page."""
    return str(g.counts[name].get(row.id, 0))


class InventoryPart(ConsoleModelView):
    """What the three kinds of pages share."""

    read_permission = Permission.INVENTORY_READ
    write_permission = Permission.INVENTORY_WRITE

    column_auto_select_related = False  # each get_query says what to read along

    def counted(self, ids: list[int]) -> dict[str, counts.Counts]:  # noqa: ARG002 - for those that count
        """Count what the columns of a page of rows show; nothing unless a view has such columns."""
        return {}

    def check(self, model: Any) -> None:
        """Call the feature's service on a row that is about to be saved."""
        raise NotImplementedError

    @property
    def may_reserve(self) -> bool:
        """Tell whether the reader may set variables that decide about the control node."""
        return may(Permission.INVENTORY_RESERVED)

    def get_list(self, *args: Any, **options: Any) -> Any:
        """Read a page of rows, and its numbers in one query each."""
        page: tuple[int | None, list[Any]] = super().get_list(*args, **options)
        g.counts = self.counted([row.id for row in page[1]])
        return page

    def prepare(self, _form: Any, model: Any, *, is_created: bool) -> None:  # noqa: ARG002
        """Let the service have its say."""
        self.check(model)

    def create_model(self, form: Any) -> Any:
        """Save a new row, and say which secrets stand in it for all to read."""
        model = super().create_model(form)
        return model and _warned(model)

    def update_model(self, form: Any, model: Any) -> bool:
        """Save a changed row, and say which secrets stand in it for all to read."""
        return super().update_model(form, model) and bool(_warned(model))

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:  # noqa: ARG002, FBT001, FBT002
        """Go to the page of what was saved."""
        return str(self.get_url(".details_view", id=model.id))


def _warned(model: Any) -> Any:
    """Accept a plain password, since an import may have brought it, but not in silence."""
    found = reserved.plain_secrets(yaml_text.parse_mapping(model.variables or ""))
    if found:
        flash(
            _(
                "%(names)s: everyone who may see this page can read it here. Put it into a "
                "credential instead, or encrypt it with ansible-vault.",
                names=", ".join(found),
            ),
            "warning",
        )
    return model
