"""What a worker does with an import: read it, show what would change, write it.

Each function is one step between two commits, and none of them waits for anything while a
transaction is open.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field

from flask_babel import force_locale
from flask_babel import gettext as _

from aops.audit import services as audit
from aops.core import clock
from aops.core.actor import Actor
from aops.core.columns import PackedJson
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Permission, allows
from aops.credentials import services as credentials
from aops.execution.spec import VaultPassword
from aops.inventory import checking, generation, rows, writing
from aops.inventory.changes import Changes, compare
from aops.inventory.imports import paged, services, table_scope, turns
from aops.inventory.imports.models import ImportKind, ImportMode, ImportStatus, InventoryImport
from aops.inventory.imports.turns import Turn
from aops.inventory.models import Inventory
from aops.inventory.reading import Reading
from aops.inventory.row_writing import Told
from aops.inventory.snapshot import Snapshot
from aops.users.models import User


@dataclass(frozen=True)
class Upload:
    """What ``reading.read_upload`` takes."""

    kind: ImportKind
    content: bytes
    file_name: str
    vaults: tuple[VaultPassword, ...] = field(default=(), repr=False)
    known_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """An import and its inventory, as they are at one moment.

    Attributes:
        generation: The inventory's.
        expected: The generation that the person saw the changes of.
        person: Who uploaded it or, once it is confirmed, who did that; None if deleted.
    """

    inventory_id: int
    kind: ImportKind
    mode: ImportMode
    wanted: Snapshot
    current: Snapshot
    generation: int
    expected: int
    person: User | None

    @property
    def may_reserve(self) -> bool:
        """Tell whether reserved connection variables may be set."""
        return self._may(Permission.INVENTORY_RESERVED)

    @property
    def may_write(self) -> bool:
        """Tell whether the person may still change inventories."""
        return self._may(Permission.INVENTORY_WRITE)

    def _may(self, right: Permission) -> bool:
        return bool(self.person and self.person.active and allows(self.person.role, right))


def upload_of(turn: Turn) -> Upload | None:
    """Give what is to be read, and note that its credentials are used; None if that was done.

    Raises:
        AopsError: If the credentials cannot be used.
    """
    one = _row(turn)
    if one.snapshot is not None:
        return None
    secrets = credentials.secrets_for_run(one.credentials)
    credentials.mark_used([vault.id for vault in one.credentials])
    known = rows.host_names(one.inventory_id) if one.kind is ImportKind.TABLE else frozenset()
    return Upload(
        one.kind, services.content_of(one), one.source_name, secrets.vault_passwords, known
    )


def keep_reading(turn: Turn, reading: Reading) -> None:
    """Keep what was read, so that it need not be read again.

    Raises:
        AopsError: If it is more than the database takes.
    """
    snapshot = reading.snapshot.as_json()
    if len(PackedJson.pack(snapshot)) > services.MAX_PACKED:
        raise AopsError(_("What was read is too large to be kept. Import it in parts."))
    turns.keep(
        turn,
        snapshot=snapshot,
        notes=reading.notes,
        row_errors=[asdict(error) for error in reading.row_errors],
        output=reading.output,
    )


def plan(turn: Turn) -> Plan:
    """Look at both sides; the generation first, so that a change meanwhile is noticed."""
    one = _row(turn)
    return Plan(
        inventory_id=one.inventory_id,
        kind=one.kind,
        mode=one.mode,
        wanted=Snapshot.from_json(one.snapshot or {}),
        generation=generation.of(one.inventory_id),
        current=writing.current_snapshot(one.inventory_id),
        expected=one.generation,
        person=_person(one),
    )


def changes_of(plan: Plan) -> Changes:
    """Compare; a table speaks of hosts only.

    Raises:
        AopsError: If variables are no YAML mapping.
    """
    wanted = plan.wanted
    if plan.kind is ImportKind.TABLE and plan.mode is ImportMode.REPLACE:
        wanted = table_scope.completed(wanted, plan.current)
    return compare(plan.current, wanted, plan.mode)


def check(plan: Plan, changes: Changes) -> None:
    """Hold what would be written against the rules, before somebody confirms it.

    Raises:
        AopsError: If something may not be in an inventory.
    """
    checking.check(plan.current.rows, changes.after.rows, may_reserve=plan.may_reserve)


def offer(turn: Turn, plan: Plan, changes: Changes) -> None:
    """Put the changes before the person; once they were confirmed, say that they are others."""
    turns.keep(
        turn,
        status=ImportStatus.READY,
        generation=plan.generation,
        summary=changes.counts,
        changes=paged.packed(changes.as_json()),
        **({"outdated": True} if turn.status is ImportStatus.APPLYING else {}),
    )


def write(turn: Turn, plan: Plan, changes: Changes, told: Told) -> bool:
    """Write everything in this transaction.

    Args:
        turn: Must still hold at the end.
        plan: What was looked at.
        changes: What was confirmed.
        told: Is given the numbers of rows that were just written.

    Returns:
        Whether it was written; False if the inventory is not any more what was confirmed.

    Raises:
        AopsError: If it may not be written.
        TurnLost: If the turn is over.
    """
    writing.lock(plan.inventory_id)
    if generation.of(plan.inventory_id) != plan.expected or plan.generation != plan.expected:
        return False
    if not plan.may_write:
        raise AopsError(_("Whoever confirmed this may not change inventories any more."))
    inventory = session().get_one(Inventory, plan.inventory_id)
    counts = writing.write(
        inventory, plan.current, changes, may_reserve=plan.may_reserve, told=told
    )
    one = _row(turn)
    numbers = {name: number for name, number in counts.items() if number}
    audit.record("inventory.imported", inventory, mode=one.mode, **{"import": str(one)}, **numbers)
    turns.keep(
        turn,
        status=ImportStatus.DONE,
        summary=counts,
        finished_at=clock.now(),
        content=None,
        snapshot=None,
    )
    return True


def acting_person(turn: Turn) -> Actor:
    """Tell in whose name a turn works."""
    one = _row(turn)
    name, key = one.created_by_name, one.created_by_id
    if turn.status is ImportStatus.APPLYING:
        name, key = one.confirmed_by_name, one.confirmed_by_id
    return Actor(name=name, user_id=key)


def in_language_of(who: Actor) -> AbstractContextManager[None]:
    """Write sentences in the language that a person has chosen."""
    user = session().get(User, who.user_id) if who.user_id else None
    language: AbstractContextManager[None] = force_locale((user and user.locale) or "en")
    return language


def _row(turn: Turn) -> InventoryImport:
    return session().get_one(InventoryImport, turn.import_id)


def _person(one: InventoryImport) -> User | None:
    applying = one.status is ImportStatus.APPLYING
    key = one.confirmed_by_id if applying else one.created_by_id
    return session().get(User, key) if key else None
