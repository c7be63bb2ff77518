"""An app for reading inventories, which needs settings and a language and nothing more."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel

from aops.config import read_settings


@pytest.fixture(scope="module")
def reading_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app where isolation is required, with its context."""
    home = tmp_path_factory.mktemp("home")
    environ = {"APP_MODE": "testing", "AOPS_HOME": str(home), "AOPS_ISOLATION": "required"}
    app = Flask("reading")
    app.extensions["settings"] = read_settings(environ)
    Babel(app)
    with app.app_context():
        yield app
