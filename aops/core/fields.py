"""Form fields that keep what was typed, and that say so when a choice is gone."""

from __future__ import annotations

import re
from typing import Any

from flask_admin.contrib.sqla.fields import QuerySelectField, QuerySelectMultipleField
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, StringField, TextAreaField, ValidationError

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class ManyField(QuerySelectMultipleField):
    """Chooses several rows; refuses a choice that is not offered.

    Flask-Admin's field looks whether all choices were known before it has looked them
    up, and so drops an unknown one without a word.
    """

    def pre_validate(self, form: Any) -> None:
        """Look the choices up, then judge them."""
        chosen = self.data
        if self._invalid_formdata:
            raise ValidationError(_("Something chosen here is not offered; choose again."))
        self.data = chosen
        super().pre_validate(form)


class OneField(QuerySelectField):
    """Chooses one row or none; refuses a choice that is not offered.

    Flask-Admin's field takes an unknown one for none, and what was to be narrowed is not.
    """

    def pre_validate(self, form: Any) -> None:
        """Look the choice up, then judge it."""
        if self.data is None and self._formdata is not None:
            raise ValidationError(_("What was chosen here is not offered; choose again."))
        super().pre_validate(form)


class LineField(StringField):  # type: ignore[misc]
    """One line; what HTML cannot carry is shown as “�” when the form comes back."""

    def _value(self) -> str:
        return _shown(super()._value())


class TextField(TextAreaField):  # type: ignore[misc]
    """Several lines; what HTML cannot carry is shown as “�” when the form comes back."""

    def _value(self) -> str:
        return _shown(super()._value())


def visible_text(_form: Any, field: Field) -> None:
    """Validate text of several lines: nothing that a page cannot show."""
    if _INVISIBLE.search(field.data or ""):
        raise ValidationError(_l("There are invisible characters in it; please remove them."))


def _shown(text: Any) -> str:
    return _INVISIBLE.sub("�", str(text))
