"""What people type about themselves and about each other."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, RadioField, StringField
from wtforms.validators import EqualTo, InputRequired

from aops.core.forms import ConsoleForm, VersionField, plain_name, stripped
from aops.core.permissions import Role
from aops.users.labels import ROLE_CHOICES

_CURRENT = {"autocomplete": "current-password"}
_NEW = {"autocomplete": "new-password"}


def printable(value: str | None) -> str:
    """Filter: drop what no username holds and no page can show again."""
    return "".join(char for char in value or "" if char.isprintable())


class SignInForm(ConsoleForm):
    """Who are you."""

    username = StringField(
        _l("Username"),
        [InputRequired(_l("Type your username."))],
        filters=[printable],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"), [InputRequired(_l("Type your password."))], render_kw=_CURRENT
    )


class PasswordForm(ConsoleForm):
    """A new password for oneself."""

    current_password = PasswordField(
        _l("Current password"),
        [InputRequired(_l("Type your current password."))],
        render_kw=_CURRENT,
    )
    password = PasswordField(
        _l("New password"),
        [InputRequired(_l("Type a new password."))],
        description=_l("At least 12 characters; four or five unrelated words are good."),
        render_kw=_NEW,
    )
    repeated = PasswordField(
        _l("New password again"),
        [
            InputRequired(_l("Type the new password again.")),
            EqualTo("password", _l("The two new passwords differ.")),
        ],
        render_kw=_NEW,
    )


class AccountForm(ConsoleForm):
    """What people may change about themselves."""

    display_name = StringField(
        _l("Display name"),
        [plain_name],
        filters=[stripped],
        description=_l("What others see instead of your username."),
    )


class NewUserForm(ConsoleForm):
    """A person who is to get an account."""

    username = StringField(
        _l("Username"),
        [InputRequired(_l("Type a username.")), plain_name],
        filters=[stripped],
        description=_l("Letters from a to z, digits, and . _ @ + - after the first."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    display_name = StringField(_l("Display name"), [plain_name], filters=[stripped])
    role = RadioField(
        _l("Role"), [InputRequired()], choices=ROLE_CHOICES, coerce=Role, default=Role.VIEWER
    )


class UserForm(ConsoleForm):
    """What administrators may change about a person; the username stays."""

    display_name = StringField(_l("Display name"), [plain_name], filters=[stripped])
    role = RadioField(_l("Role"), [InputRequired()], choices=ROLE_CHOICES, coerce=Role)
    active = BooleanField(
        _l("Active"),
        description=_l("Whoever is not active is signed out at once and cannot sign in."),
    )
    version = VersionField()
