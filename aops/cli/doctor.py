"""``flask doctor``: looks at everything that aops stands on, and says what to do."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from aops.cli import checks_here, checks_of_database
from aops.cli.command import Command, in_words
from aops.cli.finding import Problem
from aops.config import Settings
from aops.core.database import session

CHECKS: tuple[tuple[str, Callable[[Settings], str]], ...] = (
    ("database", checks_of_database.database),
    ("migrations", checks_of_database.migrations_),
    ("clock", checks_of_database.clock_),
    ("workers", checks_of_database.workers),
    ("scheduler", checks_of_database.scheduler),
    ("broker", checks_here.broker),
    ("sealing key", checks_here.sealing_key),
    ("disk", checks_here.disk),
    ("Ansible", checks_here.ansible),
    ("sandbox", checks_here.sandbox_),
    ("assets", checks_here.assets),
    ("translations", checks_here.translations),
)
"""Each gives what it found, or raises Problem with what to do."""


@click.command("doctor", cls=Command)
@with_appcontext
def doctor() -> None:
    """Check this installation: each line says ok, or what to do."""
    settings: Settings = current_app.extensions["settings"]
    failures = sum(not _say(name, check, settings) for name, check in CHECKS)
    if failures:
        raise click.exceptions.Exit(1)


def _say(name: str, check: Callable[[Settings], str], settings: Settings) -> bool:
    try:
        found = check(settings)
    except Problem as problem:
        return _fail(name, str(problem))
    except SQLAlchemyError as error:
        return _fail(name, in_words(error))
    finally:
        session().rollback()
    click.echo(f"{click.style('ok  ', fg='green')}  {name:<12}  {found}")
    return True


def _fail(name: str, advice: str) -> bool:
    click.echo(f"{click.style('FAIL', fg='red', bold=True)}  {name:<12}  {advice}")
    return False
