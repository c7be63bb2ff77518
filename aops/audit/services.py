"""Writing what no table change shows: launches, sign-ins, approvals."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from aops.audit.models import AuditEntry, entry_values
from aops.core.database import session


def record(action: str, thing: Any = None, **facts: Any) -> None:
    """Add a line in the current transaction, under the current actor's name.

    Args:
        action: ``noun.verb`` in the past tense, such as ``job.launched``.
        thing: What it was done to; a model with ``audit_name``, or None.
        facts: What the log should say besides; JSON values, never a secret.
    """
    session().execute(insert(AuditEntry), [entry_values(action, thing, facts)])
