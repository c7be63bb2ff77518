"""Reads CSV and XLSX: one row for each host, as other tools can save their inventories.

The contract. The first row that holds anything names the columns, in any order, and however
capitals are used:

* ``name`` (or ``host``, ``hostname``): the host's name in Ansible; the only column that must be
  there.
* ``address``, ``port``, ``user``: its ``ansible_host``, ``ansible_port``, ``ansible_user``.
* ``groups``: names parted by commas or, where there is no comma, by blanks; a name that holds
  one of these stands in double quotes.
* ``enabled``: yes or no, true or false, 1 or 0, on or off.
* ``description``: text. ``labels``: words parted by commas or blanks.
* Any other column is a variable of that name, and a cell is read as a value of YAML: ``8080`` is
  a number, ``yes`` is true, ``"8080"`` in quotes is text, ``[a, b]`` a list.

A variable that is called like one of these columns, or as templates cannot call it, such as
``my-name``, stands under ``var:name``. The column
``inventory`` is left out: an import goes into one.

An empty cell says nothing about its host; ``""`` is an empty text, and takes notes and labels
away. A ``'`` before ``= + - @`` is
taken away, as our own exports put it there. CSV may be parted by comma, semicolon or tab.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from flask_babel import gettext as _

from aops.core.errors import AopsError
from aops.inventory import names, table_cells, variables_text
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import HostDetails, Snapshot
from aops.inventory.table_cells import BadCell, HostCells

_ALIASES = {
    "host": "name",
    "hostname": "name",
    "名称": "name",
    "主机": "name",
    "地址": "address",
    "端口": "port",
    "用户": "user",
    "组": "groups",
    "启用": "enabled",
    "描述": "description",
    "标签": "labels",
}


_LIKE = {
    "comment": "description",
    "comments": "description",
    "group": "groups",
    "ip": "address",
    "label": "labels",
    "note": "description",
    "notes": "description",
    "tags": "labels",
}
"""Names that people give columns which are called otherwise here; variables may be called so."""


WHOLE_COLUMN = 0
"""Instead of the number of a row, where a column is left out of all of them."""


@dataclass(frozen=True)
class RowError:
    """Why a row or a column of a table does not fit.

    Attributes:
        row: Counts from 1, the header included; ``WHOLE_COLUMN`` where no row is at fault.
    """

    row: int
    column: str
    problem: str


@dataclass(frozen=True)
class Row:
    """One row as the file has it.

    Attributes:
        number: As a spreadsheet program shows it.
        odd: By column: ``formula`` without a value, ``formula_value``, ``error``, ``merged``,
            ``date``, or ``padded`` with zeros that only its format shows.
    """

    number: int
    cells: list[str]
    odd: dict[int, str] = field(default_factory=dict)


@dataclass
class Table:
    """What the rows of a file say.

    Attributes:
        errors: Of the rows that do not fit; these are not in the snapshot.
        noted: Columns of which something surprising was noted; once is enough.
    """

    snapshot: Snapshot = field(default_factory=Snapshot)
    notes: list[str] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    noted: set[str] = field(default_factory=set)


def read(rows: Iterable[Row], known_hosts: Collection[str] = frozenset()) -> Table:
    """Turn rows into hosts and groups, one by one; a row that does not fit is left out.

    Args:
        rows: As the file has them.
        known_hosts: Names that are taken as they are; new ones must be as a form takes them.

    Raises:
        AopsError: If the columns make no sense, so that no row can.
    """
    filled = (row for row in rows if row.odd or any(cell.strip() for cell in row.cells))
    header = next(filled, None)
    if header is None:
        raise AopsError(_("The table is empty."))
    table = Table()
    columns = _columns(header, table)
    hosts: dict[str, tuple[int, HostCells]] = {}
    for row in filled:
        host = _host(row, columns, table, known_hosts)
        if host is None:
            continue
        if host.name in hosts:
            first = hosts[host.name][0]
            problem = _("“%(name)s” stands in row %(row)d already.", name=host.name, row=first)
            table.errors.append(RowError(row.number, "name", problem))
        else:
            hosts[host.name] = row.number, host
    table.snapshot = _snapshot([host for _number, host in hosts.values()])
    table.notes.extend(_like_names(hosts))
    return table


def _columns(header: Row, table: Table) -> dict[int, str]:
    """Name the columns by place; those that cannot be are reported and left out."""
    columns: dict[int, str] = {}
    targets: dict[str, str] = {}
    for place, cell in enumerate(header.cells):
        title = cell.strip()
        if not title:
            continue
        known = _ALIASES.get(title.casefold(), title.casefold())
        name = known if known in table_cells.COLUMNS else title
        try:
            _check_column(name, targets)
        except AopsError as error:
            table.errors.append(RowError(WHOLE_COLUMN, title, str(error)))
            columns[place] = table_cells.LEFT_OUT
        else:
            columns[place] = name
            targets[_target(name)] = title
            if like := _LIKE.get(title.casefold()):
                _note(
                    table,
                    _(
                        "The column “%(title)s” became a variable of this name. If it was meant "
                        "as something else: the column for that is called “%(like)s”.",
                        title=title,
                        like=like,
                    ),
                )
            if name == table_cells.IGNORED:
                _note(table, _("The column “inventory” was left out: an import goes into one."))
    if "name" not in columns.values():
        titles = ", ".join(cell.strip() for cell in header.cells if cell.strip())
        raise AopsError(
            _(
                "No column is called “name”. The first row must name the columns; it says: "
                "%(titles)s.",
                titles=titles[:300],
            )
        )
    return columns


def _check_column(name: str, targets: Mapping[str, str]) -> None:
    if first := targets.get(_target(name)):
        raise AopsError(
            _(
                "The column “%(first)s” before it says the same. That one is read, and this one is "
                "left out; keep one of them.",
                first=first,
            )
        )
    if name not in table_cells.COLUMNS and not name.startswith(table_cells.PREFIX):
        names.check_variables({name: None})


def _target(name: str) -> str:
    """Give what a column sets: a variable, or something that is none."""
    known = name in table_cells.COLUMNS
    return table_cells.VARIABLES.get(
        name, f"column {name}" if known else name.removeprefix(table_cells.PREFIX)
    )


def _host(
    row: Row, columns: dict[int, str], table: Table, known_hosts: Collection[str]
) -> HostCells | None:
    """Read the cells of a row; None if one of them does not fit, with the reasons noted."""
    host = HostCells()
    before = len(table.errors)
    for place, cell in enumerate(row.cells):
        column = columns.get(place, "")
        try:
            host.take(column, cell, row.odd.get(place, ""))
            if column == "name" and host.name not in known_hosts:
                names.check_host_name(host.name)
        except (AopsError, BadCell) as error:
            table.errors.append(RowError(row.number, column, str(error)))
    if not host.name and len(table.errors) == before:
        table.errors.append(RowError(row.number, "name", _("A name is needed.")))
    if any(kind == "formula_value" for kind in row.odd.values()):
        _note(table, _("Formulas were read as the values that they had when the file was saved."))
    for column, sentence in host.surprises.items():
        if column not in table.noted:
            table.noted.add(column)
            table.notes.append(sentence)
    return host if len(table.errors) == before else None


def _note(table: Table, sentence: str) -> None:
    if sentence not in table.notes:
        table.notes.append(sentence)


def _snapshot(hosts: list[HostCells]) -> Snapshot:
    groups: dict[str, GroupRow] = {}
    details: dict[str, HostDetails] = {}
    for host in hosts:
        for group in host.groups:
            groups.setdefault(group, GroupRow()).hosts.append(host.name)
        said = HostDetails(host.enabled, host.description, host.labels)
        if said != HostDetails():
            details[host.name] = said
    variables = {host.name: variables_text.write_values(host.variables) for host in hosts}
    return Snapshot(InventoryRows(hosts=variables, groups=groups), details)


def _like_names(hosts: Iterable[str]) -> Iterable[str]:
    """Note the names that differ in capitals only: mostly one machine, typed twice."""
    first: dict[str, str] = {}
    for name in hosts:
        other = first.setdefault(name.casefold(), name)
        if other != name:
            yield _(
                "“%(one)s” and “%(other)s” differ only in capitals and are two hosts.",
                one=other,
                other=name,
            )
