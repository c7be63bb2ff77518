"""The pages of credentials, as each of the cast sees them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.credentials.models import Credential, CredentialType
from aops.users.models import User
from tests.console import ConsoleClient

NEW_MACHINE = "/credentials/new/?type=machine"


def test_an_author_adds_a_machine_credential(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    client.sign_in(arthur)

    client.submit(NEW_MACHINE, {"name": "web servers", "username": "deploy", "password": "s3cret"})

    saved = session.scalars(select(Credential)).one()
    assert (saved.name, saved.type, saved.username) == (
        "web servers",
        CredentialType.MACHINE,
        "deploy",
    )
    page = client.get(f"/credentials/details/?id={saved.id}")
    assert "s3cret" not in page.text
