"""People, and the sessions in which they are signed in."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aops.audit.models import Audited
from aops.core import clock
from aops.core.columns import Name, ShortText, Timestamp, enum_column
from aops.core.database import TABLE_OPTIONS, Model
from aops.core.permissions import Role
from aops.core.versions import Versioned


class User(Audited, Versioned, Model):
    """A person with an account.

    Attributes:
        username: Lower case; what one types to sign in.
        password_hash: Argon2id.
        must_change_password: True after a one-time password.
        locale: A key of core.i18n.LOCALES, or None to follow the browser.
    """

    __tablename__ = "users"
    audit_name = "user"
    audit_fields = ("username", "display_name", "role", "active", "must_change_password")

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(Name, unique=True)
    display_name: Mapped[str] = mapped_column(Name, default="")
    role: Mapped[Role] = mapped_column(enum_column(Role), default=Role.VIEWER)
    password_hash: Mapped[str] = mapped_column(ShortText)
    active: Mapped[bool] = mapped_column(default=True)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str | None] = mapped_column(ShortText)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(Timestamp)

    is_authenticated: ClassVar[bool] = True  # what Flask-Login's current_user is asked
    is_anonymous: ClassVar[bool] = False

    def __str__(self) -> str:
        return self.display_name or self.username


class UserSession(Model):
    """One browser in which a person is signed in; deleting the row signs it out.

    Attributes:
        token_hash: SHA-256 of the random token in the browser's cookie.
    """

    __tablename__ = "user_sessions"
    __table_args__ = (Index("ix_user_sessions_expires_at", "expires_at"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(ShortText, unique=True)
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(Timestamp)
    source: Mapped[str] = mapped_column(ShortText, default="")
    user_agent: Mapped[str] = mapped_column(ShortText, default="")

    user: Mapped[User] = relationship(lazy="joined")


class SignInFailure(Model):
    """How often signing in failed lately, for one account or one address.

    Attributes:
        subject: ``user:NAME`` or ``source:ADDRESS``.
        since: When the latest of them happened; the wait counts from then.
    """

    __tablename__ = "sign_in_failures"

    subject: Mapped[str] = mapped_column(ShortText, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)
