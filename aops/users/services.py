"""People and their passwords: who may sign in, and what never may happen to an account."""

from __future__ import annotations

import re
from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from aops.audit import services as audit
from aops.core import clock
from aops.core.actor import Actor, acting_as
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Role
from aops.users import passwords, throttle
from aops.users.models import User
from aops.users.sessions import end_all_sessions

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")


class SignInRefused(AopsError):  # noqa: N818 - reads as what happened
    """Name and password do not fit, or it is too early for another try."""


def create_user(
    username: str,
    role: Role,
    password: str,
    *,
    display_name: str = "",
    must_change_password: bool = False,
) -> User:
    """Give a person an account.

    Args:
        username: Is made lower case.
        role: What the person is trusted with.
        password: Must follow passwords.check_rules.
        display_name: What others see; the username when empty.
        must_change_password: True for a one-time password, which no rule is asked about.

    Raises:
        AopsError: At ``username`` or ``password``, saying what is wrong with it.
    """
    username = normal(username)
    _check_username(username)
    if not must_change_password:
        passwords.check_rules(password, username)
    user = User(
        username=username,
        display_name=display_name,
        role=role,
        password_hash=passwords.hash_password(password),
        must_change_password=must_change_password,
    )
    session().add(user)
    try:
        session().flush()
    except IntegrityError as error:
        raise AopsError(_("This username is already taken."), field="username") from error
    return user


def find_user(username: str) -> User | None:
    """Return the person of that name, however it is written."""
    return session().scalar(select(User).where(User.username == normal(username)))


def set_password(user: User, password: str, *, by_self: bool) -> None:
    """Replace a password and end every session of the person.

    Args:
        user: Whose.
        password: The new one.
        by_self: False when somebody else chose it; it must then be changed at the next
            sign-in, and no rule is asked about it.

    Raises:
        AopsError: At ``password``.
    """
    if by_self:
        passwords.check_rules(password, user.username)
        if passwords.matches(user.password_hash, password):
            raise AopsError(_("This is the password you have now."), field="password")
    user.password_hash = passwords.hash_password(password)
    user.must_change_password = not by_self
    session().flush()
    end_all_sessions(user)
    throttle.forgive(user.username)
    audit.record("user.password_changed", user, one_time=not by_self)


def check_password(user: User, password: str) -> None:
    """Make sure that who is signed in is who sits there.

    Raises:
        AopsError: At ``current_password``.
    """
    if not passwords.matches(user.password_hash, password):
        raise AopsError(_("This is not your current password."), field="current_password")


def authenticate(username: str, password: str, source: str) -> User:
    """Return whom a name and a password belong to.

    An unknown name, a wrong password and a deactivated account get the same sentence
    after the same time.

    Raises:
        SignInRefused: With the count of failures flushed: commit it.
    """
    username = normal(username)
    attempt = throttle.Attempt(username, source)
    wait = attempt.wait()
    if wait:
        raise SignInRefused(_too_early(wait))
    nobody = passwords.nobodys_hash()
    user = find_user(username)
    usable = user is not None and user.active
    fits = passwords.matches(user.password_hash if user and usable else nobody, password)
    if user is None or not usable or not fits:
        attempt.fail()
        if user is not None:
            with acting_as(Actor(name="", source=source)):
                audit.record("user.sign_in_refused", user)
        raise SignInRefused(_("Name and password do not fit. Check both and try again."))
    attempt.succeed()
    _note_sign_in(user, password, source)
    return user


def settle_access(user: User) -> None:
    """Carry out what a changed role or a cleared ``active`` means; call before flushing.

    Raises:
        AopsError: At ``role`` or ``active`` if nobody could administer any more.
    """
    if not (user.active and user.role is Role.ADMIN) and not _other_admins(user):
        raise AopsError(
            _("This is the last active administrator. Make somebody else one first."),
            field="role" if user.active else "active",
        )
    if not user.active:
        end_all_sessions(user)


def refuse_deletion(user: User) -> None:
    """Allow deleting only who never signed in; the history of the others stays readable.

    Raises:
        AopsError: Saying what to do instead.
    """
    if user.last_sign_in_at is not None:
        raise AopsError(
            _("%(name)s has signed in before. Deactivate the account instead.", name=str(user))
        )
    if user.active and user.role is Role.ADMIN and not _other_admins(user):
        raise AopsError(_("This is the last active administrator. Make somebody else one first."))


def normal(username: str) -> str:
    """Spell a username as it is stored."""
    return username.strip().lower()


def _check_username(username: str) -> None:
    if not _USERNAME.fullmatch(username):
        raise AopsError(
            _(
                "A username has at most 64 characters: letters from a to z, digits, and "
                ". _ @ + - after the first."
            ),
            field="username",
        )


def _other_admins(user: User) -> list[int]:
    """Find who else administers; locks them, so that two admins cannot demote each other."""
    with session().no_autoflush:
        admins = session().scalars(
            select(User.id).where(User.role == Role.ADMIN, User.active).with_for_update()
        )
        return [user_id for user_id in admins if user_id != user.id]


def _note_sign_in(user: User, password: str, source: str) -> None:
    if passwords.hasher.check_needs_rehash(user.password_hash):
        user.password_hash = passwords.hash_password(password)
        session().flush()
    session().execute(  # not through the object: an open edit form must not become stale
        update(User)
        .where(User.id == user.id)
        .values(last_sign_in_at=clock.now(), updated_at=User.updated_at)
    )
    with acting_as(Actor(name=user.username, user_id=user.id, source=source)):
        audit.record("user.signed_in", user)


def _too_early(wait: timedelta) -> str:
    minutes = -(-int(wait.total_seconds()) // 60) or 1
    return str(
        ngettext(
            "Too many failed tries. Try again in %(num)d minute.",
            "Too many failed tries. Try again in %(num)d minutes.",
            minutes,
        )
    )
