"""What is typed about a credential; nothing that is stored in secret comes back."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from aops.core.columns import NAME_LENGTH
from aops.core.forms import ConsoleForm, VersionField, plain_name, stripped
from aops.credentials import rules, services
from aops.credentials.models import CredentialType

_REMOVE = "remove_"


class WriteOnly:
    """Takes a secret and never gives one: neither the stored nor the one just typed."""

    hint = ""
    stored = False
    data: Any

    @property
    def description(self) -> str:
        """Say what a blank field means; a page with typed data is one that was refused."""
        if self.data:
            return str(_("It is not sent back to the page: enter it once more."))
        if self.stored:
            return str(_("Set. Leave it blank to keep it."))
        return str(self.hint)

    @description.setter
    def description(self, hint: str) -> None:
        self.hint = hint

    def _value(self) -> str:
        return ""


class SecretField(WriteOnly, PasswordField):  # type: ignore[misc]
    """A password that is stored sealed."""


class SecretTextField(WriteOnly, TextAreaField):  # type: ignore[misc]
    """A private key that is stored sealed."""


def _secret(label: Any, hint: Any = "", kind: type[Field] = SecretField, **attributes: Any) -> Any:
    attributes = {"autocomplete": "new-password", "spellcheck": "false"} | attributes
    return kind(label, description=hint, render_kw=attributes)


class CredentialForm(ConsoleForm):
    """What all types have in common.

    Attributes:
        type: Of the credentials that this form makes.
        columns: The fields that are plain columns.
        secrets: The fields that are sealed.
    """

    type: ClassVar[CredentialType]
    columns: ClassVar[tuple[str, ...]] = ("name", "description")
    secrets: ClassVar[tuple[str, ...]] = ()

    version = VersionField()
    name = StringField(
        _l("Name"), [InputRequired(), plain_name], [stripped], render_kw={"maxlength": NAME_LENGTH}
    )
    description = StringField(_l("Description"), [Length(max=255)], [stripped])

    def __init__(self, formdata: Any = None, obj: Any = None, **options: Any) -> None:
        if obj is not None:  # WTForms itself would read every field, the sealed ones too
            plain = {name: getattr(obj, name) for name in (*self.columns, "version")}
            options = plain | options
        super().__init__(formdata, **options)
        stored = frozenset() if obj is None else services.stored_secrets(obj)
        for name in self.secrets:
            self[name].stored = name in stored
            if name not in stored and f"{_REMOVE}{name}" in self:
                del self[f"{_REMOVE}{name}"]

    def populate_obj(self, obj: Any) -> None:
        """Fill the plain columns; secrets and boxes are for the service."""
        for name in self.columns:
            self[name].populate_obj(obj, name)

    def typed(self) -> dict[str, str]:
        """Give the secrets that were typed."""
        return {name: self[name].data or "" for name in self.secrets}

    def removed(self) -> set[str]:
        """Give the names of the stored secrets that should go."""
        boxes = {name: self._fields.get(f"{_REMOVE}{name}") for name in self.secrets}
        return {name for name, box in boxes.items() if box is not None and box.data}

    def wants_new_key(self) -> bool:
        """Tell whether a key pair should be made."""
        return False


class MachineForm(CredentialForm):
    """What is needed to log in to hosts."""

    type = CredentialType.MACHINE
    columns = (*CredentialForm.columns, "username", "become_method", "become_user")
    secrets = rules.SECRET_FIELDS[CredentialType.MACHINE]

    username = StringField(
        _l("User"),
        [],
        [stripped],
        description=_l("Whom to log in as. Blank leaves it to the inventory."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"},
    )
    password = _secret(_l("Password"))
    remove_password = BooleanField(_l("Remove the stored password"))
    new_key = BooleanField(
        _l("Make a new SSH key"),
        description=_l(
            "An Ed25519 key. After saving, its public half is shown, to be installed on the hosts."
        ),
    )
    private_key = _secret(
        _l("SSH private key"),
        _l("In OpenSSH or PEM form. It is checked when you save, and never shown again."),
        SecretTextField,
        rows=6,
        autocomplete="off",
        autocapitalize="off",
        class_="mono",
    )
    remove_private_key = BooleanField(_l("Remove the stored key"))
    passphrase = _secret(_l("Passphrase of the key"), _l("Only if the key has one."))
    become_method = SelectField(
        _l("Become method"),
        choices=[
            SelectChoice("", _l("As the playbook or inventory says")),
            *(SelectChoice(name) for name in rules.BECOME_METHODS),
        ],
        description=_l("How tasks with “become” get other rights."),
    )
    become_user = StringField(
        _l("Become user"),
        [],
        [stripped],
        description=_l("Blank means root, unless the playbook says otherwise."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"},
    )
    become_password = _secret(_l("Become password"))
    remove_become_password = BooleanField(_l("Remove the stored become password"))

    def wants_new_key(self) -> bool:
        """Tell whether a key pair should be made."""
        return bool(self.new_key.data)


class VaultForm(CredentialForm):
    """What opens values that ansible-vault encrypted."""

    type = CredentialType.VAULT
    columns = (*CredentialForm.columns, "vault_id")
    secrets = rules.SECRET_FIELDS[CredentialType.VAULT]

    vault_id = StringField(
        _l("Vault ID"),
        [],
        [stripped],
        description=_l("The label after “--vault-id”. Blank means “default”."),
        render_kw={"maxlength": 64, "autocomplete": "off", "spellcheck": "false"},
    )
    vault_password = _secret(_l("Vault password"))

    def __init__(self, formdata: Any = None, obj: Any = None, **options: Any) -> None:
        super().__init__(formdata, obj=obj, **options)
        self.vault_password.flags.required = not self.vault_password.stored


class EnvironmentForm(CredentialForm):
    """What a cloud or a register asks a dynamic source for."""

    type = CredentialType.ENVIRONMENT
    secrets = rules.SECRET_FIELDS[CredentialType.ENVIRONMENT]

    environment = _secret(
        _l("Environment variables"),
        _l(
            "One “NAME=value” on each line, without quotes. They are sealed as a whole and never "
            "shown again; to change one, enter all of them."
        ),
        SecretTextField,
        rows=6,
        autocomplete="off",
        autocapitalize="off",
        class_="mono",
    )

    def __init__(self, formdata: Any = None, obj: Any = None, **options: Any) -> None:
        super().__init__(formdata, obj=obj, **options)
        self.environment.flags.required = not self.environment.stored


FORMS: dict[CredentialType, type[CredentialForm]] = {
    form.type: form for form in (MachineForm, VaultForm, EnvironmentForm)
}
