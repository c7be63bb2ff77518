import re
from pathlib import Path

import pytest
from flask import Flask

import aops
from aops.audit import words
from aops.audit.models import Audited, AuditEntry
from aops.core.database import Model

CODE = Path(aops.__file__).parent
RECORDED = re.compile(r'\brecord\(\s*"([a-z_]+\.[a-z_]+)"')


def test_every_kind_of_thing_and_each_of_its_fields_has_a_word(app: Flask) -> None:
    audited = [
        mapper.class_ for mapper in Model.registry.mappers if issubclass(mapper.class_, Audited)
    ]

    assert len(audited) > 5
    for model in audited:
        assert model.audit_name in words.KINDS
        assert not set(model.audit_fields) - set(words.FIELDS), model


def test_every_deed_that_the_code_records_has_a_sentence() -> None:
    recorded = {
        action for path in CODE.rglob("*.py") for action in RECORDED.findall(path.read_text())
    }

    assert "user.signed_in" in recorded
    assert recorded <= set(words.DEEDS)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            AuditEntry(actor_name="alice", action="host.updated", object_name="web1"),
            "alice changed host web1",
        ),
        (
            AuditEntry(actor_name="oscar", action="job.launched", object_name="#3 Deploy"),
            "oscar launched #3 Deploy",
        ),
        (
            AuditEntry(actor_name="", action="user.sign_in_refused", object_name="victor"),
            "Somebody failed to sign in as victor",
        ),
        (
            AuditEntry(actor_name="", action="user.updated", object_name="100%(who)s"),
            "Somebody who was not signed in changed user 100%(who)s",
        ),
        (
            AuditEntry(actor_name="aops", action="comet.observed", object_name="Halley"),
            "aops: comet.observed Halley",
        ),
    ],
)
def test_a_line_reads_as_a_sentence(app: Flask, entry: AuditEntry, expected: str) -> None:
    with app.test_request_context():
        assert words.sentence(entry) == expected
