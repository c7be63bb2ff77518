"""Column types with names, so that forty columns read alike and change in one place."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Enum, LargeBinary, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect

from aops.core import crypto

MAX_ID = 2**31 - 1
"""Largest id that a column holds; MariaDB refuses to be asked for a larger one."""

NAME_LENGTH = 200
"""Longest name of anything; short enough for an utf8mb4 index."""

Name = String(NAME_LENGTH)
ShortText = String(255)
LongText = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
LongBytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


class PackedJson(TypeDecorator[Any]):
    """A JSON value, compressed; NULL is None, and so is JSON's null."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Leave room for more than MySQL's 64 KiB."""
        return dialect.type_descriptor(LongBytes)

    def process_bind_param(self, value: Any, _dialect: Dialect) -> bytes | None:
        """Write it small."""
        return None if value is None else self.pack(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> Any:
        """Read it back."""
        return None if value is None else json.loads(zlib.decompress(value))

    @staticmethod
    def pack(value: Any) -> bytes:
        """Give what is stored; level 1 costs a fifth of the default and loses a tenth."""
        return zlib.compress(json.dumps(value, ensure_ascii=False).encode(), level=1)


class Timestamp(TypeDecorator[datetime]):
    """A moment in UTC with microseconds; always aware in Python, always naive in the database."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Ask MariaDB for the microseconds that it drops by default."""
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Store UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        """Say that what comes back is UTC."""
        if isinstance(value, str):  # SQLite's own clock answers with text
            value = datetime.fromisoformat(value)
        return None if value is None else value.replace(tzinfo=UTC)


class Sealed(TypeDecorator[str]):
    """Text that the database only ever sees encrypted and authenticated."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Leave room for a long private key."""
        return dialect.type_descriptor(LongText)

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Seal on the way in."""
        return None if value is None else crypto.seal(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> str | None:
        """Unseal on the way out; raises crypto.KeyMissing or crypto.Tampered."""
        return None if value is None else crypto.unseal(value)


def enum_column(kind: type[StrEnum]) -> Enum:
    """Store an enum by its value, as text, so that the database is readable without the code."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )
