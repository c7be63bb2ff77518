from __future__ import annotations

import io
import os
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.core.database import database_time, read_only
from aops.inventory import generation, reading, writing
from aops.inventory.changes import compare
from aops.inventory.imports import paged, services, tasks, views
from aops.inventory.imports.models import ImportKind, ImportMode, ImportStatus, InventoryImport
from aops.inventory.models import Inventory
from aops.inventory.reading import Reading, RowError
from aops.inventory.rows import InventoryRows
from aops.inventory.snapshot import Snapshot
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient, form_values


def test_an_inventory_leads_to_its_import(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    client.sign_in(arthur)

    page = client.get(f"/inventories/details/?id={inventory.id}")

    assert len(page.select(f"main a[href='/imports/into/{inventory.id}/']")) == 2


def test_readers_find_no_way_to_import(
    client: ConsoleClient, oscar: User, inventory: Inventory
) -> None:
    one = factories.make_import(inventory=inventory)
    client.sign_in(oscar)

    page = client.get(f"/inventories/details/?id={inventory.id}")
    client.fetch(f"/imports/into/{inventory.id}/", 403)
    client.fetch(f"/imports/{one.id}/", 403)
    client.post(f"/imports/{one.id}/confirm/", code=403)
    client.post(f"/imports/{one.id}/discard/", code=403)

    assert not page.select("a[href^='/imports']")
    assert one.status is ImportStatus.READING


def test_pasted_text_is_read_shown_and_written(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    client.sign_in(arthur)

    answer = client.submit(f"/imports/into/{inventory.id}/", {"text": "[web]\nweb1\n"})
    waiting = client.get(answer.location)
    work(answer.location)
    preview = client.get(answer.location)
    client.submit(answer.location, {})
    work(answer.location)
    done = client.get(answer.location)

    assert waiting.select_one("meta[http-equiv=refresh]")
    assert "Nothing is written before you confirm" in waiting.text
    assert not preview.select_one("meta[http-equiv=refresh]")
    assert "web1" in preview.select_one("#changes-hosts_added").text
    assert "Confirmed by arthur" in done.text
    assert [*writing.current_snapshot(inventory.id).rows.hosts] == ["web1"]


def test_an_upload_may_write_from_its_first_question_on(
    client: ConsoleClient, arthur: User, inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    client.sign_in(arthur)
    client.get(f"/imports/into/{inventory.id}/")  # leaves its thread reading only
    monkeypatch.setattr(views, "may", lambda _right: asked.append(read_only.get()) or True)

    client.submit(f"/imports/into/{inventory.id}/", {"text": "web1", "mode": "merge"})

    assert asked[-1] is False


def test_a_file_is_recognised_by_what_it_holds(
    client: ConsoleClient, arthur: User, inventory: Inventory, session: Session
) -> None:
    client.sign_in(arthur)

    send_file(client, inventory, b"name,rack\nweb1,7\n", "hosts.txt")
    send_file(client, inventory, b"PK\x03\x04rest", "site")
    send_file(client, inventory, b"name,rack\n", "hosts", kind="ansible")

    found = session.scalars(select(InventoryImport).order_by(InventoryImport.id)).all()
    assert [one.kind for one in found] == [
        ImportKind.TABLE,
        ImportKind.ARCHIVE,
        ImportKind.ANSIBLE,
    ]
    assert found[0].source_name == "hosts.txt"
    assert services.content_of(found[0]) == b"name,rack\nweb1,7\n"


@pytest.mark.parametrize(
    ("text", "file", "sentence"),
    [
        ("", None, "Choose a file, or paste text below."),
        (" \n", None, "Choose a file, or paste text below."),
        ("web1", b"x", "not both"),
        ("", b"", "There is nothing in it to import."),
    ],
)
def test_an_upload_that_is_none_is_told_so_and_keeps_what_was_chosen(
    text: str, file: bytes | None, sentence: str, client: ConsoleClient, arthur: User
) -> None:
    inventory = factories.make_inventory()
    data = {"mode": "replace", "kind": "table", "text": text}
    client.sign_in(arthur)

    answer = client.submit(
        f"/imports/into/{inventory.id}/",
        data if file is None else data | {"file": (io.BytesIO(file), "hosts.ini")},
        code=200,
    )

    page = BeautifulSoup(answer.text, "html5lib")
    assert sentence in page.select_one("#error-summary").text
    assert page.select_one("input[name=mode][checked]")["value"] == "replace"
    assert page.select_one("select[name=kind] option[selected]")["value"] == "table"
    assert page.select_one("textarea[name=text]").text.strip() == text.strip()
    assert services.recent(inventory.id) == []


def test_a_file_that_is_too_large_gets_a_sentence_at_the_form(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    client.sign_in(arthur)
    content = b"#" * (reading.MAX_UPLOAD + 1)

    answer = send_file(client, inventory, content, "huge.ini", mode="replace", code=200)

    page = BeautifulSoup(answer.text, "html5lib")
    assert "at most 32 MiB" in page.select_one("#error-summary").text
    assert page.select_one("input[name=mode][checked]")["value"] == "replace"


def test_the_browser_knows_the_limit_before_it_sends(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    client.sign_in(arthur)

    form = client.get(f"/imports/into/{inventory.id}/").select_one("main form")

    field = form.select_one("input[type=file]")
    message = form.find(id=field["data-too-large"])
    assert int(field["data-max-bytes"]) == reading.MAX_UPLOAD
    assert message.has_attr("hidden")
    assert "larger than 32 MiB" in message.text


def test_far_too_large_a_request_leads_back_with_a_sentence(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    client.sign_in(arthur)
    content = b"#" * (2 * reading.MAX_UPLOAD + 1)

    answer = send_file(client, inventory, content, "huge.ini")
    page = client.get(answer.location)

    assert answer.location == f"/imports/into/{inventory.id}/"
    assert "at most 32 MiB" in page.select_one("main .alert").text


@pytest.mark.parametrize("size", [9 << 20, 17 << 20])
def test_other_pages_say_how_much_they_take_and_how_to_go_on(
    size: int, client: ConsoleClient, arthur: User
) -> None:
    client.sign_in(arthur)

    answer = client._client.post("/inventories/new/", data={"variables": "#" * size})

    assert answer.status_code == 413
    text = " ".join(BeautifulSoup(answer.text, "html5lib").text.split())
    assert "At most 16 MiB can be sent at once, 8 MiB of it as typed text." in text
    assert "packed as zip or tar.gz and imported" in text


def test_twenty_megabytes_reach_the_database(
    client: ConsoleClient, arthur: User, inventory: Inventory, session: Session
) -> None:
    client.sign_in(arthur)
    content = b"web1 ansible_host=10.0.0.1\n" * 800_000

    send_file(client, inventory, content, "hosts.ini")

    assert services.content_of(session.scalars(select(InventoryImport)).one()) == content


def test_what_cannot_be_pressed_is_taken_up_to_what_the_database_takes(
    client: ConsoleClient, arthur: User, inventory: Inventory, session: Session
) -> None:
    client.sign_in(arthur)
    content = os.urandom(services.MAX_PACKED - 10_000)

    send_file(client, inventory, content, "site.zip")
    answer = send_file(client, inventory, content + os.urandom(20_000), "site.zip", code=200)

    assert "7 MiB of an archive" in answer.text
    assert services.content_of(session.scalars(select(InventoryImport)).one()) == content


def test_a_failure_shows_its_reason_and_the_form_with_the_text(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    one = factories.make_import(
        b"[web\n",
        inventory=inventory,
        mode=ImportMode.REPLACE,
        status=ImportStatus.FAILED,
        error="Line 1 is odd.\nSo is line 2.",
        output="[WARNING]: <b>odd</b>",
    )
    client.sign_in(arthur)

    page = client.get(f"/imports/{one.id}/")

    assert "Line 1 is odd." in page.select_one("[role=alert]").text
    assert "<b>odd</b>" in page.select_one("[role=alert] pre").text
    assert page.select_one("textarea[name=text]").text.strip() == "[web"
    assert not page.select("select[name=kind] option[selected]:not([value=''])")
    assert page.select_one("input[name=mode][checked]")["value"] == "replace"


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"#!/usr/bin/env python3\nprint()\n", "script"), (b"plugin: amazon.aws.aws_ec2\n", "plugin")],
)
def test_a_script_or_a_plugin_leads_to_a_source_that_is_filled_in(
    content: bytes, kind: str, client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    one = factories.make_import(
        content, inventory=inventory, status=ImportStatus.FAILED, error="This is a script."
    )
    one.source_name = "cloud.py"
    client.sign_in(arthur)

    link = client.get(f"/imports/{one.id}/").select_one("[role=alert] a")
    form = client.get(link["href"]).select_one("main form")

    assert form.select_one("textarea[name=content]").text.strip() == content.decode().strip()
    assert form.select_one("input[name=kind][checked]")["value"] == kind
    assert form.select_one("input[name=name]")["value"] == "cloud"
    assert form.select_one("input[name=file_name]")["value"] == "cloud.py"


def test_another_failure_leads_to_no_source(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    one = factories.make_import(
        b"[web\n", inventory=inventory, status=ImportStatus.FAILED, error="Line 1 is odd."
    )
    client.sign_in(arthur)

    page = client.get(f"/imports/{one.id}/")
    form = client.get(f"/sources/new/?inventory_id={inventory.id}&import_id={one.id}")

    assert not page.select("[role=alert] a")
    assert not form.select_one("textarea[name=content]").text.strip()


def test_the_preview_shows_old_and_new_values(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    factories.make_host("web1", inventory=inventory, variables="rack: 1\npw: !vault |\n  abc\n")
    one = ready(inventory, Snapshot(InventoryRows(hosts={"web1": "rack: '1'\n", "Web1": ""})))
    client.sign_in(arthur)

    page = client.get(f"/imports/{one.id}/")

    changed = page.select_one("#changes-hosts_changed")
    assert (changed.select_one("del").text, changed.select_one("ins").text) == (
        "1",
        "'1'",
    )
    assert "only by case" in page.select_one(".alert-warning").text
    assert "abc" not in page.text


def test_the_preview_says_on_how_many_hosts_comments_are_lost(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    for number in range(3):
        text = "rack: 1 # the left one\n"
        factories.make_host(f"web{number}", inventory=inventory, variables=text)
    hosts = {"web0": "rack: 2\n", "web1": "rack: 2\n", "web2": "rack: 1\n"}
    one = ready(inventory, Snapshot(InventoryRows(hosts=hosts)))
    client.sign_in(arthur)

    page = client.get(f"/imports/{one.id}/")

    assert "comments in the variables of 2 hosts" in page.select_one("#comments").text


@pytest.mark.parametrize(
    ("rows", "label"),
    [
        ((0,), "Leave out 1 column (x) as listed below, and import the rest"),
        ((0, 0, 3, 3), "Leave out 1 row and 2 columns (x, x) as listed below, and import the rest"),
    ],
)
def test_a_column_that_is_left_out_is_told_from_a_row(
    client: ConsoleClient, arthur: User, inventory: Inventory, rows: tuple[int, ...], label: str
) -> None:
    errors = [RowError(row, "x", "twice") for row in rows]
    one = ready(inventory, Snapshot(InventoryRows(hosts={"web1": ""})), row_errors=errors)

    page = client.sign_in(arthur).get(f"/imports/{one.id}/")

    assert page.select_one("form[action$='/confirm/'] label").text.strip() == label
    assert "Rows and columns" in page.select_one("#row-errors h2").text
    cells = [cell.text for cell in page.select("#row-errors tbody tr:first-child td")]
    assert cells == ["all", "x", "twice"]


def test_removing_hosts_asks_with_their_number(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    for number in range(3):
        factories.make_host(f"web{number}", inventory=inventory)
    one = ready(inventory, Snapshot(InventoryRows(hosts={"web1": ""})), mode=ImportMode.REPLACE)
    client.sign_in(arthur)

    page = client.get(f"/imports/{one.id}/")
    form = page.select_one("form[action$='/confirm/']")
    client.post(f"/imports/{one.id}/confirm/", {"removed": "1", "seen": str(one.generation)})
    refused = one.status
    client.submit(f"/imports/{one.id}/", {})

    assert form["data-confirm-button"] == "Remove 2 hosts"
    assert form.select_one("noscript")
    assert refused is ImportStatus.READY
    assert one.status is ImportStatus.APPLYING


def test_the_form_and_the_preview_say_what_a_table_is_about(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    one = ready(inventory, Snapshot(InventoryRows(hosts={"web1": ""})))
    client.sign_in(arthur)

    form = client.get(f"/imports/into/{inventory.id}/")
    of_a_file = client.get(f"/imports/{one.id}/")
    one.kind = ImportKind.TABLE
    of_a_table = client.get(f"/imports/{one.id}/")

    sentence = "is about hosts only"
    assert sentence in form.select_one("#mode-help").text
    assert sentence not in of_a_file.text
    assert sentence in of_a_table.text


def test_a_row_that_is_left_out_removes_no_host(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    factories.make_host("web2", inventory=inventory)
    one = ready(
        inventory,
        Snapshot(InventoryRows(hosts={"web1": ""})),
        mode=ImportMode.REPLACE,
        row_errors=[RowError(3, "port", "no port")],
    )
    client.sign_in(arthur)

    page = client.get(f"/imports/{one.id}/")
    removed = one.summary["hosts_removed"]
    said = {"removed": str(removed), "seen": str(one.generation), "skip_bad_rows": "1"}
    client.post(f"/imports/{one.id}/confirm/", said)

    assert removed > 0
    assert page.select_one("form[action$='/confirm/']") is None
    assert "a row that is left out lists none" in page.text
    assert one.status is ImportStatus.READY


def test_bad_rows_must_be_left_out_on_purpose(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    errors = [RowError(2, "name", "“a b” is no name"), RowError(2, "port", "no port")]
    one = ready(inventory, Snapshot(InventoryRows(hosts={"web1": ""})), row_errors=errors)
    client.sign_in(arthur)

    page = client.get(f"/imports/{one.id}/")
    said = {"removed": "0", "seen": str(one.generation)}
    client.post(f"/imports/{one.id}/confirm/", said)
    refused = one.status
    client.post(f"/imports/{one.id}/confirm/", said | {"skip_bad_rows": "1"})

    cells = [cell.text for cell in page.select("#row-errors tbody tr:first-child td")]
    assert cells == ["2", "name", "“a b” is no name"]
    assert "Leave out 1 row " in page.select_one("form[action$='/confirm/'] label").text
    assert page.select_one("input[name=skip_bad_rows]").has_attr("required")
    assert refused is ImportStatus.READY
    assert one.status is ImportStatus.APPLYING


def test_a_preview_that_was_made_anew_is_not_confirmed_by_who_saw_the_old_one(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    one = ready(inventory, Snapshot(InventoryRows(hosts={"web1": ""})))
    client.sign_in(arthur)
    old = client.get(f"/imports/{one.id}/").select_one("input[name=seen]")["value"]
    one.generation += 1

    client.post(f"/imports/{one.id}/confirm/", {"removed": "0", "seen": old})

    assert one.status is ImportStatus.READY
    alert = client.get(f"/imports/{one.id}/").select_one(".alert-danger")
    assert "Look again" in alert.text


def test_nothing_to_import_offers_nothing_to_confirm(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    factories.make_host("web1", inventory=inventory, variables="a: 1\n")
    one = ready(inventory, Snapshot(InventoryRows(hosts={"web1": "a: 1 # same\n"})))
    client.sign_in(arthur)

    page = client.get(f"/imports/{one.id}/")

    assert not page.select("form[action$='/confirm/']")
    assert "there is nothing to import" in page.text


def test_discarding_changes_nothing_and_a_late_confirmation_is_no_harm(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    one = ready(inventory, Snapshot(InventoryRows(hosts={"web1": ""})))
    client.sign_in(arthur)

    client.post(f"/imports/{one.id}/discard/")
    client.post(f"/imports/{one.id}/confirm/", {"removed": "0"})
    page = client.get(f"/imports/{one.id}/")

    assert one.status is ImportStatus.DISCARDED
    assert "Nothing was changed" in page.select_one("main [role=status]").text
    assert writing.current_snapshot(inventory.id) == Snapshot()


def test_what_is_being_written_cannot_be_discarded(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    one = ready(inventory, Snapshot(InventoryRows(hosts={"web1": ""})))
    client.sign_in(arthur)
    client.submit(f"/imports/{one.id}/", {})

    client.post(f"/imports/{one.id}/discard/")

    assert one.status is ImportStatus.APPLYING


def test_long_lists_are_shown_in_pages(
    client: ConsoleClient, arthur: User, inventory: Inventory
) -> None:
    hosts = {f"host{number:03}": "" for number in range(250)}
    one = ready(inventory, Snapshot(InventoryRows(hosts=hosts)))
    client.sign_in(arthur)

    first = client.get(f"/imports/{one.id}/")
    last = client.get(f"/imports/{one.id}/?part=hosts_added&page=3")
    beyond = client.get(f"/imports/{one.id}/?part=hosts_added&page=9")
    odd = client.get(f"/imports/{one.id}/?part=nothing&page=-1")

    assert len(first.select("#changes-hosts_added li")) == 100
    assert first.select_one("#changes-hosts_added a")["href"].endswith("?part=hosts_added")
    assert last.select_one("#changes-hosts_added li").text.strip() == "host200"
    assert len(last.select("#changes-hosts_added li")) == 50
    assert not beyond.select("#changes-hosts_added li")
    assert not odd.select(".changes")


def test_the_page_says_when_no_worker_answers(
    client: ConsoleClient, arthur: User, inventory: Inventory, session: Session
) -> None:
    one = factories.make_import(inventory=inventory)
    one.requested_at = database_time() - services._OVERDUE * 2
    client.sign_in(arthur)

    page = client.get(f"/imports/{one.id}/")

    assert "No worker has answered" in page.select_one("main [role=status]").text


def send_file(
    client: ConsoleClient,
    inventory: Inventory,
    content: bytes,
    name: str,
    code: int = 302,
    **values: str,
) -> Any:
    page = client.get(f"/imports/into/{inventory.id}/")
    fields = form_values(page.select_one("main form")) | values
    parts = [
        f'--cut\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    head = f'--cut\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    answer = client._client.post(
        f"/imports/into/{inventory.id}/",
        data=b"".join((*parts, head.encode(), content, b"\r\n--cut--\r\n")),
        content_type="multipart/form-data; boundary=cut",
    )
    assert answer.status_code == code, answer.text[:2000]
    return answer


def ready(
    inventory: Inventory,
    wanted: Snapshot,
    mode: ImportMode = ImportMode.MERGE,
    row_errors: list[RowError] | None = None,
) -> InventoryImport:
    changes = compare(writing.current_snapshot(inventory.id), wanted, mode)
    return factories.make_import(
        inventory=inventory,
        mode=mode,
        status=ImportStatus.READY,
        snapshot=wanted.as_json(),
        generation=generation.of(inventory.id),
        summary=changes.counts,
        changes=paged.packed(changes.as_json()),
        row_errors=[vars(error) for error in row_errors or ()],
    )


def work(location: str) -> None:
    tasks.go_on.run(int(location.rstrip("/").rsplit("/", 1)[1]))


@pytest.fixture(autouse=True)
def _ansible(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Reading(Snapshot(InventoryRows(hosts={"web1": ""})))
    monkeypatch.setattr(reading, "read_upload", lambda *_args: answer)
    monkeypatch.setattr("aops.core.celery.send", lambda *_message: None)


@pytest.fixture
def inventory(session: Session) -> Inventory:
    return factories.make_inventory()
