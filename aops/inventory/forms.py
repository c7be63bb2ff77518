"""What is typed about inventories, hosts and groups; the services check it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request
from flask_admin.contrib.sqla.fields import QuerySelectField
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import BooleanField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from aops.core.columns import NAME_LENGTH
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.fields import LineField, ManyField, TextField, visible_text
from aops.core.forms import (
    ConsoleForm,
    VersionField,
    plain_name,
    stripped,
    unix_lines,
    yaml_mapping,
)
from aops.inventory import host_labels
from aops.inventory.models import Group, Inventory


class LabelsField(LineField):
    """Labels in one line, parted by commas."""

    def _value(self) -> str:
        if self.raw_data:
            return str(super()._value())
        return ", ".join(sorted(label.name for label in self.data or ()))

    def pre_validate(self, _form: Any) -> None:
        """Refuse what cannot be a label; the text stays as it was typed."""
        try:
            self._typed()
        except AopsError as error:
            raise ValidationError(str(error)) from error

    def populate_obj(self, obj: Any, _name: str) -> None:
        """Change only what differs."""
        host_labels.settle(obj, self._typed())

    def _typed(self) -> list[str]:
        """Give what was sent; the labels as they are when a form came without the field."""
        if self.data is None or isinstance(self.data, str):
            return host_labels.parse(self.data or "")
        return [label.name for label in self.data]


_SHORT = Length(max=255, message=_l("At most 255 characters are allowed."))
_LONG = Length(max=20_000, message=_l("At most 20,000 characters are allowed."))


def _inventories() -> Any:
    return session().scalars(select(Inventory).order_by(Inventory.name)).all()


def _name(label: Any, help_text: Any = "") -> LineField:
    return LineField(
        label,
        [InputRequired(_l("A name is needed.")), plain_name],
        [stripped],
        description=help_text,
        render_kw={"maxlength": NAME_LENGTH, "autocomplete": "off", "spellcheck": "false"},
    )


def _variables(help_text: Any, example: str) -> TextField:
    return TextField(
        _l("Variables"),
        [yaml_mapping],
        [unix_lines],
        description=help_text,
        render_kw={"rows": 10, "data-language": "yaml", "placeholder": example},
    )


def inventory_field() -> QuerySelectField:
    """Make the field that places something in an inventory."""
    return QuerySelectField(
        _l("Inventory"),
        [DataRequired(_l("Choose an inventory."))],
        query_factory=_inventories,
        allow_blank=True,
        blank_text=_l("Choose …"),
    )


class InventoryForm(ConsoleForm):
    """An inventory itself; its hosts and groups have forms of their own."""

    version = VersionField()
    name = _name(_l("Name"))
    description = LineField(_l("Description"), [_SHORT, visible_text], [stripped])
    variables = _variables(
        _l("For all hosts, in YAML: one “name: value” on each line."),
        "ansible_user: deploy\nntp_server: ntp.example.com",
    )
    accept_new_host_keys = BooleanField(
        _l("Accept new host keys"),
        description=_l(
            "A run then takes the SSH key of a host that it meets for the first time, and keeps "
            "it. Otherwise a person accepts the key on the host's page. A key that changed is "
            "refused either way."
        ),
    )


class MemberForm(ConsoleForm):
    """What hosts and groups share: a place in one inventory, which they never leave."""

    inventory: Any

    def settle(self, owner: Inventory | None) -> Inventory | None:
        """Fix the inventory of an existing row, or preset the one that the page came from.

        Returns:
            The inventory if it is certain; the choice of groups is then limited to it.
        """
        if owner is not None:
            del self.inventory
            return owner
        if self.inventory.data is None and not self.inventory.raw_data:
            self.inventory.data = _suggested()
        chosen: Inventory | None = self.inventory.data
        return chosen


class HostForm(MemberForm):
    """A host with the groups that it is in."""

    version = VersionField()
    inventory = inventory_field()
    name = _name(
        _l("Name"),
        _l("As Ansible calls it: a name such as web1.example.com, or an IP address."),
    )
    enabled = BooleanField(
        _l("Enabled"),
        default=True,
        description=_l("A disabled host stays here, and runs do not see it."),
    )
    groups = ManyField(_l("Groups"))
    labels = LabelsField(
        _l("Labels"),
        description=_l(
            "Such as prod, parted by commas. Lists and filters know them, Ansible does not."
        ),
        render_kw={"data-role": "select2-tags", "autocomplete": "off", "spellcheck": "false"},
    )
    description = TextField(
        _l("Description"), [_LONG, visible_text], [unix_lines], render_kw={"rows": 3}
    )
    variables = _variables(
        _l("In YAML. ansible_host and ansible_port say where the host is, when its name does not."),
        "ansible_host: 10.0.0.5\nansible_port: 2222\nrack: B7",
    )

    def __init__(self, formdata: Any = None, obj: Any = None, **options: Any) -> None:
        super().__init__(formdata, obj=obj, **options)
        self._offer(self.settle(getattr(obj, "inventory", None)))

    def _offer(self, inventory: Inventory | None) -> None:
        self.groups.query_factory, self.groups.get_label = groups_of(inventory)


class GroupForm(MemberForm):
    """A group with the groups below it; hosts join it on its page or on theirs."""

    version = VersionField()
    inventory = inventory_field()
    name = _name(_l("Name"), _l("Such as webservers. Playbooks and limits name it."))
    description = LineField(_l("Description"), [_SHORT, visible_text], [stripped])
    children = ManyField(
        _l("Child groups"), description=_l("Their hosts belong to this group as well.")
    )
    variables = _variables(
        _l("For all hosts of the group, in YAML. A child group or a host may overrule them."),
        "http_port: 8080\nregions: [eu, us]",
    )

    def __init__(self, formdata: Any = None, obj: Any = None, **options: Any) -> None:
        super().__init__(formdata, obj=obj, **options)
        inventory = self.settle(getattr(obj, "inventory", None))
        own_id = getattr(obj, "id", None)
        self.children.query_factory, self.children.get_label = groups_of(inventory, without=own_id)


def groups_of(
    inventory: Inventory | None, *, without: int | None = None
) -> tuple[Callable[[], Any], Callable[[Group], str]]:
    """Give the choice of groups and their labels; with the inventory's name unless it is known."""
    query = select(Group).options(joinedload(Group.inventory)).order_by(Group.name)
    if inventory is not None:
        query = query.where(Group.inventory_id == inventory.id)
    if without is not None:
        query = query.where(Group.id != without)
    return (
        lambda: session().scalars(query).all(),
        (lambda group: group.name)
        if inventory is not None
        else (lambda group: f"{group.name} ({group.inventory.name})"),
    )


def _suggested() -> Inventory | None:
    """Take the inventory from the URL, or the only one that there is."""
    wanted = request.args.get("inventory_id", type=int)
    known = _inventories()
    if wanted is not None:
        return next((inventory for inventory in known if inventory.id == wanted), None)
    return known[0] if len(known) == 1 else None
