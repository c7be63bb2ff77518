"""What every test may ask for: the app on both databases, a client, and the cast.

The database is real; each test runs in a transaction that is rolled back, so that
the code under test may commit as it likes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask_migrate import upgrade
from hypothesis import settings
from sqlalchemy.orm import Session

from aops.app import create_app
from aops.config import read_settings
from aops.core.database import db
from aops.core.permissions import Role
from aops.inventory import index
from aops.users import passwords
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
"""The same examples each time, so that a commit is blamed for what it broke and nothing else."""

pytest_plugins = ["tests.services.fixtures", "tests.e2e.fixtures"]


WHOLE_SYSTEM = ("e2e", "faults", "test_start.py", "test_production.py")
"""Tests that start all of aops; one after the other, or they starve each other."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the whole system, so that `make test` can run them by themselves."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in WHOLE_SYSTEM:
            item.add_marker(pytest.mark.system)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Call a skipped test what it is here: one that did not run."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and skipped is not green"


@pytest.fixture(autouse=True)
def _cheap_hashes(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Hash with the factories' parameters, except where a test is about the real ones."""
    if "real_hashes" not in request.fixturenames:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        monkeypatch.setattr(passwords, "hasher", cheap)
    passwords.nobodys_hash.cache_clear()
    yield
    passwords.nobodys_hash.cache_clear()


@pytest.fixture(scope="session", params=["sqlite", "mariadb"])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The console on a migrated database, once on each kind."""
    home = tmp_path_factory.mktemp(f"home-{request.param}")
    environ = {"APP_MODE": "testing", "AOPS_HOME": str(home), "AOPS_ISOLATION": "required"}
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        environ["AOPS_DATABASE_URL"] = server.create_database("aops_tests").socket_url
    app = create_app(read_settings(environ))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return create_app(read_settings(environ))  # now the sealing key can be made


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """The session, in a transaction that ends with the test."""
    with app.app_context():
        engine = db.engine
        connection = engine.connect()
        transaction = connection.begin()
        ours = db.session
        db.engines[None] = connection  # type: ignore[assignment]
        db.session = db._make_scoped_session({"join_transaction_mode": "create_savepoint"})
        index.forget()  # what another test had under the same id
        try:
            yield db.session()
        finally:
            db.session.remove()
            db.session = ours
            db.engines[None] = engine
            transaction.rollback()
            connection.close()


@pytest.fixture
def client(app: Flask, session: Session) -> ConsoleClient:
    """A browser in which nobody is signed in."""
    return ConsoleClient(app, session)


@pytest.fixture
def alice(session: Session) -> User:
    """She administers."""
    return factories.make_user("alice", Role.ADMIN)


@pytest.fixture
def arthur(session: Session) -> User:
    """He writes playbooks."""
    return factories.make_user("arthur", Role.AUTHOR)


@pytest.fixture
def oscar(session: Session) -> User:
    """He operates."""
    return factories.make_user("oscar", Role.OPERATOR)


@pytest.fixture
def victor(session: Session) -> User:
    """He only views."""
    return factories.make_user("victor", Role.VIEWER)
