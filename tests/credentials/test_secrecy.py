"""Seven secrets go in through the forms, and are looked for everywhere they could come out."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin, urlsplit

from sqlalchemy import MetaData, select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core.database import db
from aops.credentials import unsealed
from aops.credentials.models import Credential
from aops.users.models import User
from tests.console import ConsoleClient
from tests.credentials.test_keys import ssh_keygen

PASSWORD, BECOME, PASSPHRASE, VAULT, TOKEN, REFUSED = (
    f"canary-{name}-7f3a"
    for name in ("password", "become", "passphrase", "vault", "token", "refused")
)


def test_no_page_file_or_row_gives_a_secret_away(
    client: ConsoleClient, alice: User, session: Session, tmp_path: Path
) -> None:
    private, _ = ssh_keygen(tmp_path, "-t", "ed25519", passphrase=PASSPHRASE)
    canaries = [PASSWORD, BECOME, PASSPHRASE, VAULT, TOKEN, REFUSED, private.splitlines()[2]]
    client.sign_in(alice)

    seen = fill_in(client, private)
    seen |= crawl(client, "/credentials/", "/credentials/export/csv/", "/audit/")

    assert len([url for url in seen if "edit" in url]) >= 3
    assert len([url for url in seen if "details" in url]) >= 3
    for canary in canaries:
        for url, text in seen.items():
            assert canary not in text, f"{canary} stands in {url}"
        for table, row in stored_rows(session):
            assert canary not in row, f"{canary} stands in {table}"


def test_the_secrets_are_really_there(
    client: ConsoleClient, alice: User, session: Session, tmp_path: Path
) -> None:
    private, _ = ssh_keygen(tmp_path, "-t", "ed25519", passphrase=PASSPHRASE)
    client.sign_in(alice)

    fill_in(client, private)

    machine, vault, cloud = session.scalars(select(Credential).order_by(Credential.id))
    stored = unsealed.read(machine)
    assert (stored.password, stored.become_password) == (PASSWORD, BECOME)
    assert (stored.passphrase, stored.private_key) == (PASSPHRASE, private)
    assert unsealed.read(vault).vault_password == VAULT
    assert unsealed.read(cloud).variables() == {"TOKEN": TOKEN}


def test_the_audit_log_says_that_a_secret_changed_and_no_more(
    client: ConsoleClient, alice: User, session: Session, tmp_path: Path
) -> None:
    private, _ = ssh_keygen(tmp_path, "-t", "ed25519", passphrase=PASSPHRASE)
    client.sign_in(alice)
    fill_in(client, private)
    machine = session.scalars(select(Credential).order_by(Credential.id)).first()
    assert machine is not None

    client.submit(f"/credentials/edit/?id={machine.id}", {"password": "other-canary"})

    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.changes) == ("credential.updated", '{"password": "(changed)"}')


def fill_in(client: ConsoleClient, private: str) -> dict[str, str]:
    """Make one credential of each type, and one that is refused; give what was answered."""
    machine = {
        "name": "machine",
        "password": PASSWORD,
        "become_password": BECOME,
        "private_key": private,
        "passphrase": PASSPHRASE,
    }
    vault = {"name": "vault", "vault_password": VAULT}
    client.submit("/credentials/new/?type=machine", machine)
    cloud = {"name": "cloud", "environment": f"TOKEN={TOKEN}\n"}
    client.submit("/credentials/new/?type=vault", vault)
    client.submit("/credentials/new/?type=environment", cloud)
    answers = [
        client.submit("/credentials/new/?type=machine", machine, code=200),
        client.submit("/credentials/new/?type=vault", vault | {"vault_id": "a b"}, code=200),
        client.submit(
            "/credentials/new/?type=environment",
            {"name": "refused", "environment": f"PATH={REFUSED}"},
            code=200,
        ),
        client.submit(
            "/credentials/new/?type=machine",
            machine | {"name": "other", "passphrase": REFUSED},
            code=200,
        ),
        client.post_raw("/credentials/new/?type=machine", machine, code=400),  # without a token
    ]
    return {f"refused form {number}": answer.text for number, answer in enumerate(answers)}


def crawl(client: ConsoleClient, *starts: str) -> dict[str, str]:
    """Follow every link of the credentials' pages and of the audit log."""
    seen: dict[str, str] = {}
    waiting = list(starts)
    while waiting:
        url = waiting.pop()
        if url in seen or not url.startswith(("/credentials/", "/audit")):
            continue
        answer = client._client.get(url)
        assert answer.status_code in {200, 302, 404}, url
        seen[url] = answer.text
        for part in answer.text.split('href="')[1:]:
            link = urlsplit(urljoin(url, part.split('"')[0].replace("&amp;", "&")))
            kept = "&".join(p for p in link.query.split("&") if p.startswith(("id=", "type=")))
            waiting.append(f"{link.path}?{kept}" if kept else link.path)
    return seen


def stored_rows(session: Session) -> list[tuple[str, str]]:
    """Every row of every table as the database has it, without our column types."""
    plain = MetaData()
    plain.reflect(session.connection())
    assert {"credentials", "audit_entries"} <= set(plain.tables)
    assert set(db.metadata.tables) <= set(plain.tables)
    return [
        (name, repr(tuple(row)))
        for name, table in plain.tables.items()
        for row in session.execute(select(table))
    ]
