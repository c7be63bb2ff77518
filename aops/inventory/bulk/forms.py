"""What some bulk actions ask for beside the hosts."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import ValidationError
from wtforms.validators import InputRequired

from aops.core import yaml_text
from aops.core.columns import NAME_LENGTH
from aops.core.errors import AopsError
from aops.core.fields import LineField, TextField
from aops.core.forms import ConsoleForm, plain_name, stripped, unix_lines
from aops.inventory import host_labels, names


def _line(label: Any, *checks: Any, listed: str = "", help_text: Any = "") -> LineField:
    return LineField(
        label,
        [InputRequired(_l("Please fill this in.")), plain_name, *checks],
        [stripped],
        description=help_text,
        render_kw={
            "maxlength": NAME_LENGTH,
            "autocomplete": "off",
            "spellcheck": "false",
            **({"list": listed} if listed else {}),
        },
    )


def _is_label(_form: Any, field: LineField) -> None:
    _checked(lambda: host_labels.check(field.data))


def _is_variable(_form: Any, field: LineField) -> None:
    _checked(lambda: names.check_variables({field.data: None}))


def _is_yaml(_form: Any, field: TextField) -> None:
    try:
        yaml_text.parse(field.data or "")
    except yaml_text.YamlError as error:
        raise ValidationError(str(error)) from error


def _checked(check: Any) -> None:
    try:
        check()
    except AopsError as error:
        raise ValidationError(str(error)) from error


class LabelForm(ConsoleForm):
    """Which label."""

    label = _line(_l("Label"), _is_label, listed="known-labels")


class GroupForm(ConsoleForm):
    """Which group, by its name: the hosts may stand in several inventories."""

    group = _line(_l("Group"), listed="known-groups")


class VariableNameForm(ConsoleForm):
    """Which variable."""

    name = _line(_l("Variable"), _is_variable)


class VariableForm(VariableNameForm):
    """Which variable, and what it becomes."""

    value = TextField(
        _l("Value"),
        [_is_yaml],
        [unix_lines],
        description=_l("In YAML: text, a number, true or false, a list, a mapping."),
        render_kw={"rows": 3, "data-language": "yaml", "placeholder": "ntp.example.com"},
    )
