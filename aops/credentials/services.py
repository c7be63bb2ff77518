"""Saving credentials, and handing their secrets to a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

from flask_babel import gettext as _
from sqlalchemy import inspect, select, update

from aops.core import clock
from aops.core.database import session
from aops.core.errors import AopsError
from aops.credentials import environment, keys, rules, unsealed
from aops.credentials.models import Credential, CredentialType
from aops.execution.spec import Secrets, VaultPassword


def save(
    credential: Credential,
    *,
    typed: Mapping[str, str],
    removed: Collection[str] = (),
    new_key: bool = False,
) -> None:
    """Check a credential, and take over its secrets.

    Args:
        credential: Its plain fields are already filled.
        typed: Secret field to what was typed; an empty text keeps what is stored.
        removed: Secret fields to clear; a typed value wins over that.
        new_key: Make a key pair in place of the stored private key.

    Raises:
        AopsError: At the field that has to change; the credential is then half filled
            and must not be flushed.
    """
    _refuse_change_of_type(credential)
    typed = {name: text for name, text in typed.items() if text}
    rules.check_secrets(typed)
    if credential.type is CredentialType.VAULT:
        _save_vault(credential, typed)
        return
    if credential.type is CredentialType.ENVIRONMENT:
        _save_environment(credential, typed)
        return
    rules.check_machine(credential)
    _save_key(credential, typed, removed=removed, new_key=new_key)
    for name in ("password", "become_password"):
        if name in typed or name in removed:
            setattr(credential, name, typed.get(name))


def stored_secrets(credential: Credential) -> frozenset[str]:
    """Say which secret fields hold something, without reading any."""
    names = [name for fields in rules.SECRET_FIELDS.values() for name in fields]
    held = [getattr(Credential, name).is_not(None).label(name) for name in names]
    with session().no_autoflush:
        row = session().execute(select(*held).where(Credential.id == credential.id)).first()
    return frozenset(name for name in names if row is not None and getattr(row, name))


def make_key_pair(credential: Credential) -> keys.KeyFacts:
    """Give a credential a new ed25519 key; only the public half is ever shown."""
    return _set_key(credential, keys.generate_ed25519(), passphrase=None)


def mark_used(credential_ids: Iterable[int]) -> None:
    """Note that a run used these, without making them look edited."""
    session().execute(
        update(Credential)
        .where(Credential.id.in_(list(credential_ids)))
        .values(last_used_at=clock.now(), updated_at=Credential.updated_at)
        .execution_options(synchronize_session=False)
    )


def refuse_conflicts(credentials: Sequence[Credential]) -> None:
    """Refuse credentials that one run cannot use together, or not at all.

    Raises:
        AopsError: At ``credentials``, naming the one or the two.
    """
    for one in credentials:
        if one.type is CredentialType.ENVIRONMENT:
            raise AopsError(
                _(
                    "“%(name)s” holds environment variables, which only dynamic sources of an "
                    "inventory get: leave it out here.",
                    name=one.name,
                ),
                field="credentials",
            )
    for one, other in combinations(credentials, 2):
        names = {"one": one.name, "other": other.name}
        if one.type is other.type is CredentialType.MACHINE:
            raise AopsError(
                _("“%(one)s” and “%(other)s” both log in to hosts: choose one.", **names),
                field="credentials",
            )
        if one.type is other.type and one.vault_id == other.vault_id:
            raise AopsError(
                _(
                    "“%(one)s” and “%(other)s” have the same vault ID “%(id)s”: choose one.",
                    id=one.vault_id,
                    **names,
                ),
                field="credentials",
            )


def machine_of(credentials: Iterable[Credential]) -> Credential | None:
    """Give the machine credential, whose user names are plain columns."""
    return next((one for one in credentials if one.type is CredentialType.MACHINE), None)


def secrets_for_run(credentials: Sequence[Credential]) -> Secrets:
    """Unseal what a run needs; its extra variables are the caller's to add.

    Raises:
        AopsError: If the credentials conflict, or cannot be unsealed or opened.
    """
    refuse_conflicts(credentials)
    machine = machine_of(credentials)
    vaults = [one for one in credentials if one.type is CredentialType.VAULT]
    stored = unsealed.read(machine) if machine else unsealed.StoredSecrets()
    return Secrets(
        private_key=_opened_key(machine, stored) if machine else None,
        connection_password=stored.password,
        become_password=stored.become_password,
        vault_passwords=tuple(
            VaultPassword(vault.vault_id, unsealed.read(vault).vault_password or "")
            for vault in vaults
        ),
    )


def environment_of(credentials: Sequence[Credential]) -> dict[str, str]:
    """Unseal the variables that a dynamic source gets.

    Raises:
        AopsError: At ``credentials``: if one is of another type, two give the same name,
            or they cannot be unsealed.
    """
    found: dict[str, str] = {}
    giver: dict[str, Credential] = {}
    for one in credentials:
        if one.type is not CredentialType.ENVIRONMENT:
            raise AopsError(
                _("“%(name)s” holds no environment variables: leave it out here.", name=one.name),
                field="credentials",
            )
        for name, value in unsealed.read(one).variables().items():
            if name in found:
                raise AopsError(
                    _(
                        "“%(one)s” and “%(other)s” both set %(name)s: choose one.",
                        one=giver[name].name,
                        other=one.name,
                        name=name,
                    ),
                    field="credentials",
                )
            found[name], giver[name] = value, one
    return found


def values_to_mask(credentials: Iterable[Credential], given: Secrets) -> list[str]:
    """Name every text that must not appear in the output of a run, longest first.

    Args:
        credentials: The run's.
        given: What ``secrets_for_run`` made of the same credentials: a key without its
            passphrase looks different each time it is written.

    Raises:
        AopsError: If they cannot be unsealed.
    """
    texts = {text for one in credentials for text in unsealed.read(one).texts()}
    return sorted(texts | set(unsealed.key_lines(given.private_key)), key=len, reverse=True)


def _refuse_change_of_type(credential: Credential) -> None:
    state = inspect(credential)
    if state.persistent and state.attrs.type.history.has_changes():
        raise AopsError(
            _("The type of a credential cannot change. Make a new credential."), field="type"
        )


def _save_vault(credential: Credential, typed: Mapping[str, str]) -> None:
    credential.vault_id = credential.vault_id or rules.DEFAULT_VAULT_ID
    rules.check_vault(credential)
    if "vault_password" in typed:
        credential.vault_password = typed["vault_password"]
    elif "vault_password" not in stored_secrets(credential):
        raise AopsError(_("Enter the vault's password."), field="vault_password")


def _save_environment(credential: Credential, typed: Mapping[str, str]) -> None:
    if "environment" in typed:
        environment.read(typed["environment"])
        credential.environment = typed["environment"]
    elif "environment" not in stored_secrets(credential):
        raise AopsError(_("Write at least one “NAME=value”."), field="environment")


def _save_key(
    credential: Credential, typed: Mapping[str, str], *, removed: Collection[str], new_key: bool
) -> None:
    private_key, passphrase = typed.get("private_key"), typed.get("passphrase")
    if new_key:
        if private_key or passphrase:
            raise AopsError(
                _("Either paste a key or have a new one made, not both."), field="private_key"
            )
        make_key_pair(credential)
    elif private_key:
        _replace_key(credential, private_key, passphrase)
    elif "private_key" in removed:
        _clear_key(credential)
    elif passphrase:
        _replace_passphrase(credential, passphrase)


def _replace_key(credential: Credential, private_key: str, passphrase: str | None) -> None:
    """Take over a key; one with the same passphrase as the old needs none typed."""
    if not passphrase and keys.is_encrypted(private_key):
        passphrase = unsealed.read(credential).passphrase
    _set_key(credential, private_key, passphrase=passphrase)


def _replace_passphrase(credential: Credential, passphrase: str) -> None:
    private_key = unsealed.read(credential).private_key
    if private_key is None:
        raise AopsError(
            _("There is no private key that this could open: paste the key too."),
            field="passphrase",
        )
    _set_key(credential, private_key, passphrase=passphrase)


def _set_key(credential: Credential, private_key: str, *, passphrase: str | None) -> keys.KeyFacts:
    facts = keys.check(private_key, passphrase)
    credential.private_key = keys.tidy(private_key)
    credential.passphrase = passphrase
    credential.public_key = facts.public_key
    credential.fingerprint = facts.fingerprint
    return facts


def _clear_key(credential: Credential) -> None:
    credential.private_key = credential.passphrase = None
    credential.public_key = credential.fingerprint = ""


def _opened_key(machine: Credential, stored: unsealed.StoredSecrets) -> str | None:
    if stored.private_key is None:
        return None
    try:
        return keys.unencrypted(stored.private_key, stored.passphrase)
    except AopsError as error:
        raise unsealed.unreadable(machine) from error
