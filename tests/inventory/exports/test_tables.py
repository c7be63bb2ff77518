from __future__ import annotations

import csv
import io
import time
from typing import Any

import openpyxl
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from aops.core.errors import AopsError
from aops.inventory import quick_yaml
from aops.inventory import tables as reader
from aops.inventory.exports import tables, workbook
from aops.inventory.exports.formats import ExportFormat
from aops.inventory.exports.loading import HostRow
from aops.inventory.variables_text import write_values
from tests.inventory.exports.test_cells import VALUES

FIXED = ["name", "address", "port", "user", "groups", "enabled", "description", "labels"]
VARIABLES = some.dictionaries(
    some.sampled_from(["a", "b_2", "name", "groups", "labels", "port", "inventory", "user"]),
    VALUES,
    max_size=3,
)
ADDRESSES = some.fixed_dictionaries(
    {},
    optional={
        "ansible_host": some.sampled_from(["10.0.0.1", "web1.lan", "{{ a }}", "fe80::1%eth0"]),
        "ansible_port": some.sampled_from([22, "2222", "{{ p }}"]),
        "ansible_user": some.sampled_from(["deploy", "CORP\\x", "{{ u }}"]),
    },
)
HOSTS = some.builds(
    HostRow,
    some.just("shop"),
    some.sampled_from(["web1", "a b", "@x", "=1", "服务器1", "it's"]),
    some.tuples(VARIABLES, ADDRESSES).map(lambda both: write_values(both[0] | both[1])),
    some.booleans(),
    some.sampled_from(["", "=cmd()", "two\nlines", "-1", "#N/A"]),
    some.lists(some.sampled_from(["web", "my group", "a,b", "组"]), unique=True, max_size=3),
    some.lists(some.sampled_from(["prod", "rack-1", "x"]), unique=True, max_size=2),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[*HealthCheck])
@given(hosts=some.lists(HOSTS, min_size=1, max_size=4, unique_by=lambda host: host.name))
def test_what_a_table_says_is_read_back_as_it_was(app: Flask, hosts: list[HostRow]) -> None:
    with app.test_request_context():
        content = tables.csv_file(tables.lines(hosts, with_inventory=False))
        table = reader.read(csv_rows(content), {host.name for host in hosts})

    assert table.errors == []
    assert [as_read(table, host.name) for host in hosts] == [as_written(host) for host in hosts]


