"""``flask user``: accounts from the shell, also when nobody can sign in any more."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from aops.cli.command import Command
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Role
from aops.users import passwords, services
from aops.users.models import User

user = AppGroup("user", help="Make accounts, and set passwords.")
_from_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@user.command("create", cls=Command)
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--display-name", default="", help="How pages call the person.")
@_from_stdin
@with_appcontext
def create(name: str, role: str, display_name: str, *, password_stdin: bool) -> None:
    """Make an account; without --password-stdin it gets a one-time password."""
    password = _read_password() if password_stdin else passwords.one_time_password()
    made = services.create_user(
        name,
        Role(role),
        password,
        display_name=display_name,
        must_change_password=not password_stdin,
    )
    session().commit()
    click.echo(f"{made.username} may now sign in as {made.role.value}.")
    if not password_stdin:
        _tell(password)


@user.command("set-password", cls=Command)
@click.argument("name")
@_from_stdin
@with_appcontext
def set_password(name: str, *, password_stdin: bool) -> None:
    """Replace a password, end the account's sessions, and ask for a new one at sign-in."""
    person = services.find_user(name)
    if person is None:
        raise AopsError(f"There is no account {name}. `flask user list` names them.")
    password = _read_password() if password_stdin else passwords.one_time_password()
    services.set_password(person, password, by_self=False)
    session().commit()
    click.echo(f"The password of {person.username} was changed, and its sessions were ended.")
    if not password_stdin:
        _tell(password)


@user.command("list", cls=Command)
@with_appcontext
def list_users() -> None:
    """Name the accounts with role, state and last sign-in."""
    for person in session().scalars(select(User).order_by(User.username)):
        state = "active" if person.active else "deactivated"
        seen = f"{person.last_sign_in_at:%Y-%m-%d %H:%M} UTC" if person.last_sign_in_at else "never"
        click.echo(f"{person.username:<24} {person.role.value:<9} {state:<12} last sign-in {seen}")


def _read_password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise AopsError("Standard input holds no password.")
    return password


def _tell(password: str) -> None:
    click.echo(f"One-time password: {password}")
