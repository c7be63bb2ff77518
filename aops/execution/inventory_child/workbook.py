"""Reads the visible sheet of an XLSX workbook as rows of text."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import IO, Any

from .problems import Note, Refused

_LAST_ROW = 1 << 20
"""Of any sheet; a file that names a later one would be counted up to it for minutes."""

MAX_COLUMNS = 500
LONGEST_CELL = 32_767
"""Characters; no spreadsheet program writes more into a cell."""

_LONGEST_PACKED = 40 * LONGEST_CELL
"""Bytes from one cell to the next: its characters as XML writes them, and their fonts."""

_CHUNK = 1 << 16
_HOLDS_CELLS = re.compile(r"(?i)(sharedstrings|sheet)[^/]*\.xml$")
_CELL = re.compile(rb"<(?:\w+:)?(?:si|c|row)[\s/>]")
_LAST_CELL = re.compile(rb"</(?:\w+:)?sheetData>|<(?:\w+:)?sheetData/>")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ZEROS = re.compile(r"0{2,}")
"""A number format that shows zeros which the value does not have."""

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell[^>]*\bref="([A-Z0-9:]+)"')


def read(order: dict[str, Any], content: bytes) -> dict[str, Any]:
    """Give the rows that hold anything: their numbers, cells as text, and what is odd in them.

    Raises:
        Refused: If it is no workbook, or unpacks to too much.
    """
    _refuse_others(content, order["limits"])
    import openpyxl  # noqa: PLC0415 - only workbooks pay for it

    notes: list[Note] = []
    try:
        _refuse_long_cells(content)
        values = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        sheet = _chosen(values, notes)
        rows = _rows(sheet, formulas[sheet.title], order["limits"]["rows"])
        _mark_merged(rows, _merged(content, sheet))
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a broken file leads to
        raise Refused("broken_workbook", detail=type(error).__name__) from None
    return {"rows": rows, "notes": notes}


def _refuse_others(content: bytes, limits: dict[str, Any]) -> None:
    if content.startswith(_OLD_OFFICE):
        raise Refused("encrypted_workbook" if _ENCRYPTED in content else "old_workbook")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            size = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Refused("broken_workbook", detail="zip") from None
    if size > limits["unpacked"]:
        raise Refused("unpacks_too_big", limit=limits["unpacked"] >> 20)
    if "xl/workbook.xml" not in names:
        raise Refused("no_workbook")


def _refuse_long_cells(content: bytes) -> None:
    """Look for the beginnings of cells only: parsing a cell of 200 MB takes half a minute."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if _HOLDS_CELLS.search(info.filename):
                with archive.open(info) as stream:
                    _refuse_long_cell(stream)


def _refuse_long_cell(stream: IO[bytes]) -> None:
    since, end = 0, b""
    while chunk := stream.read(_CHUNK):
        seen = end + chunk
        since = 0 if _CELL.search(seen) else since + len(chunk)
        if since > _LONGEST_PACKED:
            raise Refused("cell_too_long", limit=LONGEST_CELL)
        if _LAST_CELL.search(seen):
            return
        end = chunk[-16:]


def _chosen(book: Any, notes: list[Note]) -> Any:
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not sheets:
        raise Refused("no_sheet")
    if len(book.worksheets) > 1:
        notes.append(("other_sheets", {"sheet": sheets[0].title}))
    return sheets[0]


def _merged(content: bytes, sheet: Any) -> list[tuple[int, int, int, int]]:
    """Give first column, first row, last column and last row of each merged cell."""
    from openpyxl.worksheet.cell_range import CellRange  # noqa: PLC0415

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        data = archive.read(sheet._worksheet_path.lstrip("/"))  # noqa: SLF001 - nobody else knows it
    return [CellRange(found.decode()).bounds for found in _MERGED.findall(data)]


def _mark_merged(rows: list[list[Any]], merged: list[tuple[int, int, int, int]]) -> None:
    """Mark the cells that are empty only because the value stands in another one."""
    by_number = {number: (texts, odd) for number, texts, odd in rows}
    for left, top, right, bottom in merged:
        for number in range(top, min(bottom, top + len(rows)) + 1):
            texts, odd = by_number.get(number, ([], {}))
            for place in range(left - 1, min(right, len(texts))):
                if (number, place) != (top, left - 1):
                    odd[place] = "merged"


def _rows(sheet: Any, formulas: Any, limit: int) -> list[list[Any]]:
    sheet.reset_dimensions()
    formulas.reset_dimensions()
    found: list[list[Any]] = []
    both = zip(sheet.iter_rows(), formulas.iter_rows(), strict=False)
    for number, (cells, sources) in enumerate(both, start=1):
        if number > _LAST_ROW:
            raise Refused("broken_workbook", detail=f"row > {_LAST_ROW}")
        if len(cells) > MAX_COLUMNS:
            raise Refused("too_many_columns", limit=MAX_COLUMNS)
        odd: dict[int, str] = {}
        texts = [
            _text(cell, source, place, odd)
            for place, (cell, source) in enumerate(zip(cells, sources, strict=False))
        ]
        if any(len(text) > LONGEST_CELL for text in texts):
            raise Refused("cell_too_long", limit=LONGEST_CELL)
        if any(texts) or odd:
            found.append([number, texts, odd])
        if len(found) > limit:
            raise Refused("too_many_rows", limit=limit)
    return found


def _text(cell: Any, source: Any, place: int, odd: dict[int, str]) -> str:
    value = cell.value
    if getattr(source, "data_type", "") == "f":
        odd[place] = "formula" if value is None else "formula_value"
    if getattr(cell, "data_type", "") == "e":
        odd[place] = "error"
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and _ZEROS.fullmatch(str(cell.number_format)):
        odd.setdefault(place, "padded")
        return str(round(value)).zfill(len(cell.number_format))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.date | dt.time):
        odd.setdefault(place, "date")
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return str(value.date()) if midnight else value.isoformat(" ")
    return str(value)
