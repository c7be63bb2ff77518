"""Seals secrets; the only module that imports a cipher.

A sealed value is ``v1:<key id>:<base64 of nonce and ciphertext>`` under AES-256-GCM.
The key id stands beside each value, so that keys can be rotated while old values
are still readable. The keys lie in a file outside the database.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_PREFIX = "v1"
_NONCE_BYTES = 12
_KEY_BYTES = 32


class KeyMissing(Exception):  # noqa: N818 - reads as what happened
    """The key that sealed a value is not on this machine."""


class Tampered(Exception):  # noqa: N818
    """A sealed value was changed, or is none."""


class Keyring:
    """The sealing keys of this installation; the first seals, all unseal."""

    def __init__(self, keys: list[bytes]) -> None:
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}
        self._current = key_id(keys[0])

    def seal(self, text: str) -> str:
        """Encrypt with the newest key."""
        nonce = os.urandom(_NONCE_BYTES)
        head = f"{_PREFIX}:{self._current}"
        sealed = self._ciphers[self._current].encrypt(
            nonce, text.encode("utf-8", "surrogatepass"), head.encode()
        )
        return f"{head}:{base64.b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str) -> str:
        """Decrypt and check.

        Raises:
            KeyMissing: If the value was sealed by a key that is not here.
            Tampered: If it is not what was sealed.
        """
        head, _, body = sealed.rpartition(":")
        cipher = self._ciphers.get(head.removeprefix(f"{_PREFIX}:"))
        if cipher is None:
            raise KeyMissing(head)
        try:
            raw = base64.b64decode(body, validate=True)
            text = cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], head.encode())
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise Tampered(head) from error
        return text.decode("utf-8", "surrogatepass")


_keyring: Keyring | None = None


def use(keyring: Keyring) -> None:
    """Make a keyring the one of this process."""
    global _keyring  # noqa: PLW0603 - column types have no other way to reach it
    _keyring = keyring


def seal(text: str) -> str:
    """Encrypt with this process's keyring."""
    return _loaded().seal(text)


def unseal(sealed: str) -> str:
    """Decrypt with this process's keyring; raises KeyMissing or Tampered."""
    return _loaded().unseal(sealed)


def _loaded() -> Keyring:
    if _keyring is None:
        message = "no keyring loaded"
        raise KeyMissing(message)
    return _keyring


def key_id(key: bytes) -> str:
    """Name a key by a fingerprint that says nothing about it."""
    return hashlib.sha256(b"aops sealing key" + key).hexdigest()[:12]


def read_keyring(path: Path) -> Keyring:
    """Read the key file: one base64 key a line, the sealing one first.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a line is no key.
    """
    try:
        keys = [base64.b64decode(line, validate=True) for line in path.read_text().split()]
    except ValueError:  # neither base64 nor text
        keys = []
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        message = f"{path}: each line must be a base64 key of {_KEY_BYTES} bytes"
        raise ValueError(message)
    return Keyring(keys)


def make_key_file(path: Path) -> None:
    """Write a new random key, readable by this user only; leave an existing file alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # atomic, and refuses to replace a key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
