"""The base of our commands: what goes wrong becomes one sentence and exit code 1."""

from __future__ import annotations

import getpass
from typing import Any

import click
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from aops.core.actor import Actor, acting_as
from aops.core.database import is_outage
from aops.core.errors import AopsError


class Command(click.Command):
    """A command that acts, for the audit log, as whoever sits at the shell.

    Attributes:
        works_despite_keys: Whether it may run when the keys are not those of the database.
    """

    works_despite_keys = False

    def invoke(self, context: click.Context) -> Any:
        """Run it."""
        problem = current_app.extensions.get("key_problem")
        if problem and not self.works_despite_keys:
            raise click.ClickException(problem)
        try:
            with acting_as(Actor(name=_login(), source="shell")):
                return super().invoke(context)
        except AopsError as error:
            raise click.ClickException(str(error)) from error
        except SQLAlchemyError as error:
            raise click.ClickException(in_words(error)) from error


def in_words(error: SQLAlchemyError) -> str:
    """Say what is wrong with the database, without the SQL."""
    cause = getattr(error, "orig", None) or error
    if "no such table" in str(cause) or "doesn't exist" in str(cause):
        return "The database has no tables yet. Run: flask db upgrade"
    if "no such column" in str(cause) or "Unknown column" in str(cause):
        return "The database's tables are not those of this version. Run: flask db upgrade"
    if is_outage(error):
        return f"The database does not answer: {cause}"
    return f"The database refused: {cause}"


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return "shell"
