"""Imports folders with files that ansible-vault encrypted as a whole, and looks for the secrets."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from sqlalchemy import MetaData, select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core import actor
from aops.core.actor import Actor
from aops.core.database import db
from aops.core.errors import AopsError
from aops.credentials.models import Credential, CredentialType
from aops.execution.spec import Outcome, Secrets
from aops.inventory import rendering, rows
from aops.inventory.imports import services, tasks
from aops.inventory.imports.models import ImportKind, ImportMode, ImportStatus, InventoryImport
from aops.inventory.models import Inventory
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient
from tests.execution.runs import make_spec, play, run
from tests.inventory.vaulted import PASSWORDS, VAULTS, packed

WEB = """\
db_password: canary-web
dsn: "{{ db_user }}"
port: 5432
deep: [canary-deep, {key: canary-key, none: null}]
many: |
  canary-line
  canary-end
"""
HOSTS = b"[web]\nweb1 ansible_connection=local\nweb2\n"
PLAIN = b"db_user: app\nurl: 'x:{{ db_password }}'\n"


def test_a_run_sees_what_the_encrypted_files_say_and_ansible_lists_the_same(
    session: Session, folder: Path, imported: InventoryImport, tmp_path: Path
) -> None:
    text = rendering.render_rows(rows.load(imported.inventory_id))
    export = tmp_path / "export.yml"
    export.write_text(text)
    task = "debug: {msg: '{{ url }} {{ deep.0 }} {{ deep.1.key }} {{ mine }} {{ many }}'}"
    spec = make_spec(
        play(task).replace("hosts: all", "hosts: web1"),
        inventory=text,
        secrets=Secrets(vault_passwords=tuple(VAULTS)),
    )

    result, recorder = run(spec, tmp_path / "runs")

    assert result.outcome is Outcome.SUCCESSFUL, recorder.text
    assert "x:canary-web canary-deep canary-key canary-host canary-line" in recorder.text
    assert opened(listed(export)) == opened(listed(folder))


def test_the_same_folder_imported_again_changes_nothing(
    session: Session, imported: InventoryImport, upload: Callable[..., InventoryImport]
) -> None:
    again = upload(imported.inventory)

    tasks.go_on.run(again.id)

    session.refresh(again)
    assert again.status is ImportStatus.READY, again.error
    changed = {name: n for name, n in again.summary.items() if n and "unchanged" not in name}
    assert changed == {}


def test_no_secret_is_in_any_row_before_or_after_it_is_written(
    session: Session, ready: InventoryImport
) -> None:
    before = everything(session)

    finish(ready, session)

    after = everything(session)
    assert "$ANSIBLE_VAULT;1.2;AES256;prod" in after
    for text in ("canary", *PASSWORDS.values()):
        assert text not in before
        assert text not in after


def test_the_preview_names_what_becomes_readable(ready: InventoryImport) -> None:
    notes = "\n".join(ready.notes)

    assert "group_vars/web/vault.yml is encrypted" in notes
    assert "become readable: port, deep.1.none." in notes
    assert "become readable: dsn." in notes


def test_the_audit_log_names_the_credentials(session: Session, ready: InventoryImport) -> None:
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "import.uploaded")).one()

    assert ", ".join(sorted(one.name for one in ready.credentials)) in entry.changes
    assert all(one.last_used_at for one in ready.credentials)


def test_without_the_password_the_files_are_named_and_the_same_file_can_be_tried_again(
    client: ConsoleClient,
    alice: User,
    vaults: list[Credential],
    session: Session,
    upload: Callable[..., InventoryImport],
) -> None:
    inventory = factories.make_inventory()
    one = upload(inventory, [])
    client.sign_in(alice)

    tasks.go_on.run(one.id)
    page = client.get(f"/imports/{one.id}/")
    answer = client.submit(f"/imports/{one.id}/", {"credentials": [str(v.id) for v in vaults]})
    number = int(answer.location.rstrip("/").rsplit("/", 1)[1])
    tasks.go_on.run(number)

    said = page.select_one("main [role=alert]").text
    assert "group_vars/web/vault.yml (vault ID “default”)" in said
    assert "host_vars/web1.yml (vault ID “prod”)" in said
    assert "choose no file to try it again" in page.text
    assert "web1" in client.get(answer.location).select_one("#changes-hosts_added").text


def test_the_form_leads_to_a_first_credential(client: ConsoleClient, alice: User) -> None:
    inventory = factories.make_inventory()
    client.sign_in(alice)

    page = client.get(f"/imports/into/{inventory.id}/")

    assert page.select_one("main form a[href='/credentials/new/?type=vault']")
    assert not page.select_one("[name=credentials]")


def test_a_file_that_was_kept_for_another_inventory_is_not_taken(
    client: ConsoleClient, alice: User, upload: Callable[..., InventoryImport]
) -> None:
    one = upload(factories.make_inventory(), [])
    tasks.go_on.run(one.id)
    other = factories.make_inventory()
    client.sign_in(alice)

    answer = client.submit(f"/imports/into/{other.id}/?again={one.id}", {}, code=200)

    assert "Choose a file, or paste text below." in answer.text


def test_a_deleted_credential_leaves_the_import(
    session: Session, ready: InventoryImport, vaults: list[Credential]
) -> None:
    session.delete(vaults[0])
    session.commit()

    session.expire_all()
    assert [one.vault_id for one in ready.credentials] == ["prod"]
    finish(ready, session)


def test_two_credentials_of_one_vault_id_are_refused(
    upload: Callable[..., InventoryImport], vaults: list[Credential]
) -> None:
    twin = factories.make_credential(
        type=CredentialType.VAULT, vault_id="prod", vault_password="x", password=None
    )

    with pytest.raises(AopsError, match="same vault ID “prod”"):
        upload(factories.make_inventory(), [*vaults, twin])


def listed(path: Path) -> Any:
    """Give what ``ansible-inventory --list`` prints with both passwords."""
    keys = path.parent / "keys"
    keys.mkdir(exist_ok=True)
    options = []
    for vault_id, password in PASSWORDS.items():
        (keys / vault_id).write_text(password)
        options.append(f"--vault-id={vault_id}@{keys / vault_id}")
    return json.loads(program("ansible-inventory", "-i", str(path), "--list", *options))


def opened(value: Any) -> Any:
    """Decrypt what is listed encrypted."""
    if isinstance(value, list):
        return [opened(item) for item in value]
    if not isinstance(value, dict):
        return value
    if [*value] == ["__ansible_vault"]:
        secrets = [(name, VaultSecret(word.encode())) for name, word in PASSWORDS.items()]
        return VaultLib(secrets).decrypt(value["__ansible_vault"]).decode()
    return {key: opened(item) for key, item in value.items()}


def program(name: str, *arguments: str) -> str:
    place = Path(sys.executable).with_name(name)
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": home}
        done = subprocess.run(
            [place, *arguments], capture_output=True, text=True, check=True, env=env
        )
    return done.stdout


def everything(session: Session) -> str:
    """Give every row of every table, unpacked."""
    session.commit()
    found = MetaData()
    found.reflect(db.engine)
    texts = []
    for table in found.sorted_tables:
        for row in session.execute(select(table)):
            texts.extend(map(shown, row))
    return "\n".join(texts)


def shown(value: Any) -> str:
    """Give text, also of what is packed once and again."""
    if isinstance(value, bytes):
        with contextlib.suppress(zlib.error):
            return shown(zlib.decompress(value))
        return value.decode("utf-8", "replace")
    text = str(value)
    with contextlib.suppress(ValueError, zlib.error):
        packed_parts = re.findall(r"[A-Za-z0-9+/]{40,}={0,2}", text)
        text += "".join(zlib.decompress(base64.b64decode(part)).decode() for part in packed_parts)
    return text


def finish(one: InventoryImport, session: Session) -> None:
    session.refresh(one)
    removed = one.summary["hosts_removed"]
    services.confirm(one, seen=one.generation, skip_bad_rows=False, removed=removed)
    one.confirmed_by_id = one.created_by_id
    session.commit()
    tasks.go_on.run(one.id)
    session.refresh(one)
    assert one.status is ImportStatus.DONE, one.error


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as people have it, encrypted by ansible-vault itself."""
    top = tmp_path_factory.mktemp("vaulted") / "site"
    files = {
        "hosts": HOSTS.decode(),
        "group_vars/web/vars.yml": PLAIN.decode(),
        "group_vars/web/vault.yml": WEB,
        "host_vars/web1.yml": "mine: canary-host\n",
    }
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    _encrypt(top, "group_vars/web/vault.yml", "default")
    _encrypt(top, "host_vars/web1.yml", "prod")
    return top


