"""What may be typed into a credential; pure, so that pages and programs share the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask_babel import gettext as _

from aops.core.errors import AopsError
from aops.credentials.models import Credential, CredentialType

DEFAULT_VAULT_ID = "default"
BECOME_METHODS = ("sudo", "su")

SECRET_FIELDS: Mapping[CredentialType, tuple[str, ...]] = {
    CredentialType.MACHINE: ("password", "private_key", "passphrase", "become_password"),
    CredentialType.VAULT: ("vault_password",),
    CredentialType.ENVIRONMENT: ("environment",),
}
"""Which secrets a credential of each type may hold."""

MAX_SECRET = 4_096
_LONG = ("private_key", "environment")
"""Secrets of several lines, which have checks of their own."""

_MAX_USER = 255
_VAULT_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_USER = re.compile(r"""(?!-)[^\s\x00-\x1f\x7f"'`$;|&<>(){}!*?#]+""")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check_secrets(typed: Mapping[str, str]) -> None:
    """Refuse passwords that no prompt could take.

    Raises:
        AopsError: At the field.
    """
    for name, text in typed.items():
        if name in _LONG:
            continue
        if len(text) > MAX_SECRET:
            raise AopsError(
                _("This is too long: at most %(n)d characters are allowed.", n=MAX_SECRET),
                field=name,
            )
        if _CONTROL.search(text):
            raise AopsError(_("This must be one line without control characters."), field=name)


def check_machine(credential: Credential) -> None:
    """Refuse user names that SSH or a shell could take for something else.

    Raises:
        AopsError: At the field.
    """
    for name in ("username", "become_user"):
        user = getattr(credential, name) or ""
        if user and (len(user) > _MAX_USER or not _USER.fullmatch(user)):
            raise AopsError(
                _(
                    "A user name does not begin with a dash, and has no spaces, quotes or "
                    "characters that a shell would interpret."
                ),
                field=name,
            )
    if credential.become_method and credential.become_method not in BECOME_METHODS:
        raise AopsError(_("Choose one of the listed methods."), field="become_method")


def check_vault(credential: Credential) -> None:
    """Refuse a vault ID that could be taken for an option or a path.

    Raises:
        AopsError: At the field.
    """
    if not _VAULT_ID.fullmatch(credential.vault_id):
        raise AopsError(
            _("A vault ID has 1 to 64 letters, digits, dots, dashes or underscores."),
            field="vault_id",
        )
