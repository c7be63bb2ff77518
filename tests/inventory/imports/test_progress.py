"""How far a big import is, told while its one transaction is still open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core import actor
from aops.core.actor import Actor
from aops.core.database import database_time, db, read_only
from aops.core.permissions import Role
from aops.inventory import reading, row_writing
from aops.inventory.imports import progress, services, tasks, turns
from aops.inventory.imports.models import (
    ImportKind,
    ImportMode,
    ImportStage,
    ImportStatus,
    InventoryImport,
)
from aops.inventory.models import Host, Inventory
from aops.inventory.reading import Reading
from aops.inventory.rows import InventoryRows
from aops.inventory.snapshot import Snapshot
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient

NUMBER = 40


def test_the_stages_are_told_in_their_order(tidied: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []
    begin = progress.begin

    def told(*arguments: Any) -> None:
        begin(*arguments)
        one = db.session.scalars(select(InventoryImport)).one()
        seen.append((one.stage.value, one.total))

    monkeypatch.setattr(progress, "begin", told)
    with tidied.app_context():
        imported()

    assert seen == [("reading", 0), ("comparing", 0), ("comparing", 0), ("writing", NUMBER)]


def test_others_see_the_numbers_grow_before_anything_is_committed(
    tidied: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    report = progress._report

    def look(*arguments: Any) -> None:
        report(*arguments)
        mark = read_only.set(True)
        with db.engine.connect() as other:
            done = other.scalar(select(InventoryImport.done))
            hosts = len(other.execute(select(Host.id)).all())
        read_only.reset(mark)
        seen.append((done, hosts))

    monkeypatch.setattr(progress, "PAUSE", 0)
    monkeypatch.setattr(progress, "_report", look)
    monkeypatch.setattr(row_writing, "ROWS", 10)
    with tidied.app_context():
        one = imported()
        known = db.engine.dialect.name != "sqlite"

    assert one.status is ImportStatus.DONE
    assert seen == [(number if known else 0, 0) for number in (10, 20, 30, 40)]


def test_a_report_that_fails_harms_nothing(tidied: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PAUSE", 0)
    monkeypatch.setattr(progress, "db", Away())
    with tidied.app_context():
        one = imported()

    assert one.status is ImportStatus.DONE


@pytest.mark.parametrize(
    "case",
    [
        (ImportStatus.READING, {}, "A worker will take it", {}),
        (
            ImportStatus.READING,
            {"stage": ImportStage.READING},
            "for 12 seconds so far; it may take 180.",
            {"max": "180", "value": "12"},
        ),
        (ImportStatus.READING, {"stage": ImportStage.COMPARING}, "Step 2 of 2: comparing", {}),
        (ImportStatus.APPLYING, {"stage": ImportStage.COMPARING}, "Step 1 of 2: comparing", {}),
        (
            ImportStatus.APPLYING,
            {"stage": ImportStage.WRITING, "total": 50_000},
            "writing 50000 hosts and groups, for 12 seconds so far.",
            {},
        ),
        (
            ImportStatus.APPLYING,
            {"stage": ImportStage.WRITING, "total": 50_000, "done": 20_000},
            "20000 of 50000 hosts and groups are done, 40 %.",
            {"max": "50000", "value": "20000"},
        ),
    ],
)
def test_the_page_shows_stage_and_percentage(
    case: tuple[ImportStatus, dict[str, Any], str, dict[str, str]],
    client: ConsoleClient,
    arthur: User,
    session: Session,
) -> None:
    status, values, words, bar = case
    one = factories.make_import(inventory=factories.make_inventory(), status=status, **values)
    one.requested_at = database_time() + turns.LEASE - timedelta(seconds=12.2)
    session.flush()
    client.sign_in(arthur)

    page = client.get(f"/imports/{one.id}/")

    shown = page.select_one("main progress")
    assert words in " ".join(page.select_one("#progress[role=status]").text.split())
    assert {name: shown[name] for name in ("max", "value") if shown.has_attr(name)} == bar
    assert shown["aria-labelledby"] == "progress"
    assert page.select_one("meta[http-equiv=refresh]")


class Away:
    """A database that one more connection does not reach."""

    @property
    def engine(self) -> Any:
        from sqlalchemy import create_engine  # noqa: PLC0415

        return create_engine("mysql+pymysql://nobody@127.0.0.1:1/none")


def imported() -> InventoryImport:
    """Import hosts into a new inventory, with transactions as in production."""
    arthur = factories.make_user("arthur", Role.AUTHOR)
    with actor.acting_as(Actor("arthur", arthur.id)):
        one = services.upload(
            factories.make_inventory(),
            kind=ImportKind.ANSIBLE,
            mode=ImportMode.MERGE,
            source_name="",
            content=b"web1\n",
        )
        db.session.commit()
        tasks.go_on.run(one.id)
        db.session.expire_all()
        services.confirm(one, seen=one.generation, skip_bad_rows=False, removed=None)
        db.session.commit()
    tasks.go_on.run(one.id)
    db.session.expire_all()
    assert one.status is ImportStatus.DONE, one.error
    return one


@pytest.fixture(autouse=True)
def _answer(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = {f"web{number:02}": "" for number in range(NUMBER)}
    answer = Reading(Snapshot(InventoryRows(hosts=hosts)))
    monkeypatch.setattr(reading, "read_upload", lambda *_arguments: answer)
    monkeypatch.setattr("aops.core.celery.send", lambda *_message: None)


@pytest.fixture
def tidied(app: Flask) -> Iterator[Flask]:
    """Commits really happen; so what a test leaves is taken away."""
    yield app
    with app.app_context():
        db.session.rollback()
        for model in (InventoryImport, Host, Inventory, AuditEntry, User):
            db.session.execute(delete(model))
        db.session.commit()
        db.session.remove()
