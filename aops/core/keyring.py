"""Makes the keys of a new installation, and refuses to go on with missing or wrong ones.

A sealed sentinel in the database tells whether the key file on this machine is the
one that sealed the stored secrets. A missing key file is only made new while the
database holds no sentinel: otherwise the secrets would be lost silently.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, Text, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from aops.core import crypto
from aops.core.columns import ShortText
from aops.core.database import Model

_SENTINEL = "aops"


class KeyProblem(Exception):  # noqa: N818 - reads as what happened
    """The keys and the database do not belong together; the message says what to do."""


class SealCheck(Model):
    """One row: a known text, sealed by the key of this installation."""

    __tablename__ = "seal_checks"

    name: Mapped[str] = mapped_column(ShortText, primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)


def load(keys: Path) -> str:
    """Load the sealing keys if they are there, and give the session key.

    Args:
        keys: The folder of the key files; made if it is not there.

    Returns:
        The secret that signs cookies.

    Raises:
        KeyProblem: If a key file is damaged or readable by others.
    """
    session_file = keys / "session.key"
    crypto.make_key_file(session_file)
    if seal_file(keys).exists():
        crypto.use(_read(seal_file(keys)))
    return session_file.read_text().strip()


def seal_file(keys: Path) -> Path:
    """Say where the sealing keys lie."""
    return keys / "seal.key"


def verify(keys: Path, engine: Engine) -> None:
    """Make the sealing key of a new installation, or prove that the present one is right.

    Raises:
        KeyProblem: If the key is missing or wrong.
    """
    if not inspect(engine).has_table(SealCheck.__tablename__):
        return  # before the first migration there is nothing to protect
    with Session(engine) as session:
        sealed = session.scalar(select(SealCheck.sealed).where(SealCheck.name == _SENTINEL))
        if sealed is None:
            _make(keys, session)
            return
    _check(keys, sealed)


def _make(keys: Path, session: Session) -> None:
    crypto.make_key_file(seal_file(keys))
    crypto.use(_read(seal_file(keys)))
    session.add(SealCheck(name=_SENTINEL, sealed=crypto.seal(_SENTINEL)))
    try:
        session.commit()
    except IntegrityError:  # another process was first
        session.rollback()


def _check(keys: Path, sealed: str) -> None:
    path = seal_file(keys)
    if not path.exists():
        message = (
            f"The sealing key {path} is missing, but the database holds secrets that were "
            "sealed with it. Restore the file from your backup, or set AOPS_KEYS to its folder."
        )
        raise KeyProblem(message)
    crypto.use(_read(path))
    try:
        crypto.unseal(sealed)
    except (crypto.KeyMissing, crypto.Tampered) as error:
        message = (
            f"The sealing key {path} is not the one that sealed the secrets in this database. "
            "Restore the right file from your backup, or set AOPS_KEYS to its folder."
        )
        raise KeyProblem(message) from error


def _read(path: Path) -> crypto.Keyring:
    if path.stat().st_mode & 0o077:
        message = f"{path} can be read by others. Run: chmod 600 {path}"
        raise KeyProblem(message)
    try:
        return crypto.read_keyring(path)
    except ValueError as error:
        message = f"{error}. Restore the file from your backup."
        raise KeyProblem(message) from error
