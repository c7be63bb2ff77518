"""Runs the migrations inside the Flask application, on SQLite and MariaDB alike.

Types of our own are written into a migration as plain ones, so that a migration
still means the same when the code has moved on.
"""

from alembic import context
from flask import current_app

from aops.core.columns import PackedJson, Sealed, Timestamp
from sqlalchemy import Enum, LargeBinary
from sqlalchemy.dialects.mysql import LONGBLOB, LONGTEXT
from sqlalchemy.types import DateTime, String, Text

MYSQL = "'mysql', 'mariadb'"
PLAIN = {
    Timestamp: f"sa.DateTime().with_variant(mysql.DATETIME(fsp=6), {MYSQL})",
    PackedJson: f"sa.LargeBinary().with_variant(mysql.LONGBLOB(), {MYSQL})",
    Sealed: f"sa.Text().with_variant(mysql.LONGTEXT(), {MYSQL})",
}


def render_item(kind, thing, autogen_context):
    """Write our column types as plain ones."""
    if kind != "type":
        return False
    if isinstance(thing, Enum):
        return f"sa.String(length={thing.length})"
    for ours, plain in PLAIN.items():
        if isinstance(thing, ours):
            autogen_context.imports.add("from sqlalchemy.dialects import mysql")
            return plain
    return False


def compare_type(_context, _inspected, _metadata, inspected_type, metadata_type):
    """Compare what the database can tell apart; None leaves it to Alembic."""
    if isinstance(metadata_type, Timestamp):
        return not isinstance(inspected_type, DateTime)
    if isinstance(metadata_type, Sealed):
        return not isinstance(inspected_type, (Text, LONGTEXT))
    if isinstance(metadata_type, PackedJson):
        return not isinstance(inspected_type, (LargeBinary, LONGBLOB))
    if isinstance(metadata_type, Enum):
        return not (isinstance(inspected_type, String) and inspected_type.length == 32)
    return None


def drop_empty(_context, _revision, directives):
    """Write no migration when nothing changed."""
    if not getattr(context.config.cmd_opts, "autogenerate", False):
        return  # `flask db check` reads the directives itself
    script = directives[0] if directives else None
    if script is not None and script.upgrade_ops.is_empty():
        directives[:] = []
        print("No difference between the models and the database.")


def _let_tables_be_rebuilt(connection):
    """Keep SQLite from deleting what refers to a table that is copied, dropped and renamed.

    Must come before the transaction: inside one, the pragma does nothing.
    """
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")


def run():
    """Migrate the database of the application."""
    migrate = current_app.extensions["migrate"]
    options = {**migrate.configure_args, "compare_type": compare_type, "process_revision_directives": drop_empty}
    with migrate.db.engine.connect() as connection:
        _let_tables_be_rebuilt(connection)
        context.configure(
            connection=connection,
            target_metadata=migrate.db.metadata,
            render_item=render_item,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        if connection.dialect.name == "sqlite":
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


run()
