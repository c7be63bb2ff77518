"""Tells by name and content what was uploaded, so that nobody need say it."""

from __future__ import annotations

import csv
import re

from aops.inventory.imports.models import ImportKind

_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_TAR_MARK = slice(257, 262)
_SHEET = b"xl/"
_TABLES = re.compile(r"\.(csv|tsv|xlsx)\Z", re.IGNORECASE)
_ARCHIVES = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tar\.\w+)\Z", re.IGNORECASE)
_DELIMITERS = ",;\t"
_NAME_COLUMNS = frozenset({"name", "host", "hostname", "名称", "主机"})


def recognise(file_name: str, content: bytes) -> ImportKind:
    """Guess the kind of an upload; what looks like nothing else is an inventory file."""
    if _TABLES.search(file_name):
        return ImportKind.TABLE
    if content.startswith(_PACKED):
        is_sheet = content.startswith(b"PK") and _SHEET in content and b"workbook" in content
        return ImportKind.TABLE if is_sheet else ImportKind.ARCHIVE
    if _ARCHIVES.search(file_name) or content[_TAR_MARK] == b"ustar":
        return ImportKind.ARCHIVE
    return ImportKind.TABLE if _has_table_header(content) else ImportKind.ANSIBLE


def _has_table_header(content: bytes) -> bool:
    """Look for a first line of several columns, one of which names the hosts."""
    first = content[:4096].decode("utf-8-sig", "replace").lstrip().partition("\n")[0]
    for delimiter in _DELIMITERS:
        cells = next(csv.reader([first], delimiter=delimiter), [])
        if len(cells) > 1 and _NAME_COLUMNS & {cell.strip().lower() for cell in cells}:
            return True
    return False
