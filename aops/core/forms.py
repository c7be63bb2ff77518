"""The form that every page uses, and the checks that more than one of them needs."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from flask import render_template
from flask_admin.form import BaseForm, rules
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import Field, HiddenField, ValidationError

from aops.core import yaml_text
from aops.core.columns import NAME_LENGTH
from aops.core.errors import AopsError

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


class ConsoleForm(BaseForm):
    """A form that carries Flask-WTF's CSRF token.

    Flask-Admin's own SecureForm clashes with a global CSRFProtect and its token
    lives half an hour.
    """

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Flask-WTF's CSRF; the data as it was given."""

        def wrap_formdata(self, _form: Any, formdata: Any) -> Any:
            """Leave the data alone: Flask-Admin passes the request's itself."""
            return formdata

    def attach(self, error: AopsError) -> bool:
        """Show a service's refusal at its field.

        Returns:
            Whether there is such a field; else the page must say it elsewhere.
        """
        field = self._fields.get(error.field or "")
        if field is None:
            return False
        field.errors = [*field.errors, str(error)]
        return True


class VersionField(HiddenField):  # type: ignore[misc]
    """Carries the version that was read, so that nobody's changes are overwritten unseen."""

    def populate_obj(self, obj: Any, name: str) -> None:
        """Leave the row's version to the database."""


class UnseenRule(rules.BaseRule):
    """Tells Flask-Admin's rules that a field needs none: the form's macro draws hidden ones."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    @property
    def visible_fields(self) -> list[str]:
        """Name the field, so that nobody misses it."""
        return [self.name]

    def __call__(self, *_args: Any, **_kwargs: Any) -> str:
        """Draw nothing."""
        return ""


class PartRule(rules.BaseRule):
    """Draws a part of our own between the fields of a form.

    Args:
        template: Finds the form under the name ``form``.
    """

    def __init__(self, template: str) -> None:
        super().__init__()
        self._template = template

    def __call__(self, form: Any, *_args: Any, **_kwargs: Any) -> Markup:
        """Draw it."""
        return Markup(render_template(self._template, form=form))  # noqa: S704 - our own template


def stripped(value: Any) -> Any:
    """Filter: drop blanks around a text."""
    return value.strip() if isinstance(value, str) else value


def unix_lines(value: Any) -> Any:
    """Filter: browsers send CRLF; files and Ansible want LF."""
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def plain_name(_form: Any, field: Field) -> None:
    """Validate a name: one line, not too long, nothing invisible."""
    text = field.data or ""
    if len(text) > NAME_LENGTH:
        raise ValidationError(
            _l(
                "This name has %(n)d characters; at most %(max)d are allowed.",
                n=len(text),
                max=NAME_LENGTH,
            )
        )
    if _CONTROL.search(text) or any(unicodedata.category(char) in {"Cf", "Cs"} for char in text):
        raise ValidationError(_l("A name is one line without invisible characters."))


def yaml_mapping(_form: Any, field: Field) -> None:
    """Validate YAML variables: a mapping, with line and column when it is none."""
    try:
        yaml_text.parse_mapping(field.data or "")
    except yaml_text.YamlError as error:
        raise ValidationError(str(error)) from error
