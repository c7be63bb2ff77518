"""Commands: what they do, and that what goes wrong is a sentence."""

import base64
import os
import pwd
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from aops.users import passwords
from tests.embedded import Aops, one_time_password
from tests.files import replaced

STARTS = (
    ("flask", "--app", "aops", "user", "list"),
    ("flask", "--app", "wsgi", "routes"),
    ("flask", "--app", "aops", "db", "upgrade"),
    ("gunicorn", "--workers", "4", "-k", "gevent", "-n", "aops_server", "aops"),
    ("gunicorn", "wsgi:app"),
    ("celery", "-A", "aops.worker", "worker"),
    ("celery", "-A", "aops.worker", "beat"),
)


@pytest.mark.parametrize("command", STARTS, ids=" ".join)
def test_a_wrong_setting_stops_every_start_with_a_sentence(tmp_path: Path, command):
    aops = Aops(tmp_path, AOPS_MAX_RUNS="many")

    said = aops.run(*command, code=4)

    assert "aops cannot start. AOPS_MAX_RUNS: 'many' does not fit. Write a number" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", STARTS, ids=" ".join)
def test_a_wrong_sealing_key_stops_every_start_with_a_sentence(migrated: Aops, command):
    other = base64.b64encode(secrets.token_bytes(32))
    with replaced(migrated.home / "keys" / "seal.key", other):
        said = migrated.run(*command, code=4)

    assert "seal.key is not the one that sealed the secrets in this database" in said
    assert "Traceback" not in said


def test_an_unknown_setting_is_named(tmp_path: Path):
    aops = Aops(tmp_path, AOPS_DATABSE_URL="x")

    said = aops.flask("routes", code=4)

    assert "There is no setting AOPS_DATABSE_URL" in said


def test_a_home_that_is_a_file_is_one_sentence(tmp_path: Path):
    aops = Aops(tmp_path / "home")
    aops.home.write_text("a file, not a folder")

    said = aops.flask("up", code=4)

    assert said.startswith(f"aops cannot start. {aops.home}")
    assert len(said.splitlines()) == 1


def test_a_made_account_gets_a_one_time_password(migrated: Aops):
    said = migrated.flask("user", "create", "Rosa", "--role", "operator", "--display-name", "R.")

    assert "rosa may now sign in as operator." in said
    assert password_of(migrated, "rosa", one_time_password(said))
    assert migrated.query(
        "SELECT role, display_name, must_change_password FROM users WHERE username = 'rosa'"
    ) == [("operator", "R.", 1)]


def test_a_password_can_come_through_a_pipe(migrated: Aops):
    arguments = ("user", "create", "pia", "--role", "viewer", "--password-stdin")

    said = migrated.flask(*arguments, input="four unrelated words\n")

    assert "four unrelated" not in said
    assert "One-time" not in said
    assert password_of(migrated, "pia", "four unrelated words")
    assert migrated.query("SELECT must_change_password FROM users WHERE username = 'pia'") == [(0,)]


@pytest.mark.parametrize(
    ("arguments", "password", "sentence"),
    [
        (("create", "admin", "--role", "viewer"), "", "This username is already taken."),
        (("create", "no blanks", "--role", "viewer"), "", "A username has at most 64 characters"),
        (("create", "x", "--role", "viewer", "--password-stdin"), "short\n", "too short"),
        (("create", "x", "--role", "viewer", "--password-stdin"), "", "holds no password"),
        (("set-password", "nobody"), "", "There is no account nobody."),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_cannot_be_is_refused_with_a_sentence(
    migrated: Aops, arguments, password: str, sentence: str
):
    before = migrated.query("SELECT count(*) FROM users")

    said = migrated.flask("user", *arguments, code=1, input=password)

    assert said.startswith("Error: ")
    assert sentence in said
    assert "Traceback" not in said
    assert migrated.query("SELECT count(*) FROM users") == before


def test_a_new_password_replaces_the_old_one(migrated: Aops):
    said = migrated.flask("user", "set-password", "ADMIN")

    assert password_of(migrated, "admin", one_time_password(said))
    assert migrated.query("SELECT must_change_password FROM users WHERE username = 'admin'") == [
        (1,)
    ]


def test_what_the_shell_does_is_in_the_audit_log(migrated: Aops):
    migrated.flask("user", "create", "audited", "--role", "viewer")

    lines = migrated.query(
        "SELECT actor_name, source FROM audit_entries"
        " WHERE action = 'user.created' AND object_name = 'audited'"
    )

    assert lines == [(pwd.getpwuid(os.getuid()).pw_name, "shell")]


def test_the_list_names_everybody(migrated: Aops):
    said = migrated.flask("user", "list")

    assert re.search(r"^admin +admin +active +last sign-in never$", said, re.MULTILINE)


def test_commands_before_the_first_migration_say_so(tmp_path: Path):
    aops = Aops(tmp_path)

    said = aops.flask("user", "list", code=1)

    assert said == "Error: The database has no tables yet. Run: flask db upgrade\n"


def test_tables_of_another_version_are_not_taken_for_a_database_that_is_away(tmp_path: Path):
    aops = Aops(tmp_path)
    aops.flask("db", "upgrade")
    aops.query("ALTER TABLE users RENAME COLUMN locale TO language")

    said = aops.flask("user", "list", code=1)

    assert said == (
        "Error: The database's tables are not those of this version. Run: flask db upgrade\n"
    )


def password_of(aops: Aops, username: str, password: str) -> bool:
    """Tell whether it is the account's."""
    rows = aops.query("SELECT password_hash FROM users WHERE username = ?", username)
    return passwords.matches(rows[0][0], password)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aops]:
    """Tables, keys and one account; nothing runs."""
    aops = Aops(tmp_path_factory.mktemp("cli"))
    aops.flask("db", "upgrade")
    aops.flask("user", "create", "admin", "--role", "admin")
    return aops


@pytest.fixture
def migrated(installed: Aops) -> Aops:
    """The same for each test, with an environment of its own."""
    return Aops(installed.home)
