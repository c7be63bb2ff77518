"""Which files an inventory can become, and what they are called."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l


class ExportFormat(StrEnum):
    """A kind of file; the value is its extension."""

    YAML = "yml"
    INI = "ini"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


TABLES = frozenset({ExportFormat.CSV, ExportFormat.XLSX})
"""Formats that hold hosts, of several inventories if need be, and nothing of groups."""

MIMETYPES: dict[ExportFormat, str] = {
    ExportFormat.YAML: "application/yaml",
    ExportFormat.INI: "text/plain",
    ExportFormat.JSON: "application/json",
    ExportFormat.CSV: "text/csv",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

LABELS: dict[ExportFormat, Any] = {
    ExportFormat.YAML: _l("YAML: hosts, groups and variables, as runs see them"),
    ExportFormat.INI: _l("INI: the same, where INI can say it"),
    ExportFormat.JSON: _l("JSON: the same, as an inventory script would print it"),
    ExportFormat.CSV: _l("CSV: a row for each host, with its own variables, labels and notes"),
    ExportFormat.XLSX: _l("XLSX: the same for spreadsheet programs"),
}