@pytest.mark.parametrize("format_", [ExportFormat.CSV, ExportFormat.XLSX])
def test_no_cell_is_a_formula(app: Flask, format_: ExportFormat) -> None:
    hosts = [
        HostRow("=i", f"{sign}host", f'x: "{sign}1"\n', True, f"{sign}cmd", [f"{sign}g"], [])
        for sign in ("=", "+", "@", "-")
    ]

    with app.test_request_context():
        lines = list(tables.lines(hosts, with_inventory=True))
        content = tables.csv_file(lines) if format_ is ExportFormat.CSV else workbook.content(lines)

    found = [cell for row in read_cells(format_, content) for cell in row]
    assert "'=host" in found
    assert not [cell for cell in found if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_each_variable_that_any_host_has_is_a_column() -> None:
    hosts = [host("web1", "a: 1\nansible_host: 10.0.0.1\n"), host("web2", "b: 2\nname: x\n")]

    heading, *rows = tables.lines(hosts, with_inventory=False)

    assert heading == [*FIXED, "a", "b", "var:name"]
    assert [row[0] for row in rows] == ["web1", "web2"]
    assert [row[8:] for row in rows] == [["1", "", ""], ["", "2", "x"]]
    assert rows[0][1] == "10.0.0.1"


def test_a_table_of_several_inventories_says_where_each_host_is_from() -> None:
    heading, row = tables.lines([host("web1", "")], with_inventory=True)

    assert heading[:2] == ["inventory", "name"]
    assert row[:2] == ["shop", "web1"]


def test_a_table_of_several_inventories_can_be_imported_without_that_column(app: Flask) -> None:
    with app.test_request_context():
        content = tables.csv_file(tables.lines([host("web1", "a: 1\n")], with_inventory=True))
        table = reader.read(csv_rows(content))

    assert table.errors == []
    assert as_read(table, "web1")["variables"] == {"a": 1}
    assert "“inventory” was left out" in table.notes[0]


def test_too_many_variables_are_refused_with_their_number(app: Flask) -> None:
    text = "".join(f"v{n}: 1\n" for n in range(tables.MAX_VARIABLES + 1))

    with app.test_request_context(), pytest.raises(AopsError, match="501 different variables"):
        list(tables.lines([host("web1", text)], with_inventory=False))


@pytest.mark.parametrize("cell", ["x" * 32_768, "a\x01b"])
def test_a_cell_that_a_workbook_would_cut_off_is_refused(app: Flask, cell: str) -> None:
    with app.test_request_context(), pytest.raises(AopsError, match="Take CSV"):
        workbook.content([["name", "x"], ["web1", cell]])


@pytest.mark.parametrize("text", ["#N/A", "1", "TRUE", " edge ", "<&>", "two\nlines", "_x0041_"])
def test_a_workbook_holds_every_text_as_text(app: Flask, text: str) -> None:
    with app.test_request_context():
        content = workbook.content([["name"], [text]])

    cell = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A2"]
    assert (cell.value, cell.data_type) == (text, "s")


@pytest.mark.parametrize("format_", [ExportFormat.CSV, ExportFormat.XLSX])
def test_the_template_can_be_imported(app: Flask, format_: ExportFormat) -> None:
    with app.test_request_context():
        content = tables.template(format_)
        rows = [reader.Row(n, row) for n, row in enumerate(read_cells(format_, content), 1)]
        table = reader.read(rows)

    assert table.errors == []
    assert table.snapshot.rows.groups.keys() == {"web", "production"}
    assert as_read(table, "web1.example.com")["variables"] == {
        "ansible_host": "10.0.0.1",
        "ansible_port": 22,
        "ansible_user": "deploy",
        "http_port": 8080,
    }


def test_the_template_of_a_workbook_says_how_it_is_read(app: Flask) -> None:
    with app.test_request_context():
        book = openpyxl.load_workbook(io.BytesIO(tables.template(ExportFormat.XLSX)))

    assert book.sheetnames == ["Hosts", "Notes"]
    assert "read as YAML" in " ".join(row[0].value for row in book["Notes"])


@pytest.mark.parametrize("format_", [ExportFormat.CSV, ExportFormat.XLSX])
def test_ten_thousand_hosts_with_twenty_variables_take_less_than_two_seconds(
    app: Flask, format_: ExportFormat
) -> None:
    text = "".join(f"number_{n}: {n}\nword_{n}: value {n}\n" for n in range(10))
    hosts = [host(f"host{number:05}.example.com", text) for number in range(10_000)]

    started = time.process_time()
    with app.test_request_context():
        lines = tables.lines(hosts, with_inventory=False)
        content = tables.csv_file(lines) if format_ is ExportFormat.CSV else workbook.content(lines)

    assert len(content) > 100_000
    assert time.process_time() - started < 2


def host(name: str, variables: str) -> HostRow:
    return HostRow("shop", name, variables, True, "", [], [])


def csv_rows(content: bytes) -> list[reader.Row]:
    lines = read_cells(ExportFormat.CSV, content)
    return [reader.Row(number, line) for number, line in enumerate(lines, 1)]


def read_cells(format_: ExportFormat, content: bytes) -> list[list[str]]:
    if format_ is ExportFormat.CSV:
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    return [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]


def as_read(table: reader.Table, name: str) -> dict[str, Any]:
    details = table.snapshot.details[name]
    groups = table.snapshot.rows.groups
    return {
        "variables": quick_yaml.variables(table.snapshot.rows.hosts[name]),
        "enabled": details.enabled,
        "description": details.description or "",
        "groups": sorted(group for group in groups if name in groups[group].hosts),
        "labels": list(details.labels or ()),
    }


def as_written(row: HostRow) -> dict[str, Any]:
    return {
        "variables": quick_yaml.variables(row.variables),
        "enabled": row.enabled,
        "description": row.description,
        "groups": sorted(row.groups),
        "labels": sorted(row.labels),
    }
