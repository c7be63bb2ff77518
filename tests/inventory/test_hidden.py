from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import CHANGED, AuditEntry
from aops.inventory.hidden import without_secrets
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import make_group, make_host, make_inventory


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ansible_password: geheim\n", "ansible_password: (hidden)\n"),
        (
            "# 🔑 ü\nansible_ssh_pass: 'ge''heim' # x\nb: 1",
            "# 🔑 ü\nansible_ssh_pass: (hidden) # x\nb: 1",
        ),
        (
            "a: {ansible_password: x, b: [{ansible_become_pass: 1}]}",
            "a: {ansible_password: (hidden), b: [{ansible_become_pass: (hidden)}]}",
        ),
        ("ansible_private_key: |\n  one\n  two\nb: 1\n", "ansible_private_key: (hidden)\nb: 1\n"),
        ('"ansible_p\\x61ssword": x\n', '"ansible_p\\x61ssword": (hidden)\n'),
        ("a: &p geheim\nansible_password: *p\n", "a: (hidden)\nansible_password: *p\n"),
        ("ansible_password: [x, y]\n", "ansible_password: (hidden)\n"),
        ("ansible_password: geheim: x\n", "(hidden)"),
    ],
)
def test_a_secret_is_hidden_and_the_rest_stays_as_typed(typed: str, kept: str) -> None:
    assert without_secrets(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "rack: B7 # no secret\n",
        "ansible_password: '{{ vaulted }}'\n",
        "ansible_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n",
        "ansible_password:\nansible_user: deploy\n",
        "path: C:\\temp\n",
        "a: [\n",
    ],
)
def test_what_is_no_plain_secret_stays(typed: str) -> None:
    assert without_secrets(typed) == typed


@pytest.mark.parametrize("page", ["inventories", "hosts", "groups"])
def test_no_password_reaches_the_audit_log(
    page: str, client: ConsoleClient, arthur: User, session: Session
) -> None:
    make = {"inventories": make_inventory, "hosts": make_host, "groups": make_group}[page]
    thing = make(variables="ansible_become_password: old-canary\nrack: 1\n")
    client.sign_in(arthur)

    for text in ("rack: 1\nansible_become_password: new-canary\n", "x: {ansible_password: canary}"):
        client.submit(f"/{page}/edit/?id={thing.id}", {"variables": text})

    lines = session.scalars(select(AuditEntry.changes).where(AuditEntry.action.like("%.updated")))
    texts = lines.all()
    assert "canary" not in "".join(session.scalars(select(AuditEntry.changes)))
    assert json.loads(texts[-1])["variables"] == [
        "rack: 1\nansible_become_password: (hidden)\n",
        "x: {ansible_password: (hidden)}",
    ]


def test_that_only_a_password_changed_shows(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    host = make_host(variables="ansible_password: old-canary\n")
    client.sign_in(arthur)

    client.submit(f"/hosts/edit/?id={host.id}", {"variables": "ansible_password: new-canary\n"})

    [line] = session.scalars(select(AuditEntry.changes).where(AuditEntry.action == "host.updated"))
    assert json.loads(line) == {"variables": CHANGED}
