import datetime as dt
import io
import time
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from aops.inventory.imports.models import ImportKind
from aops.inventory.reading import ReadError, Reading, read_upload
from aops.inventory.snapshot import HostDetails
from aops.inventory.tables import WHOLE_COLUMN
from tests.inventory.read_apps import reading_app

__all__ = ["reading_app"]

pytestmark = pytest.mark.usefixtures("reading_app")

HEADER = "Name,Address,Port,User,Groups,Enabled,Description,Labels,http_port,note"


def test_a_row_is_a_host_with_all_that_its_cells_say() -> None:
    rows = (
        'web1,10.0.0.1,2222,deploy,"web, prod",no,"Says ""hi""","eu, old",8080,yes',
        'web2,,,,web prod,,,,"[1, two]","""8080"""',
    )

    reading = _csv(HEADER, *rows)

    assert reading.row_errors == []
    assert reading.snapshot.rows.hosts == {
        "web1": "ansible_host: 10.0.0.1\nansible_port: 2222\nansible_user: deploy\n"
        "http_port: 8080\nnote: true\n",
        "web2": 'http_port:\n- 1\n- two\nnote: "8080"\n',
    }
    groups = reading.snapshot.rows.groups
    assert {name: group.hosts for name, group in groups.items()} == {
        "web": ["web1", "web2"],
        "prod": ["web1", "web2"],
    }
    details = HostDetails(enabled=False, description='Says "hi"', labels=("eu", "old"))
    assert reading.snapshot.details == {"web1": details}


@pytest.mark.parametrize(
    "content",
    [
        b"name;x\nweb1;1\n",
        "name\tx\r\nweb1\t1\r\n".encode("utf-16"),
        "\ufeffHOST,x\n\nweb1,1\n".encode(),
        b"sep=;\nname;x\nweb1;1\n",
        b'"name","x"\n"web1","1"',
        "主机,x\nweb1,1\n".encode(),
    ],
)
def test_tables_are_read_however_they_were_saved(content: bytes) -> None:
    reading = read_upload(ImportKind.TABLE, content, "hosts.csv")

    assert reading.snapshot.rows.hosts == {"web1": "x: 1\n"}


def test_each_row_that_does_not_fit_is_named_with_its_column_and_reason() -> None:
    rows = (
        "web[1:3],,,,,,,,,",
        "web1,,,,,,,,,",
        "web1,,,,,,,,,",
        ",10.0.0.1,,,,,,,,",
        "web2,a b,99999,-x,all,perhaps,,b@d,&a [*a],",
        "web3,,,,,,,,,,surplus",
    )

    reading = _csv(HEADER, *rows)

    assert list(reading.snapshot.rows.hosts) == ["web1"]
    assert [(error.row, error.column) for error in reading.row_errors] == [
        (2, "name"),
        (4, "name"),
        (5, "name"),
        *((6, column) for column in ("address", "port", "user", "groups", "enabled", "labels")),
        (6, "http_port"),
        (7, ""),
    ]
    assert "stands in row 3 already" in reading.row_errors[1].problem
    assert reading.row_errors[2].problem == "A name is needed."
    assert "from 1 to 65535" in reading.row_errors[4].problem
    assert "contain itself" in reading.row_errors[9].problem


@pytest.mark.parametrize("name", ["c 3", "# web servers", "=x", "a*"])
def test_a_name_that_the_form_refuses_is_listed_unless_a_host_is_called_so(name: str) -> None:
    content = f"name,x\n{name},1\nweb1,2\n".encode()

    new = read_upload(ImportKind.TABLE, content, "hosts.csv")
    known = read_upload(ImportKind.TABLE, content, "hosts.csv", known_hosts={name})

    assert [(error.row, error.column) for error in new.row_errors] == [(2, "name")]
    assert "cannot be a host name" in new.row_errors[0].problem
    assert [*new.snapshot.rows.hosts] == ["web1"]
    assert known.row_errors == []
    assert [*known.snapshot.rows.hosts] == [name, "web1"]


def test_columns_that_cannot_be_variables_are_named_and_left_out() -> None:
    reading = _csv("name,2nd,address,ansible_host,x", "web1,a,10.0.0.1,10.0.0.2,1")

    assert [(error.row, error.column) for error in reading.row_errors] == [
        (WHOLE_COLUMN, "2nd"),
        (WHOLE_COLUMN, "ansible_host"),
    ]
    assert "The column “address” before it says the same" in reading.row_errors[1].problem
    assert reading.snapshot.rows.hosts == {"web1": "ansible_host: 10.0.0.1\nx: 1\n"}


