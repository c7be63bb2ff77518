"""Words for what imports store by value."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from aops.inventory.imports.models import ImportKind, ImportMode, ImportStatus

KINDS: dict[ImportKind, Any] = {
    ImportKind.ANSIBLE: _l("An inventory file: INI, YAML or JSON"),
    ImportKind.ARCHIVE: _l("An archive of an inventory folder: zip or tar"),
    ImportKind.TABLE: _l("A table of hosts: CSV or XLSX"),
}

MODES: dict[ImportMode, Any] = {
    ImportMode.MERGE: _l("Merge"),
    ImportMode.REPLACE: _l("Replace"),
}

MODE_CHOICES: dict[ImportMode, Any] = {
    ImportMode.MERGE: _l("stays (merge)"),
    ImportMode.REPLACE: _l("is removed (replace)"),
}

TABLE_SCOPE = _l(
    "A table (CSV or XLSX) is about hosts only: groups that exist, their variables and nesting, "
    "and the variables of the inventory itself stay as they are."
)

LEFT_OUT_IS_REMOVED = _l(
    "Correct the rows that do not fit first, or merge the table instead: hosts that are not "
    "listed are removed, and a row that is left out lists none."
)

STATUS: dict[ImportStatus, Any] = {
    ImportStatus.READING: _l("being read"),
    ImportStatus.READY: _l("waits for a decision"),
    ImportStatus.FAILED: _l("failed"),
    ImportStatus.APPLYING: _l("being written"),
    ImportStatus.DONE: _l("done"),
    ImportStatus.DISCARDED: _l("discarded"),
}
