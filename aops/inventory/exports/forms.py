"""What is asked before an export."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField
from wtforms.fields.choices import SelectChoice

from aops.core.forms import ConsoleForm
from aops.inventory.exports.formats import LABELS, ExportFormat


class ExportForm(ConsoleForm):
    """Which file it shall be."""

    format = RadioField(
        _l("Format"),
        choices=[SelectChoice(kind.value, label) for kind, label in LABELS.items()],
        default=ExportFormat.YAML.value,
    )
    with_disabled = BooleanField(
        _l("With disabled hosts"),
        description=_l(
            "YAML, INI and JSON cannot say that a host is disabled: whoever uses the file runs "
            "on them too. CSV and XLSX always hold them, with a column that says so."
        ),
    )