def test_what_an_export_writes_beside_is_understood() -> None:
    reading = _csv("inventory,name,var:name,var:port", "prod,web1,other,1")

    assert reading.snapshot.rows.hosts == {"web1": "name: other\nport: 1\n"}
    assert reading.row_errors == []
    assert len(reading.notes) == 1


def test_names_that_differ_in_capitals_only_are_noted() -> None:
    reading = _csv("name", "web1", "WEB1")

    assert list(reading.snapshot.rows.hosts) == ["web1", "WEB1"]
    assert reading.notes == ["“web1” and “WEB1” differ only in capitals and are two hosts."]


def test_what_our_exports_put_before_a_risky_cell_is_taken_away() -> None:
    reading = _csv("name,description,x", "web1,'=SUM(A1),'-5")

    assert reading.snapshot.details["web1"].description == "=SUM(A1)"
    assert reading.snapshot.rows.hosts == {"web1": "x: -5\n"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"name,x\n", "no host"),
        (b"machine,x\nweb1,1\n", "machine, x"),
        (b'name,x\nweb1,"1\n', "Row 2 cannot be read"),
        (b"\x89PNG\0\0\xff\xfe" * 9, "no text file"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "old XLS format"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "has a password"),
        (b"PK\x03\x04 and no more", "cannot be read"),
    ],
)
def test_a_bad_table_is_refused_with_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(ReadError) as caught:
        read_upload(ImportKind.TABLE, content, "hosts.csv")

    assert words in str(caught.value)


def test_a_workbook_is_read_like_a_table() -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["name", "port", "x", "ratio", "on_call", "since"])
        sheet.append(["web1", 22, "8080", 0.5, True, "2024-02-29"])
        sheet.append([])
        sheet.append(["web2", 22.0, None, None, False, None])

    reading = _xlsx(fill)

    assert reading.row_errors == []
    assert reading.snapshot.rows.hosts == {
        "web1": "ansible_port: 22\nx: 8080\nratio: 0.5\non_call: true\nsince: 2024-02-29\n",
        "web2": "ansible_port: 22\non_call: false\n",
    }


def test_what_a_spreadsheet_made_of_cells_is_repaired_or_named() -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["name ", "port", "enabled", "labels", "zip", "since", "count"])
        sheet.append([" web1\u00a0", 22.0, True, 2026.0, 123, dt.date(2024, 2, 29), 10.0])
        sheet.append(["web2", 22, "TRUE ", dt.date(2026, 3, 1), 7, None, "TRUE"])
        sheet.append([dt.date(2026, 3, 1)])
        sheet["E2"].number_format = "00000"

    reading = _xlsx(fill)

    assert reading.snapshot.rows.hosts == {
        "web1": 'ansible_port: 22\nzip: "00123"\nsince: 2024-02-29\ncount: 10\n'
    }
    assert reading.snapshot.details["web1"] == HostDetails(enabled=True, labels=("2026",))
    assert [(error.row, error.column) for error in reading.row_errors] == [
        (3, "labels"),
        (4, "name"),
    ]
    assert "made a date of this cell" in reading.row_errors[0].problem


def test_numbers_that_are_not_what_they_seem_are_noted_once_for_each_column() -> None:
    reading = _csv("name,mode,serial,v", "a,0755,1.23E+15,1.10", "b,0644,1E5,'0755'", "c,08,x1,x")

    first, second = reading.notes
    assert first == (
        "Column “mode”: 0755 was read as the number 493. Where it shall be text, write it in "
        "quotes: '0755'."
    )
    assert second.startswith("Column “serial”: 1.23E+15 was read as the number")
    assert reading.row_errors == []


def test_columns_that_are_nearly_called_right_are_noted() -> None:
    reading = _csv("name,Notes,Label,group,port", "a,x,y,z,22")

    assert [note.partition("”")[0] for note in reading.notes] == [
        "The column “Notes",
        "The column “Label",
        "The column “group",
    ]
    assert reading.notes[0].endswith("the column for that is called “description”.")


def test_an_empty_cell_leaves_and_quotes_take_away() -> None:
    reading = _csv("name,description,labels,enabled,groups,x", 'a,"""""",\'\',,,""""""', "b,,,,,")

    assert reading.snapshot.details == {"a": HostDetails(description="", labels=())}
    assert reading.snapshot.rows.hosts == {"a": 'x: ""\n', "b": ""}


