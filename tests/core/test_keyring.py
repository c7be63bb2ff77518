"""Keys and database: made together, and refused when one has lost the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from aops.core import crypto, keyring


def test_a_new_installation_gets_its_keys(engine: Engine, tmp_path: Path) -> None:
    first = keyring.load(tmp_path)
    keyring.verify(tmp_path, engine)

    assert keyring.load(tmp_path) == first
    assert len(first) >= 32
    assert crypto.unseal(crypto.seal("text")) == "text"


def test_nothing_is_made_before_the_first_migration(tmp_path: Path) -> None:
    empty = create_engine("sqlite://")

    keyring.verify(tmp_path, empty)

    assert not keyring.seal_file(tmp_path).exists()


def test_a_missing_key_file_is_not_made_anew(engine: Engine, tmp_path: Path) -> None:
    keyring.verify(tmp_path, engine)
    keyring.seal_file(tmp_path).unlink()

    with pytest.raises(keyring.KeyProblem, match=r"missing.*Restore"):
        keyring.verify(tmp_path, engine)

    assert not keyring.seal_file(tmp_path).exists()


def test_the_key_of_another_installation_is_refused(engine: Engine, tmp_path: Path) -> None:
    keyring.verify(tmp_path, engine)
    keyring.seal_file(tmp_path).unlink()
    crypto.make_key_file(keyring.seal_file(tmp_path))

    with pytest.raises(keyring.KeyProblem, match="is not the one"):
        keyring.verify(tmp_path, engine)


def test_a_new_database_goes_on_with_the_keys_that_are_there(tmp_path: Path) -> None:
    crypto.make_key_file(keyring.seal_file(tmp_path))
    before = keyring.seal_file(tmp_path).read_text()
    engine = migrated("sqlite://")

    keyring.verify(tmp_path, engine)
    keyring.verify(tmp_path, engine)

    assert keyring.seal_file(tmp_path).read_text() == before
    with Session(engine) as session:
        assert len(session.scalars(select(keyring.SealCheck)).all()) == 1


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    crypto.make_key_file(keyring.seal_file(tmp_path))
    keyring.seal_file(tmp_path).chmod(0o640)

    with pytest.raises(keyring.KeyProblem, match="chmod 600"):
        keyring.load(tmp_path)


def test_a_damaged_key_is_refused_in_words(tmp_path: Path) -> None:
    keyring.seal_file(tmp_path).touch(mode=0o600)

    with pytest.raises(keyring.KeyProblem, match="Restore the file"):
        keyring.load(tmp_path)


def migrated(url: str) -> Engine:
    engine = create_engine(url)
    keyring.SealCheck.__table__.create(engine)  # type: ignore[attr-defined]
    return engine


@pytest.fixture
def engine() -> Engine:
    return migrated("sqlite://")


@pytest.fixture(autouse=True)
def other_keyring() -> Iterator[None]:
    """Give the process its own keyring back."""
    before = crypto._keyring
    yield
    crypto._keyring = before
