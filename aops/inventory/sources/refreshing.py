"""One refresh from its claim to its result; what the source answers is merged and written.

The caller commits after each step. While the source is asked no transaction is open, and
the result, good or bad, is written in one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _
from sqlalchemy import select

from aops.audit import services as audit
from aops.core import clock
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.masking import Masker
from aops.credentials import services as credentials
from aops.execution.spec import Secrets
from aops.inventory import changes, checking, reading, writing
from aops.inventory.changes import Changes
from aops.inventory.imports.models import ImportMode
from aops.inventory.models import Group, Inventory
from aops.inventory.reading import Reading
from aops.inventory.snapshot import Snapshot
from aops.inventory.sources import claims, hosts, merging, reports, vanishing
from aops.inventory.sources.claims import Claim
from aops.inventory.sources.memory import Memory
from aops.inventory.sources.merging import Merged
from aops.inventory.sources.models import (
    InventorySource,
    RefreshStatus,
    SourceKind,
    SourceRefresh,
)
from aops.inventory.sources.vanishing import Fate, Given


@dataclass(frozen=True)
class Question:
    """What is asked, read once, so that no transaction stays open for the answer.

    Attributes:
        may_reserve: Whether this text may set reserved variables. Once it is asked, leave that
            was given to another text does not count for it.
        environment: Holds secrets.
        secrets: What must not appear in what is stored of the output.
    """

    kind: SourceKind
    content: str
    file_name: str
    timeout: int
    may_reserve: bool
    environment: Mapping[str, str] = field(repr=False)
    secrets: Sequence[str] = field(repr=False)


@dataclass(frozen=True)
class _Plan:
    """What an answer leads to.

    Attributes:
        known: The hosts that the source gave before.
        fates: Of those that vanished or came back.
    """

    current: Snapshot
    difference: Changes
    merged: Merged
    known: dict[str, Given]
    fates: dict[str, Fate]


def question_of(claim: Claim) -> Question:
    """Read what to ask, and note that its credentials are used.

    Raises:
        AopsError: If the credentials cannot be used.
        ClaimLost: If the source is gone.
    """
    source = _source_of(claim)
    chosen = sorted(source.credentials, key=lambda one: one.id)
    environment = credentials.environment_of(chosen)
    credentials.mark_used([one.id for one in chosen])
    return Question(
        kind=source.kind,
        content=source.content,
        file_name=source.file_name,
        timeout=source.timeout,
        may_reserve=source.may_reserve,
        environment=environment,
        secrets=credentials.values_to_mask(chosen, Secrets()),
    )


def ask(question: Question) -> Reading:
    """Let the source answer; takes up to its time limit.

    Raises:
        ReadError: If it gives no hosts, for whatever reason.
    """
    return reading.read_source(
        question.kind,
        question.content,
        file_name=question.file_name,
        environment=question.environment,
        timeout=question.timeout,
    )


def succeed(claim: Claim, question: Question, answer: Reading, seconds: float) -> None:
    """Write what the answer changes.

    Raises:
        ClaimLost: If somebody else refreshes the source by now, or it is gone.
        AopsError: If the inventory cannot become what the source says; nothing may then be
            committed.
    """
    source = _source_of(claim)
    listed = answer.snapshot.rows.hosts
    writing.lock(source.inventory_id)
    plan = _plan(source, answer.snapshot)
    _write(source, plan, may_reserve=source.may_reserve and question.may_reserve)
    hosts.remember(source, plan.known, plan.fates, listed=listed, before=plan.current.rows.hosts)
    claims.release(claim, refreshed_at=clock.now(), last_snapshot=plan.merged.memory.as_json())
    refresh = session().get_one(SourceRefresh, claim.refresh_id)
    refresh.status = RefreshStatus.SUCCESSFUL
    refresh.duration = seconds
    refresh.hosts = len(listed)
    refresh.counts = reports.counts_of(plan.difference, plan.merged.kept, plan.fates)
    notes = [*map(Masker(question.secrets).mask, answer.notes)]
    refresh.changes = reports.document(plan.difference, plan.merged.kept, plan.fates, notes)
    refresh.output = reports.side_output(answer.output, question.secrets)
    if not plan.difference.nothing:
        numbers = {name: number for name, number in refresh.counts.items() if number}
        audit.record("source.refreshed", source, cause=refresh.cause, **numbers)
    session().flush()


def fail(
    claim: Claim, sentence: str, *, seconds: float, output: str = "", secrets: Sequence[str] = ()
) -> None:
    """Note why a refresh changed nothing.

    Raises:
        ClaimLost: If somebody else refreshes the source by now, or it is gone.
    """
    claims.release(claim)
    refresh = session().get_one(SourceRefresh, claim.refresh_id)
    refresh.status = RefreshStatus.FAILED
    refresh.duration = seconds
    refresh.error = Masker(secrets).mask(reports.readable(sentence))
    refresh.output = reports.side_output(output, secrets)
    audit.record("source.refresh_failed", refresh.source, cause=refresh.cause, reason=refresh.error)
    session().flush()


def _source_of(claim: Claim) -> InventorySource:
    source = session().get(InventorySource, claim.source_id, populate_existing=True)
    if source is None:
        raise claims.ClaimLost(claim.source_id)
    return source


def _plan(source: InventorySource, given: Snapshot) -> _Plan:
    current = writing.current_snapshot(source.inventory_id)
    others, known = hosts.others_of(source), hosts.known_of(source)
    fates = vanishing.judge(
        source.vanished,
        known,
        given.rows.hosts,
        elsewhere={name for other in others.values() for name in other.listed},
        used=hosts.used_among(source, known, given.rows.hosts),
    )
    merged = merging.merge(
        Memory.from_json(source.last_snapshot),
        given,
        current,
        fates=vanishing.fates_of(fates),
        others={name: other.snapshot for name, other in others.items()},
        pinned=_pinned(source.inventory_id),
    )
    difference = changes.compare(current, merged.wanted, ImportMode.REPLACE)
    return _Plan(current, difference, merged, known, fates)


def _write(source: InventorySource, plan: _Plan, *, may_reserve: bool) -> None:
    inventory = session().get_one(Inventory, source.inventory_id)
    try:
        writing.write(  # what a source takes away was its own
            inventory, plan.current, plan.difference, may_reserve=may_reserve, may_go=True
        )
    except AopsError as error:
        raise _explained(error, source, plan) from error


def _explained(error: AopsError, source: InventorySource, plan: _Plan) -> AopsError:
    """Say what to do where only the right to set reserved variables is missing."""
    if source.may_reserve:
        return error
    try:
        checking.check(plan.current.rows, plan.difference.after.rows, may_reserve=True)
    except AopsError:
        return error
    hint = _("An administrator can also allow this in the settings of the source.")
    return AopsError(f"{error}\n{hint}")


def _pinned(inventory_id: int) -> set[str]:
    """Name the groups that somebody has described."""
    query = select(Group.name).where(Group.inventory_id == inventory_id, Group.description != "")
    return set(session().scalars(query))
