"""A table that replaces an inventory speaks of hosts only."""

from __future__ import annotations

import pytest
from flask import Flask

from aops.inventory.changes import compare
from aops.inventory.exports import tables, workbook
from aops.inventory.exports.formats import ExportFormat
from aops.inventory.exports.loading import HostRow
from aops.inventory.imports.models import ImportKind, ImportMode
from aops.inventory.imports.table_scope import completed
from aops.inventory.reading import read_upload
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import HostDetails, Snapshot
from tests.inventory.read_apps import reading_app

__all__ = ["reading_app"]

SITE = Snapshot(
    InventoryRows(
        variables="where: here # a comment\n",
        hosts={"web1": "port: 80\n", "db 1": "", "lonely": "", "named": ""},
        groups={
            "web": GroupRow("a: 1 # why\n", hosts=["db 1", "web1"], children=["db"]),
            "db": GroupRow("b: 2\n", hosts=["db 1"], in_all=True),
            "empty": GroupRow("c: 3\n"),
            "ungrouped": GroupRow("d: 4\n", hosts=["named", "lonely"]),
        },
    ),
    {"web1": HostDetails(enabled=False, description="-1", labels=("prod",))},
)


@pytest.mark.parametrize("format_", [ExportFormat.CSV, ExportFormat.XLSX])
def test_an_unchanged_export_replaces_nothing(reading_app: Flask, format_: ExportFormat) -> None:
    write = tables.csv_file if format_ is ExportFormat.CSV else workbook.content
    content = write(tables.lines(exported(SITE), with_inventory=False))

    reading = read_upload(
        ImportKind.TABLE, content, f"hosts.{format_}", known_hosts=SITE.rows.hosts
    )

    assert reading.row_errors == []
    changes = compare(SITE, completed(reading.snapshot, SITE), ImportMode.REPLACE)
    assert changes.nothing
    assert changes.comments == {}
    assert changes.after.rows == SITE.rows


def test_hosts_that_a_table_has_not_are_removed_and_nothing_else() -> None:
    table = Snapshot(InventoryRows(hosts={"lonely": ""}))

    changes = compare(SITE, completed(table, SITE), ImportMode.REPLACE)

    assert [entry.name for entry in changes.hosts.removed] == ["web1", "db 1", "named"]
    assert (changes.groups.removed, changes.variables) == ((), ())
    after = changes.after.rows.groups
    assert after["web"] == GroupRow("a: 1 # why\n", children=["db"])
    assert after["ungrouped"] == GroupRow("d: 4\n", hosts=["lonely"])


def test_a_listed_host_gets_exactly_what_its_row_says() -> None:
    table = Snapshot(
        InventoryRows(
            hosts={**SITE.rows.hosts, "web1": "x: 1\n", "new": ""},
            groups={"db": GroupRow(hosts=["new", "db 1"]), "fresh": GroupRow(hosts=["web1"])},
        )
    )

    changes = compare(SITE, completed(table, SITE), ImportMode.REPLACE)

    after = changes.after.rows
    assert after.hosts["web1"] == "x: 1\n"
    assert after.groups["web"].hosts == []
    assert after.groups["db"] == GroupRow("b: 2\n", hosts=["db 1", "new"], in_all=True)
    assert [entry.name for entry in changes.groups.added] == ["fresh"]


def exported(snapshot: Snapshot) -> list[HostRow]:
    groups = snapshot.rows.groups
    return [
        HostRow(
            "site",
            name,
            variables,
            bool(details.enabled),
            details.description or "",
            [group for group in groups if group != "ungrouped" and name in groups[group].hosts],
            list(details.labels or ()),
        )
        for name, variables in snapshot.rows.hosts.items()
        for details in (snapshot.details.get(name, HostDetails(enabled=True)),)
    ]
