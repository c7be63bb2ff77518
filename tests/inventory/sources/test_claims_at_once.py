"""Many ask for the same refresh at once, and many workers want to do it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from aops.audit.models import AuditEntry
from aops.core.database import db
from aops.inventory.models import Inventory
from aops.inventory.sources import claims
from aops.inventory.sources.models import InventorySource, SourceRefresh
from tests.inventory.sources.scripts import make_source

MANY = 8


def test_many_who_ask_at_once_get_one_refresh_and_one_worker_does_it(tidied: Flask) -> None:
    with tidied.app_context():
        source_id = make_source(interval_minutes=10).id
        db.session.commit()
        db.session.remove()

    asked = at_once(tidied, lambda: claims.request(source_id, "somebody"))
    scheduled = at_once(tidied, claims.request_due)
    taken = at_once(tidied, claims.claim_next)

    assert len(set(asked)) == 1
    assert scheduled == [0] * MANY
    assert [claim for claim in taken if claim] == [claims.Claim(source_id, asked[0])]
    with tidied.app_context():
        assert len(db.session.scalars(select(SourceRefresh)).all()) == 1


def test_of_many_schedulers_one_asks(tidied: Flask) -> None:
    with tidied.app_context():
        make_source(interval_minutes=10)
        db.session.commit()
        db.session.remove()

    assert sum(at_once(tidied, claims.request_due)) == 1


def test_a_refresh_that_writes_its_result_is_alive_and_not_disturbed(tidied: Flask) -> None:
    with tidied.app_context():
        source_id = make_source(interval_minutes=10).id
        claims.request(source_id, "somebody")
        claim = claims.claim_next()
        ended = {"lease_until": datetime(2020, 1, 1, tzinfo=UTC)}
        db.session.execute(update(InventorySource).values(ended))
        db.session.commit()
        _lock_as_a_writer_does(source_id)

        with ThreadPoolExecutor(1) as pool:
            others = pool.submit(at_once, tidied, lambda: (claims.renew(claim), claims.recover()))
            time.sleep(0.5)
            claims.release(claim)
            db.session.commit()
            db.session.remove()

    assert others.result() == [(None, 0)] * MANY


def at_once(app: Flask, work: Callable[[], Any]) -> list[Any]:
    """Do something in many threads, each with a transaction of its own."""

    def one(_number: int) -> Any:
        with app.app_context():
            try:
                done = work()
                db.session.commit()
                return done
            finally:
                db.session.remove()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(one, range(MANY)))


def _lock_as_a_writer_does(source_id: int) -> None:
    """Write, which locks all of SQLite, and share the source's row, as rows that name it do."""
    db.session.execute(update(Inventory).values(description="being written"))
    row = select(InventorySource.id).where(InventorySource.id == source_id)
    db.session.execute(row.with_for_update(read=True))


@pytest.fixture
def tidied(app: Flask) -> Iterator[Flask]:
    yield app
    with app.app_context():
        for model in (SourceRefresh, InventorySource, Inventory, AuditEntry):
            db.session.execute(delete(model))
        db.session.commit()
        db.session.remove()
