"""What a new installation needs before anybody can sign in: tables, keys, one admin."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select

from aops.cli import migrations
from aops.config import Settings
from aops.core import keyring
from aops.core.database import db, session
from aops.core.errors import AopsError
from aops.core.permissions import Role
from aops.users import passwords, services
from aops.users.models import User

ADMIN = "admin"


@dataclass(frozen=True)
class FirstAdmin:
    """The account that a new installation begins with.

    Attributes:
        one_time_password: "" when AOPS_ADMIN_PASSWORD gave one.
    """

    username: str
    one_time_password: str


def prepare_database() -> None:
    """Make or update the tables, and make the sealing key of a new database."""
    settings: Settings = current_app.extensions["settings"]
    migrations.upgrade()
    keyring.verify(settings.keys, db.engine)


def make_first_admin(settings: Settings) -> FirstAdmin | None:
    """Make the first account; None if there is any.

    Raises:
        AopsError: If AOPS_ADMIN_PASSWORD is too weak.
    """
    if session().scalar(select(User.id).limit(1)) is not None:
        return None
    given = settings.admin_password
    password = given or passwords.one_time_password()
    try:
        services.create_user(ADMIN, Role.ADMIN, password, must_change_password=not given)
    except AopsError as error:
        raise AopsError(f"AOPS_ADMIN_PASSWORD: {error}") from error
    return FirstAdmin(ADMIN, "" if given else password)
