"""Writes XLSX whose cells are all text; openpyxl alone takes four seconds for 10,000 hosts.

openpyxl makes the file with its heading, its styles and its notes. The rows are then put in
as ready XML, each cell as a string of its own, which no program takes for a formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from flask_babel import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from aops.core.errors import AopsError

_SHEET = "xl/worksheets/sheet1.xml"
_END = "</sheetData>"
_DIMENSION = re.compile(r'<dimension ref="[^"]*"')
_LONGEST = 32_767
"""Characters of a cell; programs cut off what is longer."""

_IMPOSSIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold."""


def content(lines: Iterable[Sequence[str]], notes: Sequence[str] = ()) -> bytes:
    """Give a workbook.

    Args:
        lines: The first one is the heading.
        notes: Sentences for a second sheet.

    Raises:
        AopsError: If a cell cannot stand in a workbook.
    """
    heading, *rows = lines
    empty = _frame(heading, notes)
    body = "".join([_row(line) for line in rows])
    size = f'<dimension ref="A1:{get_column_letter(len(heading))}{len(rows) + 1}"'
    filled = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(empty)) as source,
        zipfile.ZipFile(filled, "w", zipfile.ZIP_DEFLATED, compresslevel=2) as target,
    ):
        for entry in source.infolist():
            part = source.read(entry)
            if entry.filename == _SHEET:
                before, end, after = part.decode().rpartition(_END)
                part = (_DIMENSION.sub(size, before) + body + end + after).encode()
            target.writestr(entry.filename, part)
    return filled.getvalue()


def _frame(heading: Sequence[str], notes: Sequence[str]) -> bytes:
    book = Workbook()
    sheet: Any = book.active
    sheet.title = _("Hosts")
    sheet.append(heading)
    sheet.freeze_panes = "B2"
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = 20
    if notes:
        beside = book.create_sheet(_("Notes"))
        beside.column_dimensions["A"].width = 100
        for note in notes:
            beside.append([note])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _row(line: Sequence[str]) -> str:
    if any(len(text) > _LONGEST or _IMPOSSIBLE.search(text) for text in line):
        raise AopsError(
            _(
                "XLSX cannot hold all of “%(name)s”: a cell would have more than %(n)d "
                "characters, or invisible ones. Take CSV.",
                name=line[0][:100],
                n=_LONGEST,
            )
        )
    return f"<row>{''.join(map(_cell, line))}</row>"


def _cell(text: str) -> str:
    if not text:
        return "<c/>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
