"""What is sealed, by which key, and what cannot be read any more."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from aops.core import crypto

OLD, NEW = b"o" * 32, b"n" * 32


@given(some.text())
def test_what_was_sealed_comes_back(text: str) -> None:
    keyring = crypto.Keyring([NEW])

    assert keyring.unseal(keyring.seal(text)) == text


@pytest.mark.parametrize("text", ["", "\ud800", "\0", "密码🔑", "x" * 1_000_000])
def test_every_text_can_be_sealed(text: str) -> None:
    keyring = crypto.Keyring([NEW])

    assert keyring.unseal(keyring.seal(text)) == text


def test_a_sealed_value_shows_neither_text_nor_length_twice() -> None:
    keyring = crypto.Keyring([NEW])

    first, second = keyring.seal("hunter2"), keyring.seal("hunter2")

    assert first != second
    assert "hunter2" not in first
    assert base64.b64encode(b"hunter2").decode().rstrip("=") not in first


def test_the_key_id_stands_beside_the_value() -> None:
    sealed = crypto.Keyring([NEW]).seal("text")

    assert sealed.startswith(f"v1:{crypto.key_id(NEW)}:")


def test_the_first_key_seals_and_all_unseal() -> None:
    before = crypto.Keyring([OLD]).seal("text")
    rotated = crypto.Keyring([NEW, OLD])

    assert rotated.unseal(before) == "text"
    assert crypto.Keyring([NEW]).unseal(rotated.seal("text")) == "text"


def test_a_value_of_a_missing_key_is_called_so() -> None:
    sealed = crypto.Keyring([OLD]).seal("text")

    with pytest.raises(crypto.KeyMissing):
        crypto.Keyring([NEW]).unseal(sealed)


@pytest.mark.parametrize("place", [-1, -5, -20])
def test_a_changed_value_is_not_read(place: int) -> None:
    keyring = crypto.Keyring([NEW])
    head, _, body = keyring.seal("some longer text").rpartition(":")
    raw = bytearray(base64.b64decode(body))
    raw[place] ^= 1

    with pytest.raises(crypto.Tampered):
        keyring.unseal(f"{head}:{base64.b64encode(bytes(raw)).decode()}")


def test_a_value_cannot_be_moved_under_another_key_id() -> None:
    both = crypto.Keyring([NEW, OLD])
    sealed = both.seal("text").replace(crypto.key_id(NEW), crypto.key_id(OLD))

    with pytest.raises(crypto.Tampered):
        both.unseal(sealed)


@pytest.mark.parametrize("body", ["", "AAAA", "not base64!", "é"])
def test_rubbish_under_a_known_key_is_not_read(body: str) -> None:
    with pytest.raises(crypto.Tampered):
        crypto.Keyring([NEW]).unseal(f"v1:{crypto.key_id(NEW)}:{body}")


@pytest.mark.parametrize("text", ["", "plain text", "a:b:c"])
def test_what_was_never_sealed_is_not_read(text: str) -> None:
    with pytest.raises((crypto.KeyMissing, crypto.Tampered)):
        crypto.Keyring([NEW]).unseal(text)


def test_a_key_id_says_nothing_about_the_key() -> None:
    assert crypto.key_id(NEW) != crypto.key_id(OLD)
    assert len(crypto.key_id(NEW)) == 12
    assert NEW.hex()[:6] not in crypto.key_id(NEW)


def test_a_key_file_is_ours_alone_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "seal.key"

    crypto.make_key_file(path)
    first = path.read_text()
    crypto.make_key_file(path)

    assert path.read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["seal.key"]


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    for name in ("one", "other"):
        crypto.make_key_file(tmp_path / name)

    assert (tmp_path / "one").read_text() != (tmp_path / "other").read_text()


def test_a_key_file_may_hold_older_keys_below(tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    path.write_text("\n".join(base64.b64encode(key).decode() for key in (NEW, OLD)))
    sealed = crypto.Keyring([OLD]).seal("text")

    assert crypto.read_keyring(path).unseal(sealed) == "text"


@pytest.mark.parametrize("content", ["", "\n", "c2hvcnQ=", "not base64!"])
def test_a_damaged_key_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "seal.key"
    path.write_text(content)

    with pytest.raises(ValueError, match="each line must be a base64 key"):
        crypto.read_keyring(path)


def test_nothing_is_sealed_before_a_keyring_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto, "_keyring", None)

    with pytest.raises(crypto.KeyMissing):
        crypto.seal("text")
