"""Commands: what they do, and that what goes wrong is a sentence."""

import base64
import os
import pwd
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from aops.cli import checks_here
from aops.users import passwords
from tests.embedded import Aops, one_time_password
from tests.services.server import free_port

STARTS = (
    ("flask", "--app", "aops", "doctor"),
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


def test_the_doctor_says_what_an_empty_installation_lacks(tmp_path: Path):
    aops = Aops(tmp_path)

    said = aops.flask("doctor", code=1)

    assert failing(said) == {
        "migrations": "The tables are at revision none, the code wants 0002. Run: flask db upgrade",
        "workers": "The database has no tables yet. Run: flask db upgrade",
        "scheduler": "The database has no tables yet. Run: flask db upgrade",
        "sealing key": f"{aops.home}/keys/seal.key does not exist yet. "
        "Run `flask db upgrade`, then this again.",
    }


def test_the_doctor_misses_workers_scheduler_and_broker(migrated: Aops):
    url = f"redis://127.0.0.1:{free_port()}/0"
    migrated.environment["AOPS_BROKER_URL"] = url

    said = failing(migrated.flask("doctor", code=1))

    assert set(said) == {"workers", "scheduler", "broker"}
    assert "celery -A aops.worker worker" in said["workers"]
    assert "celery -A aops.worker beat" in said["scheduler"]
    assert said["broker"].startswith(f"{url} does not answer")


def test_the_doctor_tells_no_password(migrated: Aops):
    migrated.environment["AOPS_DATABASE_URL"] = "mysql+pymysql://mds:geheim@127.0.0.1:1/aops"
    migrated.environment["AOPS_BROKER_URL"] = "amqp://mds:geheim@127.0.0.1:1//"

    said = migrated.flask("doctor", code=1)

    assert {"database", "broker"} <= set(failing(said))
    assert "geheim" not in said


def test_the_doctor_misses_bubblewrap(migrated: Aops, tmp_path: Path):
    migrated.environment["PATH"] = str(tmp_path)

    said = failing(migrated.flask("doctor", code=1))

    assert said["sandbox"].startswith("Runs are refused on this machine. Install")


def test_a_full_disk_is_a_problem(migrated: Aops, monkeypatch: pytest.MonkeyPatch):
    usage = checks_here.shutil._ntuple_diskusage(total=100 * 1024**3, used=0, free=4 * 1024**3)
    monkeypatch.setattr(checks_here.shutil, "disk_usage", lambda _path: usage)

    with pytest.raises(checks_here.Problem, match=r"4\.0 GiB \(4%\) free"):
        checks_here.disk(_Home(migrated.home))


def failing(said: str) -> dict[str, str]:
    """Give the checks that failed, with their advice; the built files are not of interest."""
    found = dict(re.findall(r"^FAIL  (.{12})  (.*)$", said, re.MULTILINE))
    return {
        name.strip(): advice
        for name, advice in found.items()
        if name.strip() not in {"assets", "translations"}
    }


def password_of(aops: Aops, username: str, password: str) -> bool:
    """Tell whether it is the account's."""
    rows = aops.query("SELECT password_hash FROM users WHERE username = ?", username)
    return passwords.matches(rows[0][0], password)


class replaced:  # noqa: N801 - used like a function
    """Put other content into a file while the block runs."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._path, self._content = path, content

    def __enter__(self) -> None:
        self._before = self._path.read_bytes()
        self._path.write_bytes(self._content)

    def __exit__(self, *_: object) -> None:
        self._path.write_bytes(self._before)


class _Home:
    def __init__(self, home: Path) -> None:
        self.home = home


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
