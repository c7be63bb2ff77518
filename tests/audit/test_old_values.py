from __future__ import annotations

import json

from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from tests.factories import make_host


def test_old_values_are_known_after_a_commit(session: Session) -> None:
    host = make_host("web1", description="old")
    session.commit()

    host.description = "new"
    session.commit()

    entry = session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
    assert json.loads(entry.changes) == {"description": ["old", "new"]}
