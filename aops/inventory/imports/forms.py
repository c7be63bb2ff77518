"""What is said about an upload: a file or text, what it is, and what happens to the rest."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from wtforms import FileField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice

from aops.core.database import session
from aops.core.fields import ManyField, TextField
from aops.core.forms import ConsoleForm, unix_lines
from aops.core.permissions import Permission
from aops.core.views import may
from aops.credentials.models import Credential, CredentialType
from aops.inventory.imports import recognising, services
from aops.inventory.imports.labels import KINDS, MODE_CHOICES, TABLE_SCOPE
from aops.inventory.imports.models import ImportKind, ImportMode, InventoryImport
from aops.inventory.reading import MAX_UPLOAD


def _vaults() -> Any:
    if not may(Permission.CREDENTIALS_READ):
        return []
    query = select(Credential).where(Credential.type == CredentialType.VAULT)
    return session().scalars(query.order_by(Credential.name)).all()


class ImportForm(ConsoleForm):
    """An upload; the services say whether it can be kept.

    Attributes:
        kept: An import that failed, whose file is taken again if no other is chosen.
    """

    file = FileField(
        _l("File"),
        description=_l(
            "INI, YAML or JSON as Ansible reads them; a zip or tar of a folder with group_vars "
            "and host_vars; or a table as CSV or XLSX with a row for each host. At most %(n)d MiB, "
            "or %(packed)d MiB of an archive.",
            n=MAX_UPLOAD >> 20,
            packed=services.MAX_PACKED >> 20,
        ),
        render_kw={"data-max-bytes": MAX_UPLOAD, "data-too-large": "file-too-large"},
    )
    text = TextField(
        _l("Or paste it here"),
        filters=[unix_lines],
        render_kw={"rows": 10, "spellcheck": "false", "autocomplete": "off", "class": "code"},
    )
    kind = SelectField(
        _l("What it is"),
        choices=[
            SelectChoice("", _l("Recognise it by name and content")),
            *(SelectChoice(kind.value, label) for kind, label in KINDS.items()),
        ],
    )
    mode = RadioField(
        _l("What the inventory has and the upload has not"),
        choices=[SelectChoice(mode.value, label) for mode, label in MODE_CHOICES.items()],
        default=ImportMode.MERGE.value,
        description=TABLE_SCOPE,
    )
    credentials = ManyField(
        _l("Vault credentials"),
        query_factory=_vaults,
        description=_l(
            "Only for files in group_vars and host_vars that ansible-vault encrypted as a whole. "
            "Every text in them is kept encrypted, each by itself, under the same password."
        ),
    )

    def __init__(
        self, formdata: Any = None, *, kept: InventoryImport | None = None, **options: Any
    ) -> None:
        super().__init__(formdata, **options)
        self.kept = kept

    def validate(self, *args: Any, **options: Any) -> bool:
        """Want a file or a text, not both; or the file that is kept."""
        valid = bool(super().validate(*args, **options))
        given = bool(self.uploaded) + bool((self.text.data or "").strip())
        if valid and given != 1 and (given or not self.kept):
            self.file.errors = [
                _("Choose a file or paste text, not both.")
                if self.uploaded
                else _("Choose a file, or paste text below.")
            ]
            return False
        return valid

    @property
    def uploaded(self) -> FileStorage | None:
        """Give the chosen file, if there is one."""
        data = self.file.data
        return data if isinstance(data, FileStorage) and data.filename else None

    def values(self) -> dict[str, Any]:
        """Give what ``services.upload`` takes."""
        if self.uploaded:
            with self.uploaded.stream as stream:
                content = stream.read(MAX_UPLOAD + 1)
            name = self.uploaded.filename or ""
        elif self.kept and not (self.text.data or "").strip():
            content, name = services.content_of(self.kept), self.kept.source_name
        else:
            content, name = (self.text.data or "").encode("utf-8", "surrogatepass"), ""
        chosen = self.kind.data
        return {
            "kind": ImportKind(chosen) if chosen else recognising.recognise(name, content),
            "mode": ImportMode(self.mode.data),
            "source_name": name,
            "content": content,
            "vaults": self.credentials.data,
        }
