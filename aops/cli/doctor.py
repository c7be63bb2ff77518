"""``flask doctor``: looks at everything that aops stands on, and says what to do.

Every check is made whatever the others find, also when the keys are wrong and the
database is away: who looks for one cause should see all of them.
"""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from aops.cli import checks_here, checks_of_database, checks_of_system
from aops.cli.command import Command, in_words
from aops.cli.finding import Caution, Finding, Problem
from aops.config import Settings
from aops.core.database import session

Check = Callable[[Settings], str]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("account", checks_of_system.account),
    ("database", checks_of_database.database),
    ("migrations", checks_of_database.migrations_),
    ("clock", checks_of_database.clock_),
    ("workers", checks_of_database.workers),
    ("scheduler", checks_of_database.scheduler),
    ("broker", checks_here.broker),
    ("sealing key", checks_here.sealing_key),
    ("disk", checks_of_system.disk),
    ("shared memory", checks_of_system.shared_memory),
    ("Ansible", checks_here.ansible),
    ("SSH", checks_of_system.ssh),
    ("sandbox", checks_here.sandbox_),
    ("assets", checks_here.assets),
    ("translations", checks_here.translations),
)
"""Each gives what it found, or raises a Finding with what to do."""

NEED_DATABASE = ("migrations", "clock", "workers", "scheduler")
"""They would only repeat, each after a while, that it does not answer."""


class _DoctorCommand(Command):
    works_despite_keys = True


@click.command("doctor", cls=_DoctorCommand)
@with_appcontext
def doctor() -> None:
    """Check this installation: each line says ok, or what to do."""
    settings: Settings = current_app.extensions["settings"]
    found: dict[str, Finding | None] = {}
    for name, check in CHECKS:
        in_vain = name in NEED_DATABASE and found["database"] is not None
        found[name] = _say(name, _without_database if in_vain else check, settings)
    if any(isinstance(finding, Problem) for finding in found.values()):
        raise click.exceptions.Exit(1)


def _say(name: str, check: Check, settings: Settings) -> Finding | None:
    try:
        said = _look(check, settings)
    except Finding as finding:
        level = click.style(f"{finding.level:<7}", fg=finding.colour, bold=True)
        click.echo(f"{level}  {name:<13}  {finding}")
        return finding
    click.echo(f"{click.style('ok     ', fg='green')}  {name:<13}  {said}")
    return None


def _without_database(_settings: Settings) -> str:
    raise Caution("Not looked at, because the database does not answer.")


def _look(check: Check, settings: Settings) -> str:
    """Turn whatever goes wrong in a check into a finding, so that the next one is made."""
    try:
        return check(settings)
    except Finding:
        raise
    except SQLAlchemyError as error:
        raise Problem(in_words(error)) from error
    except Exception as error:
        raise Problem(f"It could not be looked at: {type(error).__name__}: {error}") from error
    finally:
        session().rollback()
