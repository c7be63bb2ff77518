from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import inspect, text

from aops.app import MIGRATIONS, create_app
from aops.config import read_settings
from aops.core.database import Model, db

COLUMNS_OTHERWISE = """
    SELECT table_name, column_name, collation_name FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name != 'alembic_version'
    AND collation_name IS NOT NULL AND collation_name != 'utf8mb4_bin'
"""
NUMBERED = {
    "sqlite": "SELECT name FROM sqlite_master WHERE sql LIKE '% PRIMARY KEY AUTOINCREMENT%'",
    "mysql": "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND auto_increment IS NOT NULL",
}
"""Asks for the tables that number their rows and remember the highest number."""


def test_every_migration_has_one_parent_and_there_is_one_newest() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))

    revisions = list(scripts.walk_revisions())

    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    assert all(not isinstance(revision.down_revision, tuple) for revision in revisions)


def test_an_empty_database_is_brought_to_what_the_models_say(empty: Flask) -> None:
    upgrade()

    assert differences() == ""
    assert set(inspect(db.engine).get_table_names()) == {*Model.metadata.tables, "alembic_version"}


def test_an_upgrade_keeps_every_row(empty: Flask) -> None:
    upgrade(revision="0001")
    write(
        "INSERT INTO inventories (id, name, description, variables, accept_new_host_keys, version,"
        " created_at, updated_at) VALUES (1, 'prod', '', '', 0, 1, '2026-01-01', '2026-01-01')",
        "INSERT INTO hosts (id, inventory_id, name, enabled, description, variables,"
        " key_scan_error, version, created_at, updated_at)"
        " VALUES (1, 1, 'web1', 1, '', '', '', 1, '2026-01-01', '2026-01-01')",
        "INSERT INTO host_groups (id, inventory_id, name, description, variables, version,"
        " created_at, updated_at) VALUES (1, 1, 'web', '', '', 1, '2026-01-01', '2026-01-01')",
        "INSERT INTO group_hosts (group_id, host_id) VALUES (1, 1)",
        "INSERT INTO jobs (id, launch_key, name, playbook_name, inventory_name, launch_vars,"
        " launch_vars_templated, launched_by_name, status, reason, attempt, owner, created_at,"
        " cancel_requested_by, output_seq, output_lines, output_bytes, output_cut, hosts_total,"
        " hosts_failed, hosts_changed, `limit`, tags, skip_tags, extra_vars, forks, verbosity,"
        " check_mode, diff_mode, become, timeout) VALUES (1, 'key', 'Deploy', 'site', 'prod', '',"
        " 0, 'alice', 'successful', '', 1, '', '2026-01-01', '', 1, 1, 3, 0, 1, 0, 0, 'web1', '',"
        " '', '', 5, 0, 0, 0, 0, 0)",
        "INSERT INTO job_output (job_id, seq, attempt, first_line, line_count, text)"
        " VALUES (1, 1, 1, 1, 1, 'ok')",
    )

    upgrade()

    assert rows("SELECT name, `limit` FROM jobs") == [("Deploy", "web1")]
    assert rows("SELECT text FROM job_output") == [("ok",)]
    assert rows("SELECT group_id, host_id, position FROM group_hosts") == [(1, 1, 1_000_000)]
    assert rows("SELECT name FROM hosts") == [("web1",)]


def test_the_id_of_a_deleted_row_is_never_given_out_again(empty: Flask) -> None:
    insert = "INSERT INTO inventories (name, description, variables, accept_new_host_keys, version,"
    insert += " created_at, updated_at) VALUES ('{}', '', '', 0, 1, '2026-01-01', '2026-01-01')"
    upgrade(revision="0001")
    write(insert.format("a"), insert.format("b"))

    upgrade()
    write("DELETE FROM inventories WHERE name = 'b'", insert.format("c"))

    assert rows("SELECT id, name FROM inventories ORDER BY id") == [(1, "a"), (3, "c")]
    assert {name for (name,) in rows(NUMBERED[db.engine.dialect.name])} == {
        table.name
        for table in Model.metadata.tables.values()
        if table.autoincrement_column is not None
    }


def test_a_second_upgrade_does_nothing(empty: Flask) -> None:
    upgrade()
    upgrade()

    assert differences() == ""


def test_a_difference_would_be_noticed(empty: Flask) -> None:
    upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE pulses ADD COLUMN stray INTEGER"))

    assert differences()


def test_everything_can_be_taken_back(empty: Flask) -> None:
    upgrade()

    downgrade(revision="base")

    assert inspect(db.engine).get_table_names() == ["alembic_version"]
    upgrade()
    assert differences() == ""


def test_text_is_stored_in_four_bytes_whatever_the_database_was_made_with(empty: Flask) -> None:
    upgrade()

    if db.engine.dialect.name == "sqlite":
        encoding = "PRAGMA encoding"
        assert rows(encoding) == [("UTF-8",)]
    else:
        assert rows("SELECT @@character_set_database") in ([("utf8mb3",)], [("utf8",)])
        assert rows(COLUMNS_OTHERWISE) == []


def test_every_foreign_key_has_an_index_and_says_what_a_deletion_does() -> None:
    for table in Model.metadata.sorted_tables:
        leading = {next(iter(index.columns)).name for index in table.indexes}
        leading |= {next(iter(table.primary_key.columns)).name}
        leading |= {
            next(iter(one.columns)).name
            for one in table.constraints
            if len(getattr(one, "columns", ())) and one.__visit_name__ == "unique_constraint"
        }
        for key in table.foreign_keys:
            assert key.parent.name in leading, f"{table.name}.{key.parent.name} has no index"


def differences() -> str:
    """Ask what `flask db check` asks, with the environment of our own migrations."""
    try:
        check()
    except SystemExit:
        return "the models and the database differ"
    return ""


def write(*statements: str) -> None:
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def rows(statement: str) -> list[tuple[Any, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


@pytest.fixture(params=["sqlite", "mariadb"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    environ = {"APP_MODE": "testing", "AOPS_HOME": str(tmp_path)}
    server = None
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        environ["AOPS_DATABASE_URL"] = server.create_database("aops_empty").socket_url
    app = create_app(read_settings(environ))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    if server is not None:
        server.drop_database("aops_empty")
