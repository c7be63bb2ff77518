"""The doctor: every check is made, each says what to do, and the exit code tells a problem."""

import base64
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from aops.cli import checks_here, checks_of_system
from aops.cli.doctor import CHECKS
from aops.cli.finding import Caution, Problem
from aops.execution.sandbox import SandboxStatus
from tests.embedded import Aops
from tests.files import replaced
from tests.services.mariadb import MariaDb
from tests.services.server import free_port

GIB = 1024**3
EVERY_CHECK = [name for name, _check in CHECKS]


def test_an_empty_installation_is_told_what_it_lacks(tmp_path: Path):
    aops = Aops(tmp_path)

    said = aops.flask("doctor", code=1)

    assert problems(said) == {
        "migrations": "The tables are at revision none, the code wants 0002. Run: flask db upgrade",
        "workers": "The database has no tables yet. Run: flask db upgrade",
        "scheduler": "The database has no tables yet. Run: flask db upgrade",
        "sealing key": f"{aops.home}/keys/seal.key does not exist yet. "
        "Run `flask db upgrade`, then this again.",
    }


def test_workers_scheduler_and_broker_are_missed(migrated: Aops):
    url = f"redis://127.0.0.1:{free_port()}/0"
    migrated.environment["AOPS_BROKER_URL"] = url

    said = problems(migrated.flask("doctor", code=1))

    assert set(said) == {"workers", "scheduler", "broker"}
    assert "celery -A aops.worker worker" in said["workers"]
    assert "celery -A aops.worker beat" in said["scheduler"]
    assert said["broker"].startswith(f"{url} does not answer")


def test_no_password_is_told(migrated: Aops):
    migrated.environment["AOPS_DATABASE_URL"] = "mysql+pymysql://mds:geheim@127.0.0.1:1/aops"
    migrated.environment["AOPS_BROKER_URL"] = "amqp://mds:geheim@127.0.0.1:1//"

    said = migrated.flask("doctor", code=1)

    assert {"database", "broker"} <= set(problems(said))
    assert "geheim" not in said


@pytest.mark.parametrize("url", ["mysql+pymysql://mds:x@127.0.0.1:1/aops", "sqlite:////etc/passwd"])
def test_a_database_that_is_away_or_none_keeps_no_check_from_being_made(migrated: Aops, url: str):
    migrated.environment["AOPS_DATABASE_URL"] = url

    said = migrated.flask("doctor", code=1)

    assert list(levels(said)) == EVERY_CHECK
    assert "database" in problems(said)
    assert levels(said)["migrations"] == levels(said)["scheduler"] == "warning"
    assert levels(said)["sealing key"] == "warning"
    assert "Traceback" not in said


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_a_wrong_sealing_key_is_one_problem_among_the_other_checks(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
):
    aops = installed_on(tmp_path, kind, request)
    with replaced(aops.home / "keys" / "seal.key", base64.b64encode(secrets.token_bytes(32))):
        said = aops.flask("doctor", code=1)

    assert list(levels(said)) == EVERY_CHECK
    assert set(problems(said)) == {"sealing key", "workers", "scheduler"}
    assert "is not the one that sealed the secrets in this database. Restore" in said


@pytest.mark.parametrize("spoil", ["missing", "damaged", "readable by others"])
def test_a_sealing_key_that_cannot_be_used_is_one_problem_too(
    migrated: Aops, tmp_path: Path, spoil: str
):
    shutil.copytree(migrated.home / "keys", tmp_path / "keys")
    key = tmp_path / "keys" / "seal.key"
    migrated.environment["AOPS_KEYS"] = str(tmp_path / "keys")
    match spoil:
        case "missing":
            key.unlink()
        case "damaged":
            key.write_text("no key")
        case _:
            key.chmod(0o644)

    said = migrated.flask("doctor", code=1)

    assert list(levels(said)) == EVERY_CHECK
    assert str(key) in problems(said)["sealing key"]


def test_with_a_wrong_key_no_other_command_works_because_doctor_is_among_its_words(migrated: Aops):
    with replaced(migrated.home / "keys" / "seal.key", base64.b64encode(secrets.token_bytes(32))):
        said = migrated.flask("user", "create", "doctor", "--role", "viewer", code=1)

    assert said.startswith("Error: The sealing key ")
    assert migrated.query("SELECT count(*) FROM users WHERE username = 'doctor'") == [(0,)]


def test_bubblewrap_is_missed(migrated: Aops, tmp_path: Path):
    migrated.environment["PATH"] = str(tmp_path)

    said = migrated.flask("doctor", code=1)

    assert problems(said)["sandbox"].startswith("Runs are refused on this machine. Install")
    assert "openssh-client" in said


def test_refused_namespaces_are_told_with_what_bubblewrap_says(migrated: Aops, tmp_path: Path):
    bwrap = tmp_path / "bwrap"
    bwrap.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    bwrap.chmod(0o755)
    migrated.environment["PATH"] = f"{tmp_path}:{os.environ['PATH']}"

    said = problems(migrated.flask("doctor", code=1))

    assert "Bubblewrap says: bwrap: No permissions to create new namespace" in said["sandbox"]


