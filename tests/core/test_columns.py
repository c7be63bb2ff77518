"""What the named column types store, and what comes back."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from aops.core import clock
from aops.credentials import unsealed
from aops.credentials.models import CredentialType
from aops.inventory.facts.models import FactChange
from tests.factories import make_credential, make_host


def test_times_keep_their_microseconds_and_come_back_in_utc(session: Session) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=8)))
    credential = make_credential(last_used_at=moment)
    session.commit()
    session.expire_all()

    assert credential.last_used_at == moment
    assert credential.last_used_at.tzinfo is UTC


def test_every_row_notes_when_it_was_made_and_changed(session: Session) -> None:
    credential = make_credential()
    session.commit()
    made = credential.updated_at

    credential.description = "changed"
    session.commit()

    assert credential.created_at <= made < credential.updated_at <= clock.now()
    assert credential.version == 2


@pytest.mark.parametrize("value", [None, {}, {"汉字": [1, 2.5, None, True, "🎉"]}, [], ""])
def test_packed_json_comes_back_as_it_was(session: Session, value: object) -> None:
    change = FactChange(host_id=make_host().id, recorded_at=clock.now(), changes=value)
    session.add(change)
    session.commit()
    session.expire_all()

    assert change.changes == value


def test_packed_json_is_larger_than_64_kib_without_harm(session: Session) -> None:
    value = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(4_000)]
    change = FactChange(host_id=make_host().id, recorded_at=clock.now(), changes=value)
    session.add(change)
    session.commit()
    session.expire_all()

    assert change.changes == value


def test_a_sealed_column_is_stored_sealed(session: Session) -> None:
    credential = make_credential(password="canary", become_password=None)
    session.commit()

    raw = session.execute(text("SELECT password, become_password FROM credentials")).one()

    assert raw.password.startswith("v1:")
    assert "canary" not in raw.password
    assert raw.become_password is None
    assert unsealed.read(credential).password == "canary"


def test_an_empty_secret_is_not_the_same_as_none(session: Session) -> None:
    credential = make_credential(password="")
    session.commit()

    assert unsealed.read(credential).password == ""


@pytest.mark.parametrize("secret", ["密码🔑", "nul\0", "\ud800", "line\nline", "x" * 200_000])
def test_every_secret_survives(session: Session, secret: str) -> None:
    credential = make_credential(password=secret)
    session.commit()

    assert unsealed.read(credential).password == secret


def test_an_enum_is_stored_by_its_value(session: Session) -> None:
    make_credential(type=CredentialType.VAULT)

    assert session.execute(text("SELECT type FROM credentials")).scalar() == "vault"
