"""What runs after a commit, what is forgotten on rollback, and how outages are told apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from aops.app import create_app
from aops.core import clock, database
from aops.core.database import database_time, db, on_commit
from aops.users.models import UserSession
from tests.factories import make_inventory


def test_an_action_waits_for_the_commit(session: Session) -> None:
    done: list[str] = []

    on_commit(lambda: done.append("sent"))
    before = list(done)
    session.commit()

    assert (before, done) == ([], ["sent"])


def test_an_action_runs_once(session: Session) -> None:
    done: list[str] = []
    on_commit(lambda: done.append("sent"))

    session.commit()
    session.commit()

    assert done == ["sent"]


def test_actions_run_in_their_order(session: Session) -> None:
    done: list[int] = []
    for number in range(3):
        on_commit(lambda number=number: done.append(number))

    session.commit()

    assert done == [0, 1, 2]


def test_a_rollback_forgets_the_action(session: Session) -> None:
    done: list[str] = []
    make_inventory()
    on_commit(lambda: done.append("sent"))

    session.rollback()
    session.commit()

    assert done == []


def test_a_failed_flush_forgets_the_action(session: Session) -> None:
    done: list[str] = []
    make_inventory(name="same")
    session.commit()
    on_commit(lambda: done.append("sent"))

    with pytest.raises(IntegrityError):
        make_inventory(name="same")
    session.rollback()
    session.commit()

    assert done == []


def test_a_released_savepoint_is_no_commit(session: Session) -> None:
    done: list[str] = []

    with session.begin_nested():
        on_commit(lambda: done.append("sent"))
    before = list(done)
    session.commit()

    assert (before, done) == ([], ["sent"])


def test_a_rolled_back_savepoint_keeps_the_actions_around_it(session: Session) -> None:
    done: list[str] = []
    make_inventory(name="same")
    on_commit(lambda: done.append("sent"))

    with pytest.raises(IntegrityError), session.begin_nested():
        make_inventory(name="same")
    session.begin_nested().rollback()
    session.commit()

    assert done == ["sent"]


def test_an_application_holds_no_connection_that_a_forked_process_would_share(app: Flask) -> None:
    born = create_app(app.extensions["settings"])

    with born.app_context():
        pool = db.engine.pool
        held = pool.checkedin() + pool.checkedout()  # type: ignore[attr-defined]

    assert held == 0


def test_the_database_says_what_time_it_is_in_utc(session: Session) -> None:
    told = database_time()

    assert told.tzinfo is UTC
    assert abs(datetime.now(UTC) - told) < timedelta(seconds=5)


def test_names_compare_with_case_on_every_database(session: Session) -> None:
    make_inventory(name="web")

    make_inventory(name="Web")  # would break the unique name otherwise

    assert session.execute(text("SELECT count(*) FROM inventories")).scalar() == 2


@pytest.mark.parametrize("name", ["你好", "🚀🚀", "a\u0301", "'; DROP TABLE x; --", "x" * 200])
def test_every_text_survives(session: Session, name: str) -> None:
    inventory = make_inventory(name=name)
    session.commit()
    session.expire_all()

    assert inventory.name == name


def test_foreign_keys_are_kept(session: Session) -> None:
    session.add(UserSession(user_id=999_999, token_hash="x", expires_at=clock.now()))

    with pytest.raises(IntegrityError):
        session.flush()


def test_a_failing_statement_does_not_show_its_values() -> None:
    engine = create_engine("sqlite://", **database.engine_options("sqlite://"))

    with engine.connect() as connection, pytest.raises(OperationalError) as failed:
        connection.execute(text("SELECT :secret FROM nowhere"), {"secret": "canary"})

    assert "canary" not in str(failed.value)


def test_a_database_that_is_away_is_an_outage() -> None:
    engine = create_engine("mysql+pymysql://nobody@127.0.0.1:1/nowhere")

    with pytest.raises(OperationalError) as failed:
        engine.connect()

    assert database.is_outage(failed.value)
    assert database.is_outage(ConnectionResetError())
    assert not database.is_outage(ValueError())


def test_a_broken_constraint_is_no_outage(session: Session) -> None:
    make_inventory(name="same")

    with pytest.raises(IntegrityError) as failed:
        make_inventory(name="same")

    assert not database.is_outage(failed.value)
