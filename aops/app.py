"""Builds the application: a table of contents, one short function per concern."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme
from flask_migrate import Migrate
from sqlalchemy.exc import DatabaseError

from aops.config import Settings, read_settings
from aops.core import (
    assets,
    celery,
    error_pages,
    formatting,
    i18n,
    keyring,
    navigation,
    panels,
    security,
)
from aops.core.database import db, engine_options
from aops.core.views import may
from aops.sidebar import SIDEBAR

FEATURES = (
    "users",
    "credentials",
    "inventory",
    "inventory.bulk",
    "inventory.keys",
    "inventory.imports",
    "inventory.exports",
    "inventory.sources",
    "inventory.facts",
    "inventory.filters",
    "playbooks",
    "jobs",
    "dashboard",
    "audit",
)
"""Every feature whose ``views.register`` adds pages."""

TABLES = (
    "audit",
    "users",
    "credentials",
    "inventory",
    "inventory.imports",
    "inventory.sources",
    "inventory.facts",
    "inventory.filters",
    "playbooks",
    "jobs",
)
"""Every feature and part of a feature that has ``models``."""

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def create_app(settings: Settings | None = None, *, despite_keys: bool = False) -> Flask:
    """Build the console.

    Args:
        settings: Read from the environment when None.
        despite_keys: For who is to tell what is wrong with the keys: build it nonetheless,
            and leave the sentence in ``extensions["key_problem"]``.

    Raises:
        SettingsError: If a setting is unknown or malformed.
        KeyProblem: If the key files are missing, wrong or open to others.
    """
    settings = settings or read_settings()
    app = Flask("aops")
    _prepare_home(settings)
    _configure(app, settings)
    _init_database(app, settings)
    with _key_problem_kept(app) if despite_keys else contextlib.nullcontext():
        _check_keys(app, settings)
    security.init_security(app, settings)
    assets.init_assets(app)
    _init_admin(app)
    i18n.init_i18n(app)
    formatting.init_formatting(app)
    panels.init_panels(app)
    navigation.init_navigation(app, SIDEBAR, may)
    error_pages.init_error_pages(app)
    celery.init_celery(app, settings)
    _init_commands(app)
    return app


def _prepare_home(settings: Settings) -> None:
    os.umask(0o077)
    for folder in (settings.home, settings.runs_dir, settings.spool_dir):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _configure(app: Flask, settings: Settings) -> None:
    app.extensions["settings"] = settings
    app.config.update(
        TESTING=settings.mode == "testing",
        TEMPLATES_AUTO_RELOAD=settings.mode == "development",
        FLASK_ADMIN_FLUID_LAYOUT=True,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _init_database(app: Flask, settings: Settings) -> None:
    for name in TABLES:
        importlib.import_module(f"aops.{name}.models")
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    db.init_app(app)
    Migrate(app, db, directory=str(MIGRATIONS), compare_type=True, render_as_batch=True)


@contextlib.contextmanager
def _key_problem_kept(app: Flask) -> Iterator[None]:
    try:
        yield
    except keyring.KeyProblem as problem:
        app.extensions["key_problem"] = str(problem)


def _check_keys(app: Flask, settings: Settings) -> None:
    app.config["SECRET_KEY"] = keyring.load(settings.keys)
    # A database that is away must not keep the web server from saying so on its pages.
    with app.app_context(), contextlib.suppress(DatabaseError):
        keyring.verify(settings.keys, db.engine)
        db.engine.dispose()  # a worker forks next, and its children must not share a connection


def _init_admin(app: Flask) -> None:
    views = {name: importlib.import_module(f"aops.{name}.views") for name in FEATURES}
    admin = Admin(
        app,
        name="aops",
        url="/",
        index_view=views["dashboard"].HomeView(),
        theme=Bootstrap4Theme(base_template="base.html", fluid=True),
        csp_nonce_generator=security.csp_nonce,
    )
    for view in views.values():
        view.register(admin)


def _init_commands(app: Flask) -> None:
    from aops import cli  # noqa: PLC0415 - the commands need the features imported above

    cli.register(app)
