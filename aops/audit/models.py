"""The audit log's table, and the mixin that puts a model's changes into it.

Recording hangs on the session's flush, not on the good memory of whoever writes a
view: a change and its line are in one transaction, or neither is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, event, insert, inspect
from sqlalchemy.orm import Mapped, Mapper, Session, UOWTransaction, mapped_column

from aops.core import actor, clock
from aops.core.columns import LongText, Name, Sealed, ShortText, Timestamp
from aops.core.database import TABLE_OPTIONS, Model

CHANGED = "(changed)"
"""Stands for both values of a secret field."""

_MAX_VALUE = 2_000


class AuditEntry(Model):
    """One line of the audit log; written once, never changed.

    Attributes:
        action: Such as ``host.updated`` or ``job.launched``.
        changes: JSON: field to ``[old, new]``, or facts about the action.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_actor_name_id", "actor_name", "id"),
        Index("ix_audit_entries_object", "object_type", "object_id", "id"),
        Index("ix_audit_entries_action_id", "action", "id"),
        Index("ix_audit_entries_object_name_id", "object_name", "id"),
        Index("ix_audit_entries_recorded_at_id", "recorded_at", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(Timestamp)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(Name)
    source: Mapped[str] = mapped_column(ShortText, default="")
    action: Mapped[str] = mapped_column(ShortText)
    object_type: Mapped[str] = mapped_column(ShortText, default="")
    object_id: Mapped[int | None]
    object_name: Mapped[str] = mapped_column(ShortText, default="")
    changes: Mapped[str] = mapped_column(LongText, default="{}")

    def __str__(self) -> str:
        return f"{self.action} {self.object_name}"


class Audited:
    """A model whose every insert, update and delete becomes a line of the audit log.

    Attributes:
        audit_name: What the log calls such a thing: ``host`` in ``host.updated``.
        audit_fields: Columns and relationships whose values the log shows. Sealed
            columns show only that they changed.
        audit_masks: How to take secrets out of a field's text before the log keeps it.
    """

    audit_name: ClassVar[str]
    audit_fields: ClassVar[tuple[str, ...]]
    audit_masks: ClassVar[Mapping[str, Callable[[str], str]]] = {}


def entry_values(
    action: str, thing: Any = None, changes: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Give the columns of a line about something that the current actor did."""
    who = actor.current()
    return {
        "recorded_at": clock.now(),
        "actor_id": who.user_id,
        "actor_name": who.name[:200],
        "source": who.source[:255],
        "action": action,
        "object_type": getattr(thing, "audit_name", "") if thing is not None else "",
        "object_id": getattr(thing, "id", None),
        "object_name": str(thing)[:255] if thing is not None else "",
        "changes": json.dumps(changes or {}, ensure_ascii=False),
    }


@event.listens_for(Mapper, "mapper_configured")
def _keep_old_values(mapper: Mapper[Any], kind: type) -> None:
    """Have SQLAlchemy load a value before it is replaced, also in a row that was committed.

    Except for secrets: that they changed is all the log says.
    """
    if not issubclass(kind, Audited):
        return
    for name in kind.audit_fields:
        column = mapper.columns.get(name)
        if column is None or not isinstance(column.type, Sealed):
            event.listen(getattr(kind, name), "set", _nothing, active_history=True)


def _nothing(*_args: Any) -> None:
    """Only the listening matters."""


@event.listens_for(Session, "before_flush")
def _collect(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    pending = session.info["audit"] = []  # what a failed flush left behind did not happen
    for verb, things in (
        ("created", session.new),
        ("updated", session.dirty),
        ("deleted", session.deleted),
    ):
        for thing in things:
            if isinstance(thing, Audited):
                changes = _changes_of(thing, verb)
                if changes or verb != "updated":
                    pending.append((verb, thing, changes))


@event.listens_for(Session, "after_flush")
def _record(session: Session, _context: UOWTransaction) -> None:
    rows = [
        entry_values(f"{thing.audit_name}.{verb}", thing, changes)
        for verb, thing, changes in session.info.pop("audit", [])
    ]
    if rows:
        session.connection().execute(insert(AuditEntry), rows)


def _changes_of(thing: Audited, verb: str) -> dict[str, Any]:
    if verb == "deleted":
        return {}
    state = inspect(thing)
    assert state is not None  # noqa: S101 - a mapped instance always has a state
    changes: dict[str, Any] = {}
    for name in thing.audit_fields:
        history = state.attrs[name].history
        if not history.has_changes():
            continue
        if _is_sealed(thing, name):
            changes[name] = CHANGED
            continue
        if name in thing.audit_masks:
            changes |= _masked(thing, name, history)
            continue
        old, new = _shown(history.deleted, thing, name), _shown(_now(history), thing, name)
        if old != new:
            changes[name] = [old, new]
    return changes


def _masked(thing: Audited, name: str, history: Any) -> dict[str, Any]:
    """Give both texts without their secrets; that only a secret changed must show as well."""
    old, new = (next(iter(side or ()), None) for side in (history.deleted, _now(history)))
    if old == new:
        return {}
    mask = thing.audit_masks[name]
    pair = [None if text is None else _plain(mask(text)) for text in (old, new)]
    return {name: CHANGED if pair[0] == pair[1] else pair}


def _now(history: Any) -> list[Any]:
    return [*(history.unchanged or ()), *(history.added or ())]


def _is_sealed(thing: Audited, name: str) -> bool:
    columns = inspect(type(thing)).columns
    return name in columns and isinstance(columns[name].type, Sealed)


def _shown(values: Any, thing: Audited, name: str) -> Any:
    """Turn one side of an attribute's history into JSON."""
    mapper = inspect(type(thing))
    if name in mapper.relationships and mapper.relationships[name].uselist:
        return sorted(str(value) for value in values or ())
    return _plain(next(iter(values), None)) if values else None


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"