@pytest.mark.parametrize("isolation", ["preferred", "off"])
def test_runs_that_somebody_allowed_without_a_sandbox_are_a_warning(
    monkeypatch: pytest.MonkeyPatch, isolation: str
):
    status = SandboxStatus(works=False, detail="Install it.")
    monkeypatch.setattr(checks_here.sandbox, "probe", lambda: status)

    with pytest.raises(Caution, match=r"not isolated on this machine. Install|all that aops sees"):
        checks_here.sandbox_(SimpleNamespace(isolation=isolation))


@pytest.mark.parametrize(
    ("free", "finding"), [(4 * GIB, Problem), (8 * GIB, Caution), (400 * 1024**2, Problem)]
)
def test_a_disk_that_is_or_gets_full_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, finding: type[Exception]
):
    usage = shutil._ntuple_diskusage(total=100 * GIB, used=0, free=free)
    monkeypatch.setattr(checks_of_system.shutil, "disk_usage", lambda _path: usage)

    with pytest.raises(finding, match=r"GiB \(\d%\) free in .*512 MiB or 5 %"):
        checks_of_system.disk(SimpleNamespace(home=tmp_path))


def test_a_disk_without_inodes_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    usage = shutil._ntuple_diskusage(total=100 * GIB, used=0, free=50 * GIB)
    monkeypatch.setattr(checks_of_system.shutil, "disk_usage", lambda _path: usage)
    files = SimpleNamespace(f_files=1_000, f_favail=10)
    monkeypatch.setattr(checks_of_system.os, "statvfs", lambda _path: files)

    with pytest.raises(Problem, match="hardly any inode"):
        checks_of_system.disk(SimpleNamespace(home=tmp_path))


def test_small_shared_memory_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    usage = shutil._ntuple_diskusage(total=64 << 20, used=0, free=3 << 20)
    monkeypatch.setattr(checks_of_system.shutil, "disk_usage", lambda _path: usage)

    with pytest.raises(Caution, match=r"Only 3 MiB free in /dev/shm.*remount"):
        checks_of_system.shared_memory(SimpleNamespace())


def test_missing_shared_memory_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks_of_system, "_SHARED_MEMORY", tmp_path / "shm")

    with pytest.raises(Problem, match="mount -t tmpfs"):
        checks_of_system.shared_memory(SimpleNamespace())


def test_another_account_than_that_of_the_services_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(checks_of_system.os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(Problem, match="what you write there, the services cannot"):
        checks_of_system.account(SimpleNamespace(home=tmp_path))


def test_root_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks_of_system.os, "geteuid", lambda: 0)

    with pytest.raises(Caution, match="runs as root"):
        checks_of_system.account(SimpleNamespace(home=Path("/proc/1")))


def test_a_clock_that_is_not_the_databases_is_a_problem(migrated: Aops):
    code = (
        "from datetime import timedelta\n"
        "from flask import current_app\n"
        "from aops.app import create_app\n"
        "from aops.cli import checks_of_database as checks\n"
        "real = checks.clock.now\n"
        "checks.clock.now = lambda: real() + timedelta(seconds=90)\n"
        "with create_app().app_context():\n"
        "    try: checks.clock_(None)\n"
        "    except checks.Problem as problem: print(problem)\n"
    )

    said = migrated.run("python", "-c", code)

    assert re.search(r"clock is (89|90|91) s ahead of the database's. Let both follow", said)


def test_a_check_that_fails_itself_is_a_problem_and_not_the_last_one(
    migrated: Aops, tmp_path: Path
):
    migrated.environment["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
    (tmp_path / "bwrap").write_text("neither a script nor a program")
    (tmp_path / "bwrap").chmod(0o755)

    said = migrated.flask("doctor", code=1)

    assert problems(said)["sandbox"].startswith("It could not be looked at: OSError: ")
    assert list(levels(said)) == EVERY_CHECK


def levels(said: str) -> dict[str, str]:
    """Give the first word of each check's line."""
    found = re.findall(r"^(.{7})  (.{13})  .+$", said, re.MULTILINE)
    return {name.strip(): level.strip() for level, name in found}


def problems(said: str) -> dict[str, str]:
    """Give what is a problem, with the advice; the built files are not of interest."""
    found = re.findall(r"^problem  (.{13})  (.*)$", said, re.MULTILINE)
    return {name.strip(): advice for name, advice in found if name.strip() != "assets"}


def installed_on(home: Path, kind: str, request: pytest.FixtureRequest) -> Aops:
    """Make tables and keys in a database of that kind."""
    aops = Aops(home)
    if kind == "mariadb":
        server: MariaDb = request.getfixturevalue("mariadb")
        aops.environment["AOPS_DATABASE_URL"] = server.create_database("aops_doctor").socket_url
    aops.flask("db", "upgrade")
    aops.flask("user", "list")
    return aops


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aops]:
    """Tables and keys; nothing runs."""
    aops = Aops(tmp_path_factory.mktemp("doctor"))
    aops.flask("db", "upgrade")
    aops.flask("user", "create", "admin", "--role", "admin")
    return aops


@pytest.fixture
def migrated(installed: Aops) -> Aops:
    """The same for each test, with an environment of its own."""
    return Aops(installed.home)
