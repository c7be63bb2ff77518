"""Reads the cells of one row of a table; ``tables`` says what each column means."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask_babel import gettext as _

from aops.core.errors import AopsError
from aops.core.yaml_text import YamlError
from aops.inventory import host_labels, names
from aops.inventory.exports import cells

VARIABLES = {"address": "ansible_host", "port": "ansible_port", "user": "ansible_user"}
"""Columns with a name of their own for a variable."""

IGNORED = "inventory"
"""In tables of several inventories; an import goes into one."""

COLUMNS = frozenset({"name", "groups", "enabled", "description", "labels", IGNORED, *VARIABLES})
"""Columns that are no variable of the same name."""

PREFIX = "var:"
"""Before a variable that is called like one of these columns."""

LEFT_OUT = "-"
"""Stands for a column whose name was reported."""

_NEVER_DATES = COLUMNS - {"description", IGNORED}
_NOTHING = ('""', "''")
"""What is typed to take notes or labels away; an empty cell leaves them."""

_SURPRISING = re.compile(r"[-+]?0[0-9]+|[-+]?[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]+")
"""Leading zeros, which YAML takes for octal, and long numbers that a spreadsheet shortened."""

_YES = frozenset({"yes", "true", "1", "on", "y", "是"})
_NO = frozenset({"no", "false", "0", "off", "n", "否"})
_UNGROUPED = "ungrouped"
_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*|[0-9]+(?:\.[0-9]+){3}")
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_NO_TEXT = frozenset({"yes", "no", "on", "off", "true", "false", "null"})


class BadCell(Exception):  # noqa: N818 - reads as what it is
    """A cell does not fit; the message is a sentence."""


@dataclass
class HostCells:
    """What the cells of one row say of a host; None where they say nothing."""

    name: str = ""
    groups: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    enabled: bool | None = None
    description: str | None = None
    labels: tuple[str, ...] | None = None
    surprises: dict[str, str] = field(default_factory=dict)

    def take(self, column: str, cell: str, odd: str) -> None:
        """Take over what one cell says.

        Args:
            column: Its name; "" where there is none.
            cell: Its text.
            odd: What ``tables.Row`` knows of it.

        Raises:
            BadCell: If it cannot be read.
        """
        if column == LEFT_OUT:
            return
        _refuse_odd(column, odd)
        text = cell.strip()
        if not text:
            return
        if not column:
            raise BadCell(_("This cell stands in a column without a name or with a wrong one."))
        try:
            self._take(column, text, as_text=odd == "padded")
        except (AopsError, YamlError) as error:
            raise BadCell(str(error)) from None

    def _take(self, column: str, text: str, *, as_text: bool) -> None:
        match column:
            case "name":
                self.name = cells.unguarded(text)
                names.check_imported_host_name(self.name)
            case "groups":
                self.groups = _groups(cells.unguarded(text))
            case "enabled":
                self.enabled = _switch(text)
            case "description":
                self.description = "" if text in _NOTHING else cells.unguarded(text)
            case "labels":
                listed = "" if text in _NOTHING else cells.unguarded(text)
                self.labels = tuple(host_labels.parse(listed))
            case "inventory":
                return
            case _:
                name = VARIABLES.get(column, column.removeprefix(PREFIX))
                as_text = as_text or (column in ("address", "user") and text[0] not in "!\"'")
                self._set(name, column, cells.unguarded(text), as_text=as_text)

    def _set(self, name: str, column: str, text: str, *, as_text: bool) -> None:
        value = text if as_text else _value(text)
        if not as_text and _SURPRISING.fullmatch(text) and not isinstance(value, str):
            self.surprises[column] = _(
                "Column “%(column)s”: %(text)s was read as the number %(value)s. Where it shall be "
                "text, write it in quotes: '%(text)s'.",
                column=column,
                text=text,
                value=str(value),
            )
        if name.startswith("ansible_"):
            names.check_variables({name: value})
        self.variables[name] = value


def _refuse_odd(column: str, odd: str) -> None:
    if odd == "date" and column in _NEVER_DATES:
        raise BadCell(
            _(
                "The spreadsheet program made a date of this cell. Format the column as text, and "
                "type the cell again."
            )
        )
    sentences: dict[str, Callable[[], str]] = {
        "formula": lambda: _(
            "This cell is a formula whose value is not in the file. Save the file with a "
            "spreadsheet program, or put the value in its place."
        ),
        "error": lambda: _("This cell shows an error of the spreadsheet program."),
        "merged": lambda: _(
            "This row is part of a merged cell, which has a value in its first row only. Split "
            "the cell, and write the value into each row."
        ),
    }
    if odd in sentences:
        raise BadCell(sentences[odd]())


def _groups(text: str) -> list[str]:
    parted = "," in text or '"' in text
    found = cells.split(text) if parted else text.split()
    for name in found:
        names.check_imported_group_name(name)
    return [name for name in dict.fromkeys(found) if name != _UNGROUPED]


def _switch(text: str) -> bool:
    word = text.lower()
    if word not in _YES | _NO:
        raise BadCell(_("“%(text)s” is neither yes nor no.", text=text[:60]))
    return word in _YES


def _value(text: str) -> Any:
    if _NUMBER.fullmatch(text):
        return int(text)
    if _WORDS.fullmatch(text) and text.lower() not in _NO_TEXT:
        return text
    return _parsed(text)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    return cells.parsed(text)
