"""The one place where stored secrets are read.

They are read as plain rows, never into the models, so that no page, log or error can
come upon one by accident.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from aops.core.crypto import KeyMissing, Tampered
from aops.core.database import session
from aops.core.errors import AopsError
from aops.credentials import environment as variables
from aops.credentials.models import Credential

_SHORTEST_KEY_LINE = 9
"""The last line of a key may be a few characters, which would be masked everywhere."""


@dataclass(frozen=True, repr=False)
class StoredSecrets:
    """What one credential holds, in the clear."""

    password: str | None = None
    private_key: str | None = None
    passphrase: str | None = None
    become_password: str | None = None
    vault_password: str | None = None
    environment: str | None = None

    def texts(self) -> Iterator[str]:
        """Give what a host or a task could print: one-liners whole, a key line by line."""
        passwords = (self.password, self.passphrase, self.become_password, self.vault_password)
        yield from (text for text in passwords if text)
        yield from key_lines(self.private_key)
        yield from (text for text in self.variables().values() if text)

    def variables(self) -> dict[str, str]:
        """Give the environment variables by name."""
        return variables.read(self.environment) if self.environment else {}


def read(credential: Credential) -> StoredSecrets:
    """Unseal a credential's secrets; a new one has none.

    Raises:
        AopsError: If they cannot be unsealed; names the credential.
    """
    query = select(
        Credential.password,
        Credential.private_key,
        Credential.passphrase,
        Credential.become_password,
        Credential.vault_password,
        Credential.environment,
    ).where(Credential.id == credential.id)
    with session().no_autoflush:
        try:
            row = session().execute(query).first()
        except (KeyMissing, Tampered) as error:
            raise unreadable(credential) from error
    return StoredSecrets(*row) if row else StoredSecrets()


def unreadable(credential: Credential) -> AopsError:
    """Say which credential cannot be used, and what to do."""
    return AopsError(
        _(
            "The secrets of “%(name)s” cannot be read. Enter them again, or restore the "
            "sealing key from your backup.",
            name=credential.name,
        ),
        field="credentials",
    )


def key_lines(private_key: str | None) -> Iterator[str]:
    """Give the lines of a private key that nobody may see."""
    for line in (private_key or "").splitlines():
        if len(line) >= _SHORTEST_KEY_LINE and not line.startswith("-----") and ": " not in line:
            yield line