def test_formulas_errors_and_merged_cells_are_reported_where_they_stand() -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["name", "rack", "x"])
        sheet.append(["web1", "A", "=1+1"])
        sheet.append(["web2", None, 2])
        sheet.append(["web3", "#N/A", 3])
        sheet.append(["web4", "B", 4])
        sheet.merge_cells("B2:B3")

    reading = _xlsx(fill)

    assert list(reading.snapshot.rows.hosts) == ["web4"]
    assert [(error.row, error.column) for error in reading.row_errors] == [
        (2, "x"),
        (3, "rack"),
        (4, "rack"),
    ]
    assert "formula" in reading.row_errors[0].problem
    assert "merged cell" in reading.row_errors[1].problem
    assert "error" in reading.row_errors[2].problem


def test_a_formula_counts_as_the_value_that_was_saved_with_it() -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["name", "x"])
        sheet.append(["web1", "=1+1"])

    saved = _changed(_saved(fill), "xl/worksheets/sheet1.xml", b"<v />", b"<v>2</v>")
    reading = read_upload(ImportKind.TABLE, saved, "hosts.xlsx")

    assert reading.row_errors == []
    assert reading.snapshot.rows.hosts == {"web1": "x: 2\n"}
    assert any("Formulas" in note for note in reading.notes)


def test_only_the_first_visible_sheet_counts_and_that_is_said() -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["name"])
        sheet.append(["web1"])
        sheet.title = "hosts"
        sheet.parent.create_sheet("other").append(["name"])

    reading = _xlsx(fill)

    assert reading.notes == ["Only the sheet “hosts” was read."]


def test_a_workbook_that_unpacks_to_too_much_or_is_none_is_refused() -> None:
    bomb, other = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", bytes(100 << 20))
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")

    with pytest.raises(ReadError, match="unpacks to more"):
        read_upload(ImportKind.TABLE, bomb.getvalue(), "hosts.xlsx")
    with pytest.raises(ReadError, match="no XLSX workbook"):
        read_upload(ImportKind.TABLE, other.getvalue(), "hosts.xlsx")


def test_a_row_beyond_every_sheet_is_not_counted_up_to() -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["name"])
        sheet.append(["web1"])

    hostile = _changed(
        _saved(fill), "xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="999999999999"'
    )

    with pytest.raises(ReadError, match="cannot be read"):
        read_upload(ImportKind.TABLE, hostile, "hosts.xlsx")


@pytest.mark.parametrize("length", [32_768, 60_000_000])
def test_a_cell_longer_than_any_program_writes_is_refused_early(length: int) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["name", "note"])
        sheet.append(["web1", "CELL"])

    hostile = _changed(_saved(fill), "xl/worksheets/sheet1.xml", b"CELL", b"x" * length)
    started = time.monotonic()

    with pytest.raises(ReadError, match="more than 32767 characters"):
        read_upload(ImportKind.TABLE, hostile, "hosts.xlsx")

    assert time.monotonic() - started < 8


def test_the_longest_cell_that_programs_write_is_read_though_every_letter_is_escaped() -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["name", "note"])
        sheet.append(["web1", "CELL"])

    typed = b"x" + b"&quot;" * 32_766
    longest = _changed(_saved(fill), "xl/worksheets/sheet1.xml", b"CELL", typed)
    reading = read_upload(ImportKind.TABLE, longest, "hosts.xlsx")

    assert reading.row_errors == []
    assert '"' * 32_766 in reading.snapshot.rows.hosts["web1"].replace("\\", "")


def test_entities_in_a_workbook_are_not_expanded() -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["name"])
        sheet.append(["web1"])

    hostile = _changed(
        _saved(fill),
        "xl/worksheets/sheet1.xml",
        b"<worksheet",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet',
    )

    with pytest.raises(ReadError, match="cannot be read"):
        read_upload(ImportKind.TABLE, hostile, "hosts.xlsx")


def _csv(*lines: str) -> Reading:
    return read_upload(ImportKind.TABLE, "\n".join(lines).encode(), "hosts.csv")


def _xlsx(fill: Callable[[Any], None]) -> Reading:
    return read_upload(ImportKind.TABLE, _saved(fill), "hosts.xlsx")


def _saved(fill: Callable[[Any], None]) -> bytes:
    book: Workbook = openpyxl.Workbook()
    fill(book.active)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def _changed(content: bytes, name: str, old: bytes, new: bytes) -> bytes:
    changed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for info in before.infolist():
            data = before.read(info)
            if info.filename == name:
                assert old in data
                data = data.replace(old, new, 1)
            after.writestr(info, data)
    return changed.getvalue()
