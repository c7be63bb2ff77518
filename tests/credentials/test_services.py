"""What is kept, replaced and refused when a credential is saved, and what a run gets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from aops.core.errors import AopsError
from aops.credentials import keys, services, unsealed
from aops.credentials.models import Credential, CredentialType
from tests.credentials.test_keys import PASSPHRASE, public_half_of, ssh_keygen
from tests.factories import make_credential


def test_a_blank_secret_keeps_what_is_stored(session: Session) -> None:
    credential = make_credential(password="first", become_password="second")

    services.save(credential, typed={"password": "", "become_password": "changed"})
    session.flush()

    assert unsealed.read(credential).password == "first"
    assert unsealed.read(credential).become_password == "changed"


def test_a_secret_is_removed_only_when_asked_for(session: Session) -> None:
    credential = make_credential(password="first", become_password="second")

    services.save(credential, typed={}, removed={"become_password"})
    session.flush()

    assert services.stored_secrets(credential) == {"password"}


def test_a_typed_secret_wins_over_its_removal(session: Session) -> None:
    credential = make_credential(password="first")

    services.save(credential, typed={"password": "second"}, removed={"password"})
    session.flush()

    assert unsealed.read(credential).password == "second"


def test_the_type_of_a_stored_credential_cannot_change(session: Session) -> None:
    credential = make_credential()

    credential.type = CredentialType.VAULT

    assert refusal(credential) == ("type", "The type of a credential cannot change.")


def test_a_vault_needs_a_password_once(session: Session) -> None:
    credential = vault()
    assert refusal(credential)[0] == "vault_password"

    services.save(credential, typed={"vault_password": "opens"})
    session.add(credential)
    session.flush()
    services.save(credential, typed={})

    assert credential.vault_id == "default"
    assert unsealed.read(credential).vault_password == "opens"


@pytest.mark.parametrize("label", ["a b", "x" * 65, "a@b", "prod/eu", "zwölf", "a\n"])
def test_a_vault_id_that_ansible_could_misread_is_refused(session: Session, label: str) -> None:
    credential = vault(vault_id=label)

    assert refusal(credential, vault_password="opens")[0] == "vault_id"


@pytest.mark.parametrize("label", ["prod", "prod-eu_1.2", "0", "x" * 64])
def test_a_plain_vault_id_is_taken(session: Session, label: str) -> None:
    credential = vault(vault_id=label)

    services.save(credential, typed={"vault_password": "opens"})

    assert credential.vault_id == label


@pytest.mark.parametrize("field", ["username", "become_user"])
@pytest.mark.parametrize(
    "user", ["-oProxyCommand=id", "a b", "a\nb", "a\x00", "$(id)", "`id`", 'a"b', "{{ x }}", "a;b"]
)
def test_a_user_name_that_ssh_could_misread_is_refused(
    session: Session, field: str, user: str
) -> None:
    credential = make_credential(**{field: user})

    assert refusal(credential)[0] == field


@pytest.mark.parametrize(
    "user", ["", "root", "ops-1", "DOMAIN\\jane", "jane.doe@example.org", "李"]
)
def test_real_user_names_are_taken(session: Session, user: str) -> None:
    credential = make_credential(username=user)

    services.save(credential, typed={})

    assert credential.username == user


def test_only_known_become_methods_are_taken(session: Session) -> None:
    credential = make_credential(become_method="sudo -s")

    assert refusal(credential)[0] == "become_method"


@pytest.mark.parametrize("password", ["two\nlines", "nul\0", "x" * 4097])
def test_a_password_that_no_prompt_takes_is_refused(session: Session, password: str) -> None:
    credential = make_credential()

    assert refusal(credential, password=password)[0] == "password"


def test_a_key_is_stored_with_its_public_half(session: Session, key_files) -> None:
    private, public = key_files()
    credential = make_credential()

    services.save(credential, typed={"private_key": private.replace("\n", "\r\n")})
    session.flush()

    assert credential.public_key.split() == public.split()[:2]
    assert credential.fingerprint.startswith("SHA256:")
    assert unsealed.read(credential).private_key == private


def test_a_key_with_a_passphrase_stays_encrypted_in_the_store(session: Session, key_files) -> None:
    private, _ = key_files(passphrase=PASSPHRASE)
    credential = make_credential()

    services.save(credential, typed={"private_key": private, "passphrase": PASSPHRASE})
    session.flush()

    stored = unsealed.read(credential)
    assert (stored.private_key, stored.passphrase) == (private, PASSPHRASE)


def test_a_wrong_passphrase_is_refused_and_changes_nothing(session: Session, key_files) -> None:
    private, _ = key_files(passphrase=PASSPHRASE)
    credential = make_credential()
    session.commit()

    assert refusal(credential, private_key=private, passphrase="wrong")[0] == "passphrase"
    session.rollback()

    assert services.stored_secrets(credential) == {"password"}


def test_a_new_key_may_go_on_with_the_stored_passphrase(session: Session, key_files) -> None:
    credential = with_key(*key_files(passphrase=PASSPHRASE), passphrase=PASSPHRASE)
    other, public = key_files(passphrase=PASSPHRASE)

    services.save(credential, typed={"private_key": other})
    session.flush()

    assert credential.public_key.split() == public.split()[:2]
    assert unsealed.read(credential).passphrase == PASSPHRASE


def test_a_new_key_without_passphrase_forgets_the_stored_one(session: Session, key_files) -> None:
    credential = with_key(*key_files(passphrase=PASSPHRASE), passphrase=PASSPHRASE)
    other, _ = key_files()

    services.save(credential, typed={"private_key": other})
    session.flush()

    assert "passphrase" not in services.stored_secrets(credential)


def test_a_passphrase_alone_must_open_the_stored_key(session: Session, key_files) -> None:
    credential = with_key(*key_files(passphrase=PASSPHRASE), passphrase=PASSPHRASE)

    assert refusal(credential, passphrase="wrong")[0] == "passphrase"
    assert refusal(make_credential(), passphrase="for nothing")[0] == "passphrase"


def test_removing_a_key_removes_all_that_belongs_to_it(session: Session, key_files) -> None:
    credential = with_key(*key_files(passphrase=PASSPHRASE), passphrase=PASSPHRASE)

    services.save(credential, typed={}, removed={"private_key"})
    session.flush()

    assert services.stored_secrets(credential) == {"password"}
    assert (credential.public_key, credential.fingerprint) == ("", "")


def test_a_made_key_belongs_to_the_shown_public_half(session: Session, tmp_path) -> None:
    credential = make_credential()

    services.save(credential, typed={}, new_key=True)
    session.flush()

    file = tmp_path / "made"
    file.touch(mode=0o600)
    file.write_text(unsealed.read(credential).private_key or "")
    assert public_half_of(file).split()[:2] == credential.public_key.split()
    assert credential.public_key.startswith("ssh-ed25519 ")


def test_a_key_is_pasted_or_made_but_not_both(session: Session, key_files) -> None:
    private, _ = key_files()
    credential = make_credential()

    with pytest.raises(AopsError) as refused:
        services.save(credential, typed={"private_key": private}, new_key=True)

    assert refused.value.field == "private_key"


def test_a_run_gets_the_secrets_of_one_machine_and_many_vaults(
    session: Session, key_files, tmp_path
) -> None:
    private, public = key_files(passphrase=PASSPHRASE)
    machine = with_key(private, public, passphrase=PASSPHRASE, become_password="becomes")
    dev, prod = stored_vault("dev", "one"), stored_vault("prod", "two")

    given = services.secrets_for_run([dev, machine, prod])

    file = tmp_path / "given"
    file.touch(mode=0o600)
    file.write_text(given.private_key or "")
    assert public_half_of(file).split()[:2] == public.split()[:2]
    assert (given.connection_password, given.become_password) == ("secret-of-a-test", "becomes")
    assert [(v.vault_id, v.password) for v in given.vault_passwords] == [
        ("dev", "one"),
        ("prod", "two"),
    ]


def test_a_run_without_credentials_gets_nothing(session: Session) -> None:
    given = services.secrets_for_run([])

    assert (given.private_key, given.connection_password, given.vault_passwords) == (None, None, ())


def test_two_machine_credentials_are_refused_by_name(session: Session) -> None:
    one, other = make_credential(name="web"), make_credential(name="db")

    with pytest.raises(AopsError, match=r"“web” and “db” both log in"):
        services.secrets_for_run([one, other])


def test_one_vault_id_twice_is_refused_by_name(session: Session) -> None:
    one, other = stored_vault("prod", "1", name="a"), stored_vault("prod", "2", name="b")

    with pytest.raises(AopsError, match=r"“a” and “b” have the same vault ID “prod”"):
        services.secrets_for_run([one, other])


def test_every_secret_text_is_masked(session: Session, key_files) -> None:
    private, _ = key_files(passphrase=PASSPHRASE)
    machine = with_key(private, "", passphrase=PASSPHRASE, become_password="becomes")
    chosen = [machine, stored_vault("prod", "opens the vault")]
    given = services.secrets_for_run(chosen)

    masked = services.values_to_mask(chosen, given)

    assert {"secret-of-a-test", PASSPHRASE, "becomes", "opens the vault"} < set(masked)
    for text_of_key in (private, given.private_key or ""):
        assert set(text_of_key.splitlines()[1:-2]) < set(masked)
    assert not [value for value in masked if "-----" in value or not value]
    assert masked == sorted(masked, key=len, reverse=True)


def test_what_another_key_sealed_is_called_by_its_credential(session: Session) -> None:
    credential = make_credential(name="old one")
    session.execute(text("UPDATE credentials SET password = 'v1:abcdefabcdef:AAAA'"))

    with pytest.raises(AopsError, match="“old one” cannot be read"):
        services.secrets_for_run([credential])


def test_being_used_is_not_being_edited(session: Session) -> None:
    credential = make_credential(updated_at=datetime(2020, 1, 1, tzinfo=UTC))
    other = make_credential()
    session.commit()

    services.mark_used([credential.id])
    session.expire_all()

    assert credential.last_used_at is not None
    assert (credential.version, credential.updated_at.year) == (1, 2020)
    assert other.last_used_at is None


def test_pages_cannot_load_a_secret_by_accident(session: Session) -> None:
    number = make_credential().id
    session.commit()
    session.expunge_all()
    credential = session.get(Credential, number)

    with pytest.raises(InvalidRequestError):
        getattr(credential, "password")  # noqa: B009 - reading is the point


def test_saving_does_not_load_the_other_secrets(session: Session) -> None:
    number = make_credential(become_password="second").id
    session.commit()
    session.expunge_all()
    credential = session.get_one(Credential, number)

    services.save(credential, typed={"password": "third"})
    session.commit()

    assert "become_password" not in credential.__dict__
    assert unsealed.read(credential).become_password == "second"


def test_no_secret_shows_itself_in_a_debugger() -> None:
    stored = unsealed.StoredSecrets(password="canary", private_key="canary")

    assert "canary" not in repr(stored)


def refusal(credential: Credential, **typed: str) -> tuple[str | None, str]:
    """At which field saving is refused, and the first sentence of why."""
    with pytest.raises(AopsError) as refused:
        services.save(credential, typed=typed)
    return refused.value.field, str(refused.value).split(". ")[0] + "."


def vault(**values: str) -> Credential:
    return Credential(name="a vault", type=CredentialType.VAULT, **values)


def stored_vault(vault_id: str, password: str, name: str = "") -> Credential:
    return make_credential(
        name=name or f"vault {vault_id}",
        type=CredentialType.VAULT,
        username="",
        password=None,
        vault_id=vault_id,
        vault_password=password,
    )


def with_key(private: str, _public: str, *, passphrase: str, **values: str) -> Credential:
    facts = keys.check(private, passphrase)
    return make_credential(
        private_key=private,
        passphrase=passphrase,
        public_key=facts.public_key,
        fingerprint=facts.fingerprint,
        **values,
    )


@pytest.fixture
def key_files(tmp_path):
    """Make key pairs with ssh-keygen: the private and the public text."""
    return lambda **options: ssh_keygen(tmp_path, "-t", "ed25519", **options)
