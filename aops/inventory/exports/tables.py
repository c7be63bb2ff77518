"""Writes hosts as CSV or XLSX: one row each, one column for each variable that any has."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask_babel import gettext as _

from aops.core.errors import AopsError
from aops.core.yaml_text import UnsafeText, VaultText
from aops.inventory.exports import cells, workbook
from aops.inventory.exports.formats import ExportFormat
from aops.inventory.exports.loading import HostRow
from aops.inventory.exports.problems import Unwritable
from aops.inventory.names import is_variable_name

MAX_VARIABLES = 500
"""Columns beside the fixed ones; a table with more is no help to anybody."""

INVENTORY = "inventory"
VARIABLES = {"address": "ansible_host", "port": "ansible_port", "user": "ansible_user"}
COLUMNS = ("name", *VARIABLES, "groups", "enabled", "description", "labels")

_TYPES: dict[type, str] = {
    int: "!!int ",
    float: "!!float ",
    bool: "!!bool ",
    type(None): "!!null ",
    list: "!!seq ",
    dict: "!!map ",
    set: "",
    bytes: "",
}
Line = list[str]
"""The cells of one row."""


def csv_file(lines: Iterable[Line]) -> bytes:
    """Give CSV in UTF-8 with a mark at its beginning, without which Excel reads something else."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode("utf-8-sig")


def lines(hosts: Sequence[HostRow], *, with_inventory: bool) -> Iterator[Line]:
    """Give the cells of a table, its heading first.

    Args:
        hosts: The rows, in their order.
        with_inventory: Whether the first column says where each host is from.

    Raises:
        AopsError: If there are more variables than a table shows.
    """
    unwritable = Unwritable()
    known = [unwritable.read(host.name, host.variables) for host in hosts]
    unwritable.refuse(_("A table"))
    names = dict.fromkeys(name for variables in known for name in variables)
    others = [name for name in names if name not in VARIABLES.values()]
    if len(others) > MAX_VARIABLES:
        raise AopsError(
            _(
                "These hosts have %(n)d different variables, and a table shows at most %(max)d. "
                "Export fewer hosts, or take YAML or JSON.",
                n=len(others),
                max=MAX_VARIABLES,
            )
        )
    heading = [*COLUMNS, *map(_title, others)]
    yield [INVENTORY, *heading] if with_inventory else heading
    for host, variables in zip(hosts, known, strict=True):
        line = [*_fixed(host, variables), *(_written(variables, name) for name in others)]
        yield [cells.guarded(host.inventory), *line] if with_inventory else line


def template(format: ExportFormat) -> bytes:  # noqa: A002 - what it is
    """Give an empty table to fill in: its heading, an example, and in XLSX how it is read."""
    example = [
        *("web1.example.com", "10.0.0.1", "22", "deploy", "web, production", "yes"),
        *(_("An example; replace it."), "frontend, berlin", "8080"),
    ]
    table = [[*COLUMNS, "http_port"], example]
    if format is ExportFormat.CSV:
        return csv_file(table)
    return workbook.content(table, _notes())


def _notes() -> list[str]:
    return [
        _("Each row is a host. Only the column “name” is needed; leave out what you do not need."),
        _("address, port and user become ansible_host, ansible_port and ansible_user."),
        _("groups and labels: names with commas between them."),
        _("enabled: yes or no. Runs do not see a disabled host."),
        _("Every other column is a variable of that name."),
        _("Its cells are read as YAML: 8080 is a number, '8080' is text, [a, b] is a list."),
        _('An empty cell sets nothing; "" takes notes and labels away.'),
        _("An apostrophe before = + - or @ keeps a cell from being a formula; it is taken off."),
    ]


def _title(variable: str) -> str:
    odd = variable in (INVENTORY, *COLUMNS) or not is_variable_name(variable)
    title = f"var:{variable}" if odd else variable
    return cells.guarded(title)


def _fixed(host: HostRow, variables: dict[str, Any]) -> Line:
    return [
        cells.guarded(host.name),
        cells.guarded(_text(variables, "ansible_host")),
        _written(variables, "ansible_port"),
        cells.guarded(_text(variables, "ansible_user")),
        cells.guarded(cells.names(host.groups)),
        "yes" if host.enabled else "no",
        cells.guarded(host.description),
        cells.guarded(cells.names(host.labels)),
    ]


def _written(variables: dict[str, Any], name: str) -> str:
    return cells.guarded(cells.value(variables[name])) if name in variables else ""


def _text(variables: dict[str, Any], name: str) -> str:
    """Write a value into a column of text; what is none says so with a tag of YAML."""
    if name not in variables:
        return ""
    value = variables[name]
    if (
        type(value) is str
        and value == value.strip()
        and value.isprintable()
        and value[:1] not in ("", "!", '"', "'")
    ):
        return value
    text = cells.value(value)
    if text[0] in "!\"'" or isinstance(value, VaultText | UnsafeText):
        return text
    return _TYPES.get(type(value), "!!timestamp ") + text
