"""What is typed when a playbook is saved."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from aops.core.columns import NAME_LENGTH
from aops.core.forms import ConsoleForm, VersionField, plain_name, stripped, unix_lines
from aops.playbooks import services


class PlaybookForm(ConsoleForm):
    """A playbook's name, and the text of its next revision."""

    version = VersionField()
    name = StringField(
        _l("Name"), [InputRequired(), plain_name], [stripped], render_kw={"maxlength": NAME_LENGTH}
    )
    description = StringField(_l("Description"), [Length(max=255)], [stripped])
    content = TextAreaField(
        _l("Playbook"),
        [InputRequired()],
        [unix_lines],
        description=_l("YAML. It is checked when you save; each save is a revision."),
        render_kw={"data-language": "yaml", "class": "code-tall", "rows": 24, "wrap": "off"},
    )
    message = StringField(
        _l("Message"),
        [Length(max=255)],
        [stripped],
        description=_l("What this change is for; it stands in the list of revisions."),
    )

    def __init__(self, formdata: Any = None, obj: Any = None, **options: Any) -> None:
        newest = None if obj is None else services.newest_revision(obj)
        options.setdefault("content", "" if newest is None else newest.content)
        super().__init__(formdata, obj=obj, **options)

    def populate_obj(self, obj: Any) -> None:
        """Fill the plain columns; the text becomes a revision by the service."""
        for name in ("name", "description"):
            self[name].populate_obj(obj, name)