def _encrypt(top: Path, name: str, vault_id: str) -> None:
    key = top.parent / vault_id
    key.write_text(PASSWORDS[vault_id] + "\n")
    chosen = [f"--vault-id={vault_id}@{key}", f"--encrypt-vault-id={vault_id}"]
    program("ansible-vault", "encrypt", *chosen, str(top / name))


@pytest.fixture
def vaults(session: Session) -> list[Credential]:
    return [
        factories.make_credential(
            type=CredentialType.VAULT, vault_id=name, vault_password=word, password=None
        )
        for name, word in PASSWORDS.items()
    ]


@pytest.fixture
def upload(
    session: Session, folder: Path, vaults: list[Credential], alice: User
) -> Callable[..., InventoryImport]:
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }

    def send(inventory: Inventory, chosen: list[Credential] = vaults) -> InventoryImport:
        with actor.acting_as(Actor(alice.username, alice.id)):
            one = services.upload(
                inventory,
                kind=ImportKind.ARCHIVE,
                mode=ImportMode.REPLACE,
                source_name="site.tar.gz",
                content=packed(files),
                vaults=chosen,
            )
        session.commit()
        return one

    return send


@pytest.fixture
def ready(session: Session, upload: Callable[..., InventoryImport]) -> InventoryImport:
    one = upload(factories.make_inventory())
    tasks.go_on.run(one.id)
    session.refresh(one)
    assert one.status is ImportStatus.READY, one.error
    return one


@pytest.fixture
def imported(session: Session, ready: InventoryImport) -> InventoryImport:
    finish(ready, session)
    return ready


@pytest.fixture(autouse=True)
def _no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aops.core.celery.send", lambda *_message: None)
