"""The pages of credentials, as each of the cast uses them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.core.references import _finders, finds_references
from aops.credentials import services, unsealed
from aops.credentials.models import Credential, CredentialType
from aops.users.models import User
from tests.console import ConsoleClient
from tests.credentials.test_keys import PASSPHRASE, ssh_keygen
from tests.factories import make_credential

NEW_MACHINE = "/credentials/new/?type=machine"
NEW_VAULT = "/credentials/new/?type=vault"


def test_an_author_adds_a_machine_credential(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    client.sign_in(arthur)

    client.submit(NEW_MACHINE, {"name": "web servers", "username": "deploy", "password": "s3cret"})

    saved = session.scalars(select(Credential)).one()
    assert (saved.name, saved.type) == ("web servers", CredentialType.MACHINE)
    assert saved.username == "deploy"
    assert unsealed.read(saved).password == "s3cret"


def test_an_author_adds_a_vault_credential(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    client.sign_in(arthur)

    client.submit(NEW_VAULT, {"name": "our vault", "vault_password": "opens"})

    saved = session.scalars(select(Credential)).one()
    assert (saved.type, saved.vault_id) == (CredentialType.VAULT, "default")
    assert unsealed.read(saved).vault_password == "opens"


def test_the_type_is_chosen_first(client: ConsoleClient, arthur: User) -> None:
    client.sign_in(arthur)

    page = client.get("/credentials/new/")

    links = [link["href"] for link in page.select("main .panel a")]
    assert [link.split("type=")[1].split("&")[0] for link in links] == [
        "machine",
        "vault",
        "environment",
    ]
    client.get("/credentials/new/?type=nonsense")


def test_a_form_shows_only_the_fields_of_its_type(client: ConsoleClient, arthur: User) -> None:
    client.sign_in(arthur)

    machine, vault = client.get(NEW_MACHINE), client.get(NEW_VAULT)

    assert machine.select_one("[name=private_key]")
    assert not machine.select_one("[name=vault_password]")
    assert vault.select_one("[name=vault_password]")
    assert not vault.select_one("[name=username], [name=password], [name=private_key]")


def test_a_made_key_is_shown_by_its_public_half(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    client.sign_in(arthur)

    answer = client.submit(NEW_MACHINE, {"name": "made", "new_key": "y"})
    page = client.get(answer.headers["Location"])

    saved = session.scalars(select(Credential)).one()
    assert page.select_one("#public-key textarea").text.startswith(saved.public_key)
    assert saved.fingerprint in page.text


def test_editing_says_what_is_set_and_keeps_it(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    credential = make_credential(become_password=None)
    client.sign_in(arthur)
    url = f"/credentials/edit/?id={credential.id}"

    page = client.get(url)
    client.submit(url, {"description": "new words"})

    assert "Leave it blank" in page.select_one("#password-help").text
    assert not page.select_one("#become_password-help")
    assert page.select_one("[name=remove_password]")
    assert not page.select_one("[name=remove_become_password]")
    assert credential.description == "new words"
    assert unsealed.read(credential).password == "secret-of-a-test"


def test_a_stored_secret_is_removed_by_its_box(client: ConsoleClient, arthur: User) -> None:
    credential = make_credential()
    client.sign_in(arthur)

    client.submit(f"/credentials/edit/?id={credential.id}", {"remove_password": "y"})

    assert services.stored_secrets(credential) == frozenset()


def test_the_type_cannot_be_changed_by_a_forged_form(client: ConsoleClient, arthur: User) -> None:
    credential = make_credential()
    client.sign_in(arthur)

    client.submit(
        f"/credentials/edit/?id={credential.id}&type=vault",
        {"type": "vault", "vault_password": "x", "vault_id": "y"},
    )

    assert credential.type is CredentialType.MACHINE
    assert services.stored_secrets(credential) == {"password"}


def test_a_refused_form_keeps_the_words_and_forgets_the_secrets(
    client: ConsoleClient, arthur: User, session: Session, tmp_path: Path
) -> None:
    private, _ = ssh_keygen(tmp_path, "-t", "ed25519", passphrase=PASSPHRASE)
    typed = {"name": "kept", "username": "kept-user", "password": "canary-1"}
    client.sign_in(arthur)

    answer = client.submit(
        NEW_MACHINE, typed | {"private_key": private, "passphrase": "canary-2"}, code=200
    )

    assert "does not open the key" in answer.text
    assert 'value="kept"' in answer.text
    assert 'value="kept-user"' in answer.text
    assert answer.text.count("enter it once more") == 3
    for secret in ("canary-1", "canary-2", private.splitlines()[2]):
        assert secret not in answer.text
    assert session.scalars(select(Credential)).all() == []


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"description": "x" * 256}, "description"),
        ({"username": "-oProxyCommand=id"}, "username"),
        ({"become_user": "a b"}, "become_user"),
        ({"become_method": "runas"}, "become_method"),
        ({"private_key": "hunter2"}, "private_key"),
        ({"password": "x" * 5000}, "password"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: ConsoleClient, arthur: User, typed: dict[str, str], field: str
) -> None:
    client.sign_in(arthur)

    answer = client.submit(NEW_MACHINE, {"name": "fine"} | typed, code=200)

    assert f'id="{field}-error"' in answer.text


def test_a_name_is_taken_once(client: ConsoleClient, arthur: User) -> None:
    make_credential(name="web")
    client.sign_in(arthur)

    answer = client.submit(NEW_MACHINE, {"name": "web", "password": "canary"}, code=200)

    assert 'id="name-error"' in answer.text
    assert "canary" not in answer.text


def test_of_two_who_edit_the_second_is_told(client: ConsoleClient, arthur: User) -> None:
    credential = make_credential(description="first")
    client.sign_in(arthur)
    url = f"/credentials/edit/?id={credential.id}"
    client.submit(url, {"description": "second"})

    answer = client.submit(url, {"description": "third", "version": "1"}, code=200)

    assert "Somebody else saved this" in answer.text
    assert 'value="third"' in answer.text
    assert credential.description == "second"


def test_what_is_used_is_not_deleted(client: ConsoleClient, arthur: User) -> None:
    credential = make_credential(name="web")
    finds_references(Credential)(lambda one: ["template Deploy"] if one.name == "web" else [])
    client.sign_in(arthur)

    client.post("/credentials/delete/", {"id": str(credential.id)})
    page = client.get(f"/credentials/details/?id={credential.id}")
    _finders[Credential].pop()

    assert "cannot be deleted: it is used by template Deploy" in page.text
    assert page.select_one("#used-by li").text == "template Deploy"


def test_what_is_unused_is_deleted(client: ConsoleClient, arthur: User, session: Session) -> None:
    credential = make_credential()
    client.sign_in(arthur)

    client.post("/credentials/delete/", {"id": str(credential.id)})

    assert session.scalars(select(Credential)).all() == []


def test_the_list_filters_by_type(client: ConsoleClient, oscar: User) -> None:
    make_credential(name="a machine")
    make_credential(name="a vault", type=CredentialType.VAULT, vault_id="prod")
    client.sign_in(oscar)

    page = client.get("/credentials/?flt0_type_equals=vault")

    assert [title.text for title in page.select(".row-title")] == ["a vault"]


@pytest.mark.parametrize(
    "secret", ["password", "private_key", "passphrase", "vault_password", "environment"]
)
@pytest.mark.parametrize("question", ["flt0_{}_equals=x", "sort={}", "search={}", "flt0_{}_like=x"])
def test_no_question_in_the_url_reaches_a_secret(
    client: ConsoleClient, oscar: User, secret: str, question: str
) -> None:
    make_credential(name="the only one")
    client.sign_in(oscar)

    page = client.get(f"/credentials/?{question.format(secret)}")

    found = [title.text for title in page.select(".row-title")]
    assert found == ([] if question.startswith("search") else ["the only one"])


def test_an_operator_reads_and_does_not_write(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    credential = make_credential(name="web")
    client.sign_in(oscar)

    page = client.get(f"/credentials/details/?id={credential.id}")
    client.post(f"/credentials/edit/?id={credential.id}", {"name": "changed"}, code=403)
    client.post(NEW_MACHINE, {"name": "another"}, code=403)
    client.post("/credentials/delete/", {"id": str(credential.id)}, code=403)

    assert not page.select("main a[href*=edit], main form[method=post]")
    assert [one.name for one in session.scalars(select(Credential))] == ["web"]


def test_a_viewer_does_not_even_read(client: ConsoleClient, victor: User) -> None:
    credential = make_credential()
    client.sign_in(victor)

    for url in ("", "new/", f"details/?id={credential.id}", f"edit/?id={credential.id}"):
        client.get(f"/credentials/{url}", code=403)


def test_strangers_are_sent_to_sign_in(client: ConsoleClient, session: Session) -> None:
    answer = client.fetch("/credentials/", code=302)

    assert answer.headers["Location"].startswith("/sign-in")
