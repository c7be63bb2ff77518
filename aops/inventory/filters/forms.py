"""What is typed about a saved filter."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms.validators import InputRequired, Length

from aops.core.database import session
from aops.core.fields import LineField, OneField, TextField, visible_text
from aops.core.forms import ConsoleForm, VersionField, plain_name, stripped, unix_lines
from aops.inventory.models import Inventory


def _inventories() -> Any:
    return session().scalars(select(Inventory).order_by(Inventory.name)).all()


class FilterForm(ConsoleForm):
    """A filter with its name."""

    version = VersionField()
    name = LineField(
        _l("Name"),
        [InputRequired(_l("A name is needed.")), plain_name],
        [stripped],
        render_kw={"autocomplete": "off"},
    )
    description = LineField(
        _l("Description"),
        [Length(max=255, message=_l("At most 255 characters are allowed.")), visible_text],
        [stripped],
    )
    inventory = OneField(
        _l("Inventory"),
        query_factory=_inventories,
        allow_blank=True,
        blank_text=_l("Whichever it is used with"),
    )
    query = TextField(
        _l("Filter"),
        [InputRequired(_l("Write a condition, such as enabled = yes.")), visible_text],
        [unix_lines, stripped],
        render_kw={
            "rows": 3,
            "class": "mono",
            "spellcheck": "false",
            "autocapitalize": "off",
            "autocomplete": "off",
            "placeholder": "distribution = Debian and memory < 2 GiB",
        },
    )
