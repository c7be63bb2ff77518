"""The way into production that README shows, word for word, on real services."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.embedded import BIN, PROJECT, Aops, Browser
from tests.services.mariadb import MariaDb
from tests.services.processes import wait_until
from tests.services.rabbitmq import RabbitMq
from tests.services.redis import Redis
from tests.services.server import accepts, end

SQL = """\
CREATE DATABASE `aops` /*!40100 COLLATE 'utf8_unicode_ci' */;
CREATE USER 'mds'@'%' IDENTIFIED BY 'Pwd@123';
GRANT ALL PRIVILEGES ON aops.* to mds@"%" IDENTIFIED by "Pwd@123";
FLUSH PRIVILEGES;
"""
GUNICORN = "gunicorn --workers 4 -k gevent -n aops_server aops"
SERVERS = (GUNICORN, "gunicorn wsgi:app", "flask run")
TEXT = "emoji 🦊, 中文, NUL \x00, invalid \udcff"


def test_the_manuals_hold_exactly_this(manual: str):
    for words in (*SQL.splitlines(), "flask db upgrade", GUNICORN, "celery -A aops.worker worker"):
        assert words in manual


@pytest.mark.parametrize("command", SERVERS)
def test_each_server_serves_the_console(production: Aops, command: str):
    with running(production, command):
        page = wait_until(lambda: fetch(production), 60, f"{command} to answer")

        assert "<form" in page


def test_gunicorn_leaves_nothing_in_the_home_directory(production: Aops):
    with running(production, GUNICORN):
        wait_until(lambda: fetch(production), 60, "gunicorn to answer")

    assert not (production.home / ".gunicorn").exists()


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_a_launch_reaches_a_worker_through_the_broker(
    production: Aops, broker: str, request: pytest.FixtureRequest
):
    production.environment["AOPS_BROKER_URL"] = broker_url(broker, request)
    with running(production, "celery -A aops.worker worker"):
        wait_until(lambda: "No worker" not in doctor(production), 60, "the worker to report")

        job = production.run("python", "-c", LAUNCH).split()[-1]

        assert wait_for_end(production, job) == "successful"
        assert re.search(r"^ok +broker", doctor(production), re.MULTILINE)


def test_the_workers_stop_when_they_are_asked(production: Aops, redis_server: Redis):
    production.environment["AOPS_BROKER_URL"] = redis_server.tcp_url
    with running(production, "celery -A aops.worker worker") as process:
        wait_until(lambda: "No worker" not in doctor(production), 60, "the worker to report")

        process.send_signal(signal.SIGTERM)

        assert process.wait(30) == 0


@pytest.mark.parametrize("database", ["sqlite", "mariadb"])
def test_the_models_are_what_the_migrations_make(
    tmp_path: Path, database: str, request: pytest.FixtureRequest
):
    aops = Aops(tmp_path, APP_MODE="production")
    if database == "mariadb":
        aops = request.getfixturevalue("production")
    else:
        aops.flask("db", "upgrade")
    before = sorted((PROJECT / "migrations" / "versions").glob("*.py"))

    said = aops.flask("db", "migrate")

    assert "No difference between the models and the database." in said
    assert sorted((PROJECT / "migrations" / "versions").glob("*.py")) == before


def test_everything_a_host_prints_survives_in_a_three_byte_database(production: Aops):
    said = production.run("python", "-c", ROUND_TRIP)

    assert said.splitlines()[-1] == "the same"


def test_a_database_that_is_away_is_a_sentence(production: Aops):
    production.environment["AOPS_DATABASE_URL"] = "mysql+pymysql://mds:secret@127.0.0.1:1/aops"

    said = production.flask("doctor", code=1)

    assert re.search(r"^problem +database +The database does not answer", said, re.MULTILINE)
    assert "secret" not in said
    assert "Traceback" not in said


def test_a_web_server_starts_without_its_database_and_says_so(production: Aops):
    production.environment["AOPS_DATABASE_URL"] = "mysql+pymysql://mds:secret@127.0.0.1:1/aops"
    with running(production, GUNICORN):
        wait_until(lambda: accepts(production.port), 60, "gunicorn to listen")

        page = Browser(production).post("/sign-in", username="admin", password="any")

    assert "The database does not answer" in page
    assert "Traceback" not in page


LAUNCH = """
from aops import create_app
from aops.cli import demo
from aops.core.database import session
with create_app().app_context():
    job = demo.launch().id
    session().commit()
    print(job)
