"""The pages of credentials: what they are called and used for, never what they hold."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_admin import Admin, expose
from flask_admin.contrib.sqla.filters import FilterEqual
from flask_admin.helpers import get_form_data
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from aops.core import references
from aops.core.permissions import Permission
from aops.core.views import ConsoleModelView
from aops.credentials import services
from aops.credentials.forms import FORMS, CredentialForm
from aops.credentials.models import Credential, CredentialType

TYPE_LABELS: dict[CredentialType, Any] = {
    CredentialType.MACHINE: _l("Machine"),
    CredentialType.VAULT: _l("Vault"),
    CredentialType.ENVIRONMENT: _l("Environment"),
}
_SHORT_FINGERPRINT = len("SHA256:") + 12


def type_column(_view: Any, _context: Any, credential: Credential, _name: str) -> str:
    """Show the type as a word."""
    return str(TYPE_LABELS[credential.type])


def fingerprint_column(_view: Any, _context: Any, credential: Credential, _name: str) -> str:
    """Show enough of a fingerprint to tell two keys apart."""
    return f"{credential.fingerprint[:_SHORT_FINGERPRINT]}…" if credential.fingerprint else ""


class CredentialView(ConsoleModelView):
    """Lists, makes and edits credentials."""

    read_permission = Permission.CREDENTIALS_READ
    takes_secrets = True
    write_permission = Permission.CREDENTIALS_WRITE

    title_singular = _l("credential")
    title_plural = _l("Credentials")
    add_label = _l("Add credential")
    empty_hint = _l(
        "A credential lets a run log in to hosts or open vaulted values, or a dynamic source ask "
        "a cloud for hosts."
    )
    icon = "credentials"

    create_template = "credentials/create.html"
    details_template = "credentials/details.html"

    column_list = ("name", "type", "username", "fingerprint", "last_used_at")
    column_searchable_list = ("name", "username")
    column_filters = (
        FilterEqual(
            Credential.type,
            _l("Type"),
            options=lambda: [(one.value, str(label)) for one, label in TYPE_LABELS.items()],
        ),
    )
    column_sortable_list = ("name", "type", "last_used_at")
    column_default_sort = "name"

    column_labels = {
        "name": _l("Name"),
        "type": _l("Type"),
        "username": _l("User"),
        "fingerprint": _l("Key"),
        "last_used_at": _l("Last used"),
    }
    column_formatters = {"type": type_column, "fingerprint": fingerprint_column}

    form = CredentialForm

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Response | str:
        """Ask for the type first, then for what this type needs."""
        if self.can_create and self._new_type() is None:
            return str(self.render("credentials/choose.html", types=TYPE_LABELS))
        answer: Response | str = super().create_view()
        return answer

    def create_form(self, obj: Any = None) -> CredentialForm:
        """Give the form of the chosen type."""
        chosen = self._new_type()
        assert chosen is not None  # noqa: S101 - create_view asked
        return FORMS[chosen](get_form_data(), obj=obj)

    def edit_form(self, obj: Any = None) -> CredentialForm:
        """Give the form of the stored type."""
        return FORMS[obj.type](get_form_data(), obj=obj)

    def prepare(self, form: CredentialForm, model: Credential, *, is_created: bool) -> None:
        """Hand what was typed to the service."""
        if is_created:
            model.type = form.type
        services.save(
            model, typed=form.typed(), removed=form.removed(), new_key=form.wants_new_key()
        )

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:  # noqa: ARG002, FBT001, FBT002 - Flask-Admin's signature
        """Go to the credential's page, where a new key's public half stands."""
        return str(self.get_url(".details_view", id=model.id))

    def details_of(self, credential: Credential) -> dict[str, Any]:
        """Give what the details page shows beside the columns."""
        return {
            "type": TYPE_LABELS[credential.type],
            "stored": services.stored_secrets(credential),
            "used_by": references.references_to(credential),
        }

    def _new_type(self) -> CredentialType | None:
        chosen = request.args.get("type", "")
        return CredentialType(chosen) if chosen in set(CredentialType) else None


def register(admin: Admin) -> None:
    """Add the feature's pages to the console."""
    admin.add_view(CredentialView(Credential, endpoint="credentials", url="/credentials"))
