"""Whether the database's tables are those that the code wants, and how to get there."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from flask import current_app

from aops.core.database import db
from aops.core.errors import AopsError


def upgrade() -> None:
    """Bring the tables up to date, as ``flask db upgrade`` does.

    Raises:
        AopsError: If the database is newer than the code.
    """
    if present() == wanted():
        return
    try:
        command.upgrade(_config(), "head")
    except CommandError as error:
        raise AopsError(
            f"The database is at revision {present()}, which this version of aops does not "
            "know. Install the version that made it, or restore a backup."
        ) from error


def present() -> str | None:
    """Give the database's revision; None when it is empty."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def wanted() -> str | None:
    """Give the code's newest revision."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config: Config = current_app.extensions["migrate"].migrate.get_config()
    return config
