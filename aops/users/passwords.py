"""What counts as a password, and how it is kept: as an Argon2id hash and nothing else."""

from __future__ import annotations

import secrets
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

from aops.core.errors import AopsError

MIN_LENGTH = 12
MAX_BYTES = 1_000
_OWN_LENGTH = 8
_DIFFERENT = 5
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another

hasher = PasswordHasher()
"""The library's own parameters; a stored hash with older ones is renewed at sign-in."""


def check_rules(password: str, username: str) -> None:
    """Refuse a password that is easily guessed, or so long that hashing it is an attack.

    Raises:
        AopsError: At the field ``password``, with the rule that was broken.
    """
    if len(password) < MIN_LENGTH:
        _refuse(
            _(
                "This password is too short: use at least %(n)d characters, such as "
                "four or five unrelated words.",
                n=MIN_LENGTH,
            )
        )
    if len(_bytes(password)) > MAX_BYTES:
        _refuse(_("This password is too long: at most %(n)d bytes are allowed.", n=MAX_BYTES))
    if len(password.casefold().replace(username.casefold(), "")) < _OWN_LENGTH:
        _refuse(_("This password is mostly the username. Use something that nobody can guess."))
    if len(set(password)) < _DIFFERENT:
        _refuse(_("This password repeats the same few characters. Use unrelated words."))


def hash_password(password: str) -> str:
    """Give what may be stored of a password."""
    return hasher.hash(_bytes(password))


def matches(password_hash: str, password: str) -> bool:
    """Tell whether a password is the one behind a hash; takes as long when it is not."""
    given = _bytes(password)
    try:
        return hasher.verify(password_hash, given if len(given) <= MAX_BYTES else b"")
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def nobodys_hash() -> str:
    """Give a hash that no password matches, to verify against when there is no account."""
    return hasher.hash(secrets.token_bytes(32))


def one_time_password() -> str:
    """Make a password that is easy to read out and to type, with 99 bits of chance."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def _bytes(password: str) -> bytes:
    """Spell a password the same way whichever keyboard it came from."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _refuse(sentence: str) -> None:
    raise AopsError(sentence, field="password")
