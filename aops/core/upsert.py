"""Adds rows in bulk, or overwrites those that are there, on SQLite and MariaDB alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy.dialects import mysql, sqlite

from aops.core.database import Model, session


def upsert(model: type[Model], rows: Sequence[dict[str, Any]], keep: Collection[str] = ()) -> None:
    """Write rows past the ORM session, each new or in place of the one with its primary key.

    Args:
        model: The table.
        rows: All with the same columns, the primary key's among them.
        keep: Columns that a row which is there already keeps; with all of them, the row is only
            locked, at once for writing, where INSERT alone would deadlock with its likes.
    """
    if not rows:
        return
    key = [column.key for column in model.__table__.primary_key]
    changed = [name for name in rows[0] if name not in {*key, *keep}] or key
    if session().get_bind().dialect.name == "sqlite":
        statement: Any = sqlite.insert(model)
        statement = statement.on_conflict_do_update(
            index_elements=key, set_={name: statement.excluded[name] for name in changed}
        )
    else:
        statement = mysql.insert(model)
        statement = statement.on_duplicate_key_update(
            {name: statement.inserted[name] for name in changed}
        )
    session().execute(statement, list(rows))
