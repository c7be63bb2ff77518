"""Credentials: what is needed to log in to hosts and to open vaults."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from aops.audit.models import Audited
from aops.core.columns import LongText, Name, Sealed, ShortText, Timestamp, enum_column
from aops.core.database import Model
from aops.core.versions import Versioned


class CredentialType(StrEnum):
    """What a credential opens."""

    MACHINE = "machine"
    """Hosts: a user with a password or a private key, and perhaps ``become``."""

    VAULT = "vault"
    """Values encrypted by ansible-vault."""

    ENVIRONMENT = "environment"
    """Environment variables, such as a cloud's access key, for a dynamic source."""


class Credential(Audited, Versioned, Model):
    """Secrets under a name; the secrets are sealed, and never shown again.

    Attributes:
        username: ``remote_user``; empty leaves it to the inventory.
        private_key: As it was pasted, in OpenSSH or PEM form; still encrypted when it
            came with a passphrase.
        public_key: What belongs to the private key, as for authorized_keys; not secret.
        fingerprint: SHA256 form of the public key.
        become_user: Whom to become; empty means root.
        environment: ``NAME=value`` on each line; sealed as a whole.
        vault_id: The label of a vault credential; "default" when none was given.
    """

    __tablename__ = "credentials"
    audit_name = "credential"
    audit_fields = (
        "name",
        "type",
        "description",
        "username",
        "password",
        "private_key",
        "passphrase",
        "fingerprint",
        "become_method",
        "become_user",
        "become_password",
        "vault_id",
        "vault_password",
        "environment",
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    type: Mapped[CredentialType] = mapped_column(enum_column(CredentialType))
    description: Mapped[str] = mapped_column(ShortText, default="")

    username: Mapped[str] = mapped_column(ShortText, default="")
    password: Mapped[str | None] = mapped_column(Sealed, deferred=True, deferred_raiseload=True)
    private_key: Mapped[str | None] = mapped_column(Sealed, deferred=True, deferred_raiseload=True)
    passphrase: Mapped[str | None] = mapped_column(Sealed, deferred=True, deferred_raiseload=True)
    public_key: Mapped[str] = mapped_column(LongText, default="")
    fingerprint: Mapped[str] = mapped_column(ShortText, default="")
    become_method: Mapped[str] = mapped_column(ShortText, default="")
    become_user: Mapped[str] = mapped_column(ShortText, default="")
    become_password: Mapped[str | None] = mapped_column(
        Sealed, deferred=True, deferred_raiseload=True
    )

    vault_id: Mapped[str] = mapped_column(ShortText, default="")
    vault_password: Mapped[str | None] = mapped_column(
        Sealed, deferred=True, deferred_raiseload=True
    )

    environment: Mapped[str | None] = mapped_column(Sealed, deferred=True, deferred_raiseload=True)

    last_used_at: Mapped[datetime | None] = mapped_column(Timestamp)

    def __str__(self) -> str:
        return self.name
