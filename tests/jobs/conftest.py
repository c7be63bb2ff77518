"""A database of its own for tests whose threads must see each other's commits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_migrate import upgrade

from aops.app import create_app
from aops.config import read_settings
from aops.core.database import Model, db


@pytest.fixture(scope="session", params=["sqlite", "mariadb"])
def shared_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The console on a database in which nothing is rolled back."""
    home = tmp_path_factory.mktemp(f"shared-{request.param}")
    environ = {"APP_MODE": "testing", "AOPS_HOME": str(home)}
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        environ["AOPS_DATABASE_URL"] = server.create_database("aops_shared").socket_url
    app = create_app(read_settings(environ))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return create_app(read_settings(environ))


@pytest.fixture
def committed(shared_app: Flask) -> Iterator[Flask]:
    """The same, emptied after the test."""
    yield shared_app
    with shared_app.app_context():
        for table in reversed(Model.metadata.sorted_tables):
            if table.name != "seal_checks":
                db.session.execute(table.delete())
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
