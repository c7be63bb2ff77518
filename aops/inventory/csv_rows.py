"""Finds the rows of a CSV file, however it was saved."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from flask_babel import gettext as _

from aops.core.errors import AopsError
from aops.inventory.tables import Row

MAX_ROWS = 50_001

_DELIMITERS = ",;\t"
_SAID = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')


def read(text: str) -> Iterator[Row]:
    """Give row by row; the delimiter is found in the first line.

    Raises:
        AopsError: At a row that cannot be told from the next, or where there are too many.
    """
    lines = text.splitlines(keepends=True)
    said = _SAID.fullmatch(lines[0]) if lines else None
    first = 1 if said else 0
    delimiter = said[1] if said else _delimiter(lines)
    number = first
    try:
        for number, cells in enumerate(
            csv.reader(lines[first:], delimiter=delimiter, strict=True), start=first + 1
        ):
            if number > MAX_ROWS:
                raise AopsError(
                    _("The table has more than %(n)d rows; import it in parts.", n=MAX_ROWS - 1)
                )
            yield Row(number, cells)
    except csv.Error as error:
        raise AopsError(
            _(
                "Row %(row)d cannot be read: %(problem)s. Perhaps a quotation mark is missing.",
                row=number + 1,
                problem=str(error),
            )
        ) from None


def _delimiter(lines: list[str]) -> str:
    header = next((line for line in lines if line.strip()), "")
    bare = _QUOTED.sub("", header)
    return max(_DELIMITERS, key=bare.count)
