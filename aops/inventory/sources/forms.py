"""What is typed about a dynamic source; the service checks it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePath
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import BooleanField, IntegerField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from aops.core.database import session
from aops.core.fields import LineField, ManyField, TextField, visible_text
from aops.core.forms import VersionField, plain_name, stripped, unix_lines
from aops.credentials.models import Credential, CredentialType
from aops.inventory.forms import MemberForm, inventory_field
from aops.inventory.imports import services as imports
from aops.inventory.imports.models import InventoryImport
from aops.inventory.sources import labels
from aops.inventory.sources.models import SourceKind, Vanished

_EXAMPLE = "plugin: amazon.aws.aws_ec2\nregions:\n  - eu-central-1\n"
_MONTH = 43_200


def _choices(words: dict[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(value.value, label) for value, label in words.items()]


def _number(label: Any, default: int, low: int, high: int, help_text: Any) -> IntegerField:
    return IntegerField(
        label,
        [
            InputRequired(_l("Write a number.")),
            NumberRange(low, high, message=_l("Write a number from %(min)s to %(max)s.")),
        ],
        default=default,
        description=help_text,
    )


def _one_of(kind: type[StrEnum], label: Any, words: dict[Any, Any]) -> RadioField:
    first = next(iter(words))
    return RadioField(label, coerce=kind, choices=_choices(words), default=first)


def _credentials() -> Any:
    query = select(Credential).where(Credential.type == CredentialType.ENVIRONMENT)
    return session().scalars(query.order_by(Credential.name)).all()


class SourceForm(MemberForm):
    """A source of one inventory, which it never leaves."""

    version = VersionField()
    inventory = inventory_field()
    name = LineField(_l("Name"), [InputRequired(_l("A name is needed.")), plain_name], [stripped])
    enabled = BooleanField(
        _l("Enabled"),
        default=True,
        description=_l("A disabled source is never refreshed; its hosts stay as they are."),
    )
    kind = _one_of(SourceKind, _l("Kind"), labels.KINDS)
    content = TextField(
        _l("Text"),
        [InputRequired(_l("Write or paste the text.")), visible_text],
        [unix_lines],
        description=_l(
            "The plugin's YAML, or the script, beginning with “#!”. It must give hosts by itself: "
            "it does not see those of the inventory. Everybody who may see the inventory can "
            "read it: put secrets into an environment credential."
        ),
        render_kw={"rows": 16, "data-language": "text", "placeholder": _EXAMPLE},
    )
    file_name = LineField(
        _l("File name"),
        [Length(max=100)],
        [stripped],
        description=_l(
            "Some plugins insist on how it ends, such as aws_ec2.yml. Blank is fine for others."
        ),
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"},
    )
    credentials = ManyField(
        _l("Credentials"),
        query_factory=_credentials,
        description=_l("Environment credentials; the text finds their variables when it runs."),
    )
    timeout = _number(
        _l("Time limit in seconds"),
        60,
        5,
        1_800,
        _l("A refresh that takes longer is ended, and changes nothing."),
    )
    vanished = _one_of(
        Vanished, _l("When the source does not list a host any more"), labels.POLICIES
    )
    interval_minutes = _number(
        _l("Minutes between refreshes"), 0, 0, _MONTH, _l("0 means never by itself.")
    )
    refresh_on_launch = BooleanField(
        _l("Refresh before each launch"),
        description=_l(
            "A job first waits for the refresh; its limit then chooses among the new hosts."
        ),
    )
    cache_seconds = _number(
        _l("Unless it is younger than … seconds"),
        300,
        0,
        _MONTH * 60,
        _l("A launch takes the hosts as they are when the last refresh is younger."),
    )
    required_on_launch = BooleanField(
        _l("Run nothing if that refresh fails"),
        default=True,
        description=_l("Otherwise the job runs on the hosts as they are."),
    )
    may_reserve = BooleanField(
        _l("May set reserved variables"),
        description=_l(
            "Variables such as ansible_connection decide what runs on the control node. Without "
            "this, an answer that sets one is refused."
        ),
    )

    def __init__(self, formdata: Any = None, obj: Any = None, **options: Any) -> None:
        super().__init__(formdata, obj=obj, **options)
        self.settle(getattr(obj, "inventory", None))

    def take(self, one: InventoryImport) -> None:
        """Fill in what somebody tried to import although it is a source."""
        kind = imports.source_in(one)
        if kind is None:
            return
        self.kind.data = kind
        self.content.data = imports.content_of(one).decode("utf-8-sig", "replace")
        self.file_name.data = one.source_name
        self.name.data = PurePath(one.source_name).stem
