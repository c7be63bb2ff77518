from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core import actor, clock
from aops.core.actor import Actor
from aops.core.database import database_time
from aops.inventory import generation, reading, writing
from aops.inventory.exports import services as exports
from aops.inventory.exports.formats import ExportFormat
from aops.inventory.imports import paged, services, tasks, turns
from aops.inventory.imports.models import ImportKind, ImportMode, ImportStatus, InventoryImport
from aops.inventory.models import Host, Inventory
from aops.inventory.reading import ReadError, Reading, RowError
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import Snapshot
from aops.users.models import User
from tests import factories

SITE = Snapshot(
    InventoryRows(
        hosts={"web1": "rack: 1\n", "web2": "rack: 2\n"},
        groups={"web": GroupRow(hosts=["web1", "web2"])},
    )
)


def test_an_upload_is_read_and_offered_and_the_inventory_stays_as_it_is(
    upload: Callable[..., InventoryImport], session: Session
) -> None:
    one = upload()

    go_on(one)

    assert one.status is ImportStatus.READY
    assert one.summary["hosts_added"] == 2
    assert session.scalars(select(Host)).all() == []


def test_a_confirmed_import_is_written_and_noted_in_the_name_of_who_confirmed(
    upload: Callable[..., InventoryImport], session: Session, alice: User
) -> None:
    one = upload()
    go_on(one)

    confirm(one, by=alice)
    go_on(one)

    assert one.status is ImportStatus.DONE
    assert writing.current_snapshot(one.inventory_id) == SITE
    line = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "inventory.imported")
    ).one()
    assert (line.actor_name, line.object_name) == ("alice", one.inventory.name)
    assert '"hosts_added": 2' in line.changes


def test_the_upload_is_dropped_once_it_is_written(
    upload: Callable[..., InventoryImport], alice: User
) -> None:
    one = upload()

    finish(one, alice)

    assert one.content is None
    assert one.snapshot is None
    assert one.changes["counts"]["hosts_added"] == 2


def test_nothing_is_written_twice(upload: Callable[..., InventoryImport], alice: User) -> None:
    one = upload()
    go_on(one)
    before = generation.of(one.inventory_id)

    confirm(one, by=alice)
    confirm(one, by=alice)
    for _message in range(3):
        go_on(one)

    assert one.status is ImportStatus.DONE
    assert generation.of(one.inventory_id) == before + 1


