"""What was exported is imported as it was, by the importer's own program in its sandbox."""

from __future__ import annotations

import pytest
from flask import Flask

from aops.inventory.exports import ini, script_json, tables, workbook
from aops.inventory.exports.formats import ExportFormat
from aops.inventory.exports.loading import HostRow
from aops.inventory.imports.models import ImportKind
from aops.inventory.reading import read_upload
from aops.inventory.rendering import render_rows
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import HostDetails
from tests.inventory.read_apps import reading_app

__all__ = ["reading_app"]

SHOP = InventoryRows(
    variables="where: here\n",
    hosts={"web1": 'port: 80\ntext: "8080"\n', "db 1": "flag: true\n", "lonely": ""},
    groups={
        "web": GroupRow("a:\n- 1\n- x\n", hosts=["web1"], children=["db"]),
        "db": GroupRow("ansible_group_priority: 5\n", hosts=["db 1"]),
        "empty": GroupRow(),
    },
)
FORMS = {
    "shop.yml": render_rows(SHOP),
    "shop.ini": ini.render(SHOP),
    "shop.json": script_json.render(SHOP),
}
HOSTS = [
    HostRow("shop", "web1", "ansible_host: 10.0.0.1\nname: =x\n", True, "-1", ["web"], ["prod"]),
    HostRow(
        "shop", "@db", "list:\n- 1\n- a\nmy-name: 1\n", False, "two\nlines", ["my group", "a,b"], []
    ),
]


@pytest.mark.parametrize("name", FORMS)
def test_an_inventory_is_imported_as_it_was_exported(reading_app: Flask, name: str) -> None:
    read = read_upload(ImportKind.ANSIBLE, FORMS[name].encode(), name).snapshot.rows

    assert read.variables == SHOP.variables
    assert [*read.hosts.items()] == [*SHOP.hosts.items()]
    assert read.groups == SHOP.groups


@pytest.mark.parametrize("format_", [ExportFormat.CSV, ExportFormat.XLSX])
def test_a_table_is_imported_as_it_was_exported(reading_app: Flask, format_: ExportFormat) -> None:
    write = tables.csv_file if format_ is ExportFormat.CSV else workbook.content
    content = write(tables.lines(HOSTS, with_inventory=False))

    reading = read_upload(ImportKind.TABLE, content, f"hosts.{format_.value}", known_hosts={"@db"})

    assert reading.row_errors == []
    rows, details = reading.snapshot.rows, reading.snapshot.details
    assert rows.hosts == {
        "web1": 'ansible_host: 10.0.0.1\nname: "=x"\n',
        "@db": "list:\n- 1\n- a\nmy-name: 1\n",
    }
    assert {name: group.hosts for name, group in rows.groups.items()} == {
        "web": ["web1"],
        "my group": ["@db"],
        "a,b": ["@db"],
    }
    assert details == {
        "web1": HostDetails(enabled=True, description="-1", labels=("prod",)),
        "@db": HostDetails(enabled=False, description="two\nlines"),
    }
