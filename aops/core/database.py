"""The database: one base for all models, one session, and what runs after a commit.

Keeps the differences between SQLite and MariaDB away from everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from typing import Any, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData, event, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction, scoped_session
from sqlalchemy.sql.functions import FunctionElement

from aops.core.columns import Timestamp

read_only: ContextVar[bool] = ContextVar("read_only", default=False)
"""True while a request is served that may not write, so that SQLite need not lock."""


class Model(DeclarativeBase):
    """Base of all tables: predictable constraint names, and utf8mb4 whatever the database says.

    The binary collation makes names compare alike on SQLite and MariaDB, and as
    Ansible compares them: with case. The id of a deleted row is never given out again,
    on SQLite neither: an old page, address or audit entry means that row or none.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    __table_args__: Any = {  # noqa: RUF012 - the base class says so
        "mysql_charset": "utf8mb4",
        "mysql_collate": "utf8mb4_bin",
        "sqlite_autoincrement": True,
    }


TABLE_OPTIONS = Model.__table_args__
"""Last element of a model's own ``__table_args__``."""

db = SQLAlchemy(model_class=Model, disable_autonaming=True)


def session() -> Session:
    """Return the session of this request, task or command."""
    return cast("scoped_session[Session]", db.session)()


class utc_now(FunctionElement[datetime]):  # noqa: N801 - reads as a SQL function
    """The database's own clock in UTC, so that machines with wrong clocks agree on leases."""

    type = Timestamp()
    inherit_cache = True


@compiles(utc_now, "sqlite")
def _utc_now_sqlite(_element: utc_now, _compiler: Any, **_: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f', 'now')"


@compiles(utc_now)
def _utc_now_mysql(_element: utc_now, _compiler: Any, **_: Any) -> str:
    return "UTC_TIMESTAMP(6)"


def database_time() -> datetime:
    """Ask the database what time it is."""
    return cast("datetime", session().scalar(select(utc_now())))


def on_commit(action: Callable[[], None]) -> None:
    """Do something once the current transaction is safely stored; forget it on rollback.

    Args:
        action: Must not touch the session: its transaction is over.
    """
    session().info.setdefault("on_commit", []).append(action)


@event.listens_for(Session, "after_commit")
def _run_actions(committed: Session) -> None:
    if committed.in_nested_transaction():  # a released savepoint is not a commit
        return
    for action in committed.info.pop("on_commit", []):
        action()


@event.listens_for(Session, "after_soft_rollback")
def _forget_actions(rolled_back: Session, ended: SessionTransaction) -> None:
    if ended.nested or rolled_back.in_nested_transaction():
        return  # only a savepoint: what stands around it may still be committed
    rolled_back.info.pop("on_commit", None)


def engine_options(url: str) -> dict[str, Any]:
    """Give what ``create_engine`` needs beside the URL.

    No parameter of a failing statement may reach a log: it could be a secret.
    """
    options: dict[str, Any] = {"hide_parameters": True}
    if url.startswith("mysql"):
        options |= {
            "isolation_level": "READ COMMITTED",
            "pool_pre_ping": True,
            "pool_recycle": 280,
            "connect_args": {
                "charset": "utf8mb4",
                "connect_timeout": 5,
                "read_timeout": 30,
                "write_timeout": 30,
            },
        }
    return options


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not type(connection).__module__.startswith("sqlite3"):
        return
    connection.isolation_level = None  # we write BEGIN ourselves, below
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "busy_timeout=15000", "journal_mode=WAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # A writer locks at once: upgrading a read snapshot fails without waiting.
        connection.exec_driver_sql("BEGIN" if read_only.get() else "BEGIN IMMEDIATE")


def is_outage(error: BaseException) -> bool:
    """Tell whether an error means that the database is away and may come back."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, OperationalError | ConnectionError | TimeoutError)