def test_a_reading_that_fails_says_why_and_keeps_the_text(
    upload: Callable[..., InventoryImport], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = upload(content=b"[web\n")
    refuse(monkeypatch, ReadError("Line 1 is odd.", output="warning: odd"))

    go_on(one)

    assert (one.status, one.error, one.output) == (
        ImportStatus.FAILED,
        "Line 1 is odd.",
        "warning: odd",
    )
    assert services.pasted_text(one) == "[web\n"


def test_an_unexpected_error_is_no_traceback_for_people(
    upload: Callable[..., InventoryImport],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = upload()
    refuse(monkeypatch, RuntimeError("a secret detail"))

    go_on(one)

    assert one.status is ImportStatus.FAILED
    assert "secret" not in one.error
    assert "a secret detail" in caplog.text


def test_what_the_rules_refuse_fails_before_anybody_confirms(
    upload: Callable[..., InventoryImport], read: dict[str, Any]
) -> None:
    one = upload()
    read["answer"] = Reading(Snapshot(InventoryRows(hosts={"a": "ansible_port: 0\n"})))

    go_on(one)

    assert one.status is ImportStatus.FAILED
    assert "Host “a”: ansible_port must be a number" in one.error


def test_reserved_variables_are_for_those_who_may(
    upload: Callable[..., InventoryImport], read: dict[str, Any], arthur: User, alice: User
) -> None:
    read["answer"] = Reading(Snapshot(InventoryRows(hosts={"a": "ansible_ssh_common_args: -v\n"})))
    by_author, by_admin = upload(by=arthur), upload(by=alice)

    go_on(by_author)
    go_on(by_admin)
    confirm(by_admin, by=arthur)
    go_on(by_admin)

    assert "Only administrators" in by_author.error
    assert by_admin.status is ImportStatus.FAILED
    assert writing.current_snapshot(by_admin.inventory_id) == Snapshot()


def test_who_was_demoted_meanwhile_writes_nothing(
    upload: Callable[..., InventoryImport], arthur: User
) -> None:
    one = upload()
    go_on(one)
    confirm(one, by=arthur)

    arthur.active = False
    go_on(one)

    assert one.status is ImportStatus.FAILED
    assert "may not change inventories any more" in one.error


def test_a_change_after_the_preview_makes_it_anew(
    upload: Callable[..., InventoryImport], alice: User
) -> None:
    one = upload()
    go_on(one)
    factories.make_host("web1", inventory=one.inventory, variables="rack: 1\n")

    confirm(one, by=alice)
    go_on(one)

    assert (one.status, one.outdated) == (ImportStatus.READY, True)
    assert one.summary["hosts_added"] == 1


def test_a_change_after_the_confirmation_makes_the_preview_anew_too(
    upload: Callable[..., InventoryImport], alice: User
) -> None:
    one = upload()
    go_on(one)
    confirm(one, by=alice)
    factories.make_host("web3", inventory=one.inventory)

    go_on(one)

    assert (one.status, one.outdated) == (ImportStatus.READY, True)
    assert [*writing.current_snapshot(one.inventory_id).rows.hosts] == ["web3"]


def test_a_lost_message_is_found(
    upload: Callable[..., InventoryImport], sent: list[tuple[Any, ...]]
) -> None:
    one = upload()
    age(one, seconds=10)
    sent.clear()

    tasks.look_after.run()

    assert sent == [(services.TASK, one.id)]


def test_the_sweep_asks_for_nothing_that_is_new_or_being_worked_at(
    upload: Callable[..., InventoryImport], sent: list[tuple[Any, ...]]
) -> None:
    upload()
    turns.take(upload().id)
    sent.clear()

    tasks.look_after.run()

    assert sent == []


def test_a_worker_that_died_is_followed_by_another(
    upload: Callable[..., InventoryImport], sent: list[tuple[Any, ...]]
) -> None:
    one = upload()
    turns.take(one.id)
    go_on(one)
    untouched = one.status

    age(one, seconds=turns.LEASE.total_seconds() + 10)
    sent.clear()
    tasks.look_after.run()
    go_on(one)

    assert untouched is ImportStatus.READING
    assert sent == [(services.TASK, one.id)]
    assert one.status is ImportStatus.READY


def test_who_died_while_writing_left_nothing_half_written(
    upload: Callable[..., InventoryImport], alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = upload()
    go_on(one)
    confirm(one, by=alice)
    monkeypatch.setattr(turns, "keep", die)
    with pytest.raises(KeyboardInterrupt):
        go_on(one)
    monkeypatch.undo()
    services.session().rollback()
    left = writing.current_snapshot(one.inventory_id)

    age(one, seconds=turns.LEASE.total_seconds() + 10)
    go_on(one)

    assert left == Snapshot()
    assert one.status is ImportStatus.DONE


def test_a_deadlock_is_no_failure_and_soon_tried_again(
    upload: Callable[..., InventoryImport], alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = upload()
    go_on(one)
    confirm(one, by=alice)

    def deadlock(*_args: Any, **_options: Any) -> None:
        raise OperationalError("UPDATE", {}, Exception("Deadlock found"))

    with monkeypatch.context() as broken:
        broken.setattr(writing, "write", deadlock)
        with pytest.raises(OperationalError):
            go_on(one)
    services.session().expire_all()
    waits = (one.status, one.attempt, one.requested_at <= database_time())
    go_on(one)

    assert waits == (ImportStatus.APPLYING, 0, True)
    assert one.status is ImportStatus.DONE


def test_an_upload_that_kills_every_worker_is_given_up(
    upload: Callable[..., InventoryImport],
) -> None:
    one = upload()
    for _worker in range(turns.MAX_ATTEMPTS):
        turns.take(one.id)
        age(one, seconds=turns.LEASE.total_seconds() + 10)

    go_on(one)

    assert one.status is ImportStatus.FAILED
    assert "did not survive" in one.error


def test_a_worker_that_was_too_slow_writes_nothing(
    upload: Callable[..., InventoryImport], alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = upload()
    go_on(one)
    confirm(one, by=alice)
    write = writing.write

    def slowly(*args: Any, **options: Any) -> dict[str, int]:
        age(one, seconds=turns.LEASE.total_seconds() + 10)
        turns.take(one.id)
        return write(*args, **options)

    monkeypatch.setattr(writing, "write", slowly)
    go_on(one)

    assert writing.current_snapshot(one.inventory_id) == Snapshot()


def test_what_was_discarded_while_it_was_read_stays_discarded(
    upload: Callable[..., InventoryImport], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = upload()

    def while_reading(*_args: Any) -> Reading:
        services.discard(one)
        services.session().commit()
        return Reading(SITE)

    monkeypatch.setattr(reading, "read_upload", while_reading)
    go_on(one)

    assert one.status is ImportStatus.DISCARDED
    assert one.snapshot is None


def test_what_nobody_confirms_is_discarded_after_a_day(
    upload: Callable[..., InventoryImport], session: Session
) -> None:
    old, new = upload(), upload()
    for one in (old, new):
        go_on(one)
    old.created_at = clock.now() - timedelta(days=1, minutes=1)
    session.flush()

    tasks.forget.run()

    assert (old.status, new.status) == (ImportStatus.DISCARDED, ImportStatus.READY)
    assert old.content is None
    assert new.snapshot is not None


def test_more_than_the_database_takes_is_refused_with_a_sentence(
    upload: Callable[..., InventoryImport], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = upload()
    monkeypatch.setattr(services, "MAX_PACKED", 20)

    go_on(one)

    assert one.status is ImportStatus.FAILED
    assert "too large to be kept" in one.error


def test_row_errors_are_kept_beside_what_can_be_imported(
    upload: Callable[..., InventoryImport], read: dict[str, Any]
) -> None:
    one = upload(kind=ImportKind.TABLE)
    read["answer"] = Reading(SITE, ["a note"], [RowError(3, "ansible_port", "no port")])

    go_on(one)

    assert one.row_errors == [{"row": 3, "column": "ansible_port", "problem": "no port"}]
    assert (one.notes, one.bad_rows) == (["a note"], 1)


def test_sentences_are_in_the_language_of_the_person(
    upload: Callable[..., InventoryImport], read: dict[str, Any], arthur: User
) -> None:
    arthur.locale = "zh_Hans_CN"
    one = upload(by=arthur)
    read["answer"] = Reading(Snapshot(InventoryRows(hosts={"a": "true: 1\n"})))

    go_on(one)

    assert "请用引号括起来" in one.error or "引号" in one.error


def test_ansible_itself_reads_an_upload(session: Session, arthur: User) -> None:
    with actor.acting_as(Actor("arthur", arthur.id)):
        one = services.upload(
            factories.make_inventory(),
            kind=ImportKind.ANSIBLE,
            mode=ImportMode.MERGE,
            source_name="hosts.ini",
            content=b"[web]\nweb[1:3] rack=7\n[web:vars]\nport=80\n",
        )

    go_on(one)

    assert one.status is ImportStatus.READY, one.error
    assert [entry["name"] for entry in paged.opened(one.changes)["hosts"]["added"]] == [
        "web1",
        "web2",
        "web3",
    ]


def go_on(one: InventoryImport) -> None:
    tasks.go_on.run(one.id)
    services.session().expire_all()


def test_a_table_names_its_bad_rows_and_the_others_are_imported(
    session: Session, arthur: User
) -> None:
    content = b"name,groups,ansible_port\nweb1,web,22\nweb2,web,http\n[1,web,22\nweb3,web,22\n"
    with actor.acting_as(Actor("arthur", arthur.id)):
        one = services.upload(
            factories.make_inventory(),
            kind=ImportKind.TABLE,
            mode=ImportMode.MERGE,
            source_name="hosts.csv",
            content=content,
        )
    go_on(one)

    with actor.acting_as(Actor("arthur", arthur.id)):
        services.confirm(one, seen=one.generation, skip_bad_rows=True, removed=None)
    go_on(one)

    assert [(error["row"], error["column"]) for error in one.row_errors] == [
        (3, "ansible_port"),
        (4, "name"),
    ]
    assert one.status is ImportStatus.DONE
    assert [*writing.current_snapshot(one.inventory_id).rows.hosts] == ["web1", "web3"]


def test_an_unchanged_table_replaces_nothing_of_what_it_cannot_hold(
    session: Session, arthur: User
) -> None:
    shop = factories.make_inventory(variables="where: here\n")
    db = factories.make_group("db", inventory=shop, variables="b: 2\n")
    web = factories.make_group("web", inventory=shop, children=[db])
    factories.make_group("empty", inventory=shop)
    factories.make_host("c 3", inventory=shop, groups=[web, db], description="odd")
    factories.make_host("alone", inventory=shop, enabled=False)
    session.flush()
    exported = exports.export(shop.id, None, ExportFormat.CSV)

    with actor.acting_as(Actor("arthur", arthur.id)):
        one = services.upload(
            shop,
            kind=ImportKind.TABLE,
            mode=ImportMode.REPLACE,
            source_name=exported.file_name,
            content=exported.content,
        )
    go_on(one)

    assert (one.status, one.row_errors) == (ImportStatus.READY, [])
    numbers = {name: number for name, number in one.summary.items() if number}
    assert numbers == {"hosts_unchanged": 2, "groups_unchanged": 3}
    assert one.changes["order"] == []


def confirm(one: InventoryImport, *, by: User) -> None:
    with actor.acting_as(Actor(by.username, by.id)):
        services.confirm(
            one,
            seen=one.generation,
            skip_bad_rows=False,
            removed=(one.summary or {}).get("hosts_removed"),
        )
    services.session().commit()


def finish(one: InventoryImport, by: User) -> None:
    go_on(one)
    confirm(one, by=by)
    go_on(one)


def age(one: InventoryImport, *, seconds: float) -> None:
    services.session().execute(
        update(InventoryImport)
        .where(InventoryImport.id == one.id)
        .values(requested_at=database_time() - timedelta(seconds=seconds))
    )
    services.session().commit()


def refuse(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def raise_it(*_args: Any) -> Reading:
        raise error

    monkeypatch.setattr(reading, "read_upload", raise_it)


def die(*_args: Any, **_options: Any) -> None:
    raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    messages: list[tuple[Any, ...]] = []
    monkeypatch.setattr("aops.core.celery.send", lambda *message: messages.append(message))
    return messages


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    given: dict[str, Any] = {"answer": Reading(SITE)}
    monkeypatch.setattr(reading, "read_upload", lambda *_args: given["answer"])
    return given


@pytest.fixture
def upload(session: Session, read: dict[str, Any], arthur: User) -> Callable[..., InventoryImport]:
    inventory: Inventory = factories.make_inventory()

    def make(by: User = arthur, content: bytes = b"web1\n", **values: Any) -> InventoryImport:
        with actor.acting_as(Actor(by.username, by.id)):
            one = services.upload(
                values.pop("inventory", inventory),
                kind=values.pop("kind", ImportKind.ANSIBLE),
                mode=values.pop("mode", ImportMode.MERGE),
                source_name="",
                content=content,
            )
        session.commit()
        return one

    return make