"""

ROUND_TRIP = f"""
from aops import create_app
from aops.core.database import db, session
from aops.jobs.models import JobOutput, Job
from aops.jobs.sink import Sink
from aops.core.masking import Masker
records = []
sink = Sink(records.append, Masker(()))
sink.output({TEXT!r}.encode("utf-8", "surrogateescape") + b"\\n")
sink.flush()
with create_app().app_context():
    session().add(Job(launch_key="x", name="{TEXT[:12]}", playbook_name="中文", inventory_name="🦊",
                      launched_by_name="x"))
    session().flush()
    job = session().query(Job).filter_by(launch_key="x").one()
    text = records[0]["text"]
    session().add(JobOutput(job_id=job.id, seq=1, attempt=1, first_line=1, line_count=1, text=text))
    session().flush()
    session().expire_all()
    stored = session().query(JobOutput).filter_by(job_id=job.id).one().text
    assert "🦊" in stored and "中文" in stored and "invalid" in stored, stored
    print("the same" if stored == text and job.inventory_name == "🦊" else repr(stored))
"""


def fetch(aops: Aops) -> str:
    try:
        return Browser(aops).get("/sign-in")
    except OSError:
        return ""


def doctor(aops: Aops) -> str:
    done = subprocess.run(
        [BIN / "flask", "--app", "aops", "doctor"],
        env=aops.environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def wait_for_end(aops: Aops, job: str) -> str:
    status = f"""
from aops import create_app
from aops.core.database import session
from aops.jobs.models import Job
import time
with create_app().app_context():
    while not (job := session().get(Job, {job}, populate_existing=True)).finished:
        session().rollback()
        time.sleep(0.2)
    print(job.status.value)
"""
    return aops.run("python", "-c", status).split()[-1]


def broker_url(broker: str, request: pytest.FixtureRequest) -> str:
    name = "redis_server" if broker == "redis" else "rabbitmq"
    server: Redis | RabbitMq = request.getfixturevalue(name)
    return server.tcp_url if isinstance(server, Redis) else server.url


@contextmanager
def running(aops: Aops, command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command line of the manual; only the port is the test's own."""
    program, *arguments = command.split()
    port = {"flask": ("--port", str(aops.port))}.get(program, ())
    with (aops.home / f"{program}.log").open("wb") as log:
        process = subprocess.Popen(
            [BIN / program, *arguments, *port],
            env=aops.environment | {"FLASK_APP": "aops"},
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        end([process.pid, *(found.pid for found in aops.processes())])
        process.wait()


@pytest.fixture(scope="module")
def manual() -> str:
    """What an administrator reads."""
    return (PROJECT / "README.md").read_text() + (PROJECT / "docs" / "production.md").read_text()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[MariaDb, str]]:
    """A database server of our own, since the SQL names the account and the database."""
    with ExitStack() as stack:
        mariadb = stack.enter_context(MariaDb(fast=True))
        mariadb.execute(*filter(None, (line.strip().rstrip(";") for line in SQL.splitlines())))
        yield mariadb, f"mysql+pymysql://mds:Pwd%40123@127.0.0.1:{mariadb.port}/aops"


@pytest.fixture(scope="module")
def migrated(server: tuple[MariaDb, str], tmp_path_factory: pytest.TempPathFactory) -> Aops:
    """Tables and the first account."""
    aops = Aops(tmp_path_factory.mktemp("production"), AOPS_DATABASE_URL=server[1])
    aops.flask("db", "upgrade")
    aops.flask("user", "create", "admin", "--role", "admin")
    return aops


@pytest.fixture
def production(migrated: Aops) -> Aops:
    """The same installation for each test, with an environment and a port of its own."""
    return Aops(migrated.home, AOPS_DATABASE_URL=migrated.environment["AOPS_DATABASE_URL"])
