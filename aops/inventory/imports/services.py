"""The life of an import as people drive it: upload, confirm, discard.

Nothing here reads the upload or writes the inventory: a worker does, as ``work`` says.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update

from aops.audit import services as audit
from aops.core import actor, celery, clock
from aops.core.database import database_time, session
from aops.core.errors import AopsError
from aops.credentials import services as credentials
from aops.credentials.models import Credential
from aops.inventory import generation
from aops.inventory.imports import labels
from aops.inventory.imports.models import (
    ImportKind,
    ImportMode,
    ImportStage,
    ImportStatus,
    InventoryImport,
)
from aops.inventory.imports.recognising import recognise
from aops.inventory.imports.turns import LEASE
from aops.inventory.models import Inventory
from aops.inventory.reading import MAX_UPLOAD
from aops.inventory.sources.models import SourceKind

TASK = "inventory.imports.work"

MAX_PACKED = 7 << 20
"""MariaDB takes statements of 16 MiB unless it is told otherwise, and bytes may double in one."""

_OVERDUE = timedelta(seconds=30)
_MAX_NAME = 255
_CONFIGURATION = re.compile(rb"^plugin[ \t]*:", re.MULTILINE)


def upload(
    inventory: Inventory,
    *,
    kind: ImportKind,
    mode: ImportMode,
    source_name: str,
    content: bytes,
    vaults: Sequence[Credential] = (),
) -> InventoryImport:
    """Keep an upload, and ask a worker to read it; the inventory stays as it is.

    Args:
        inventory: Where it shall go.
        kind: What it is.
        mode: Whether what it does not mention stays.
        source_name: The file's name; "" for pasted text.
        content: As it came.
        vaults: Vault credentials that open files in it which are encrypted as a whole.

    Raises:
        AopsError: If it is empty or too large, or two of the credentials have one vault id.
    """
    credentials.refuse_conflicts(vaults)
    who = actor.current()
    upload = InventoryImport(
        inventory=inventory,
        kind=kind,
        mode=mode,
        source_name=source_name[-_MAX_NAME:],
        created_by_id=who.user_id,
        created_by_name=who.name,
        requested_at=database_time(),
        content=_packed(content),
        credentials=list(vaults),
    )
    session().add(upload)
    session().flush()
    used = {"credentials": ", ".join(one.name for one in vaults)} if vaults else {}
    audit.record("import.uploaded", upload, inventory=inventory.name, kind=kind, mode=mode, **used)
    celery.send_after_commit(TASK, upload.id)
    return upload


def confirm(
    one: InventoryImport, *, seen: int | None, skip_bad_rows: bool, removed: int | None
) -> None:
    """Ask a worker to write what the preview shows; a second time does nothing.

    If the inventory has changed since, the preview is made anew instead.

    Args:
        one: The import.
        seen: The generation of the preview that the person saw; it may have been made anew.
        skip_bad_rows: Whether to import a table without its rows that do not fit.
        removed: How many hosts the person was told are removed.

    Raises:
        AopsError: If something was not said that must be.
    """
    if one.status is not ImportStatus.READY:
        return
    _refuse_unseen(one, seen)
    _refuse_unsaid(one, skip_bad_rows=skip_bad_rows, removed=removed)
    outdated = generation.of(one.inventory_id) != one.generation
    who = actor.current()
    _move(
        one,
        ImportStatus.READING if outdated else ImportStatus.APPLYING,
        outdated=outdated,
        skip_bad_rows=skip_bad_rows,
        confirmed_by_id=None if outdated else who.user_id,
        confirmed_by_name="" if outdated else who.name,
        requested_at=database_time(),
        attempt=0,
        stage=ImportStage.WAITING,
    )
    celery.send_after_commit(TASK, one.id)


def discard(one: InventoryImport) -> None:
    """Decide against an import; what is being written already is."""
    if one.status in {ImportStatus.READING, ImportStatus.READY} and _move(
        one,
        ImportStatus.DISCARDED,
        content=None,
        snapshot=None,
        finished_at=clock.now(),
    ):
        audit.record("import.discarded", one, inventory=one.inventory.name)


def is_overdue(one: InventoryImport) -> bool:
    """Tell whether no worker has taken an import although it waits for long."""
    return database_time() - one.requested_at > _OVERDUE


def seconds_at_work(one: InventoryImport) -> int:
    """Tell how long a worker has been at an import; 0 while none has taken it."""
    if one.stage is ImportStage.WAITING:
        return 0
    elapsed = database_time() - (one.requested_at - LEASE)
    return max(0, int(elapsed.total_seconds()))


def pasted_text(one: InventoryImport) -> str:
    """Give back what was pasted, so that it can be corrected; "" for files and what is gone."""
    if one.source_name or one.content is None:
        return ""
    return content_of(one).decode("utf-8", "replace")


def kept_file(inventory_id: int, import_id: int | None) -> InventoryImport | None:
    """Give an import that failed and whose file is still there, to be tried otherwise."""
    one = session().get(InventoryImport, import_id) if import_id else None
    fits = one and one.inventory_id == inventory_id and one.status is ImportStatus.FAILED
    return one if one and fits and one.source_name and one.content is not None else None


def chosen_kind(one: InventoryImport) -> str:
    """Tell which kind a person chose; "" if it was recognised, or may have been."""
    if one.content is None or recognise(one.source_name, content_of(one)) is one.kind:
        return ""
    return one.kind.value


def source_in(one: InventoryImport) -> SourceKind | None:
    """Tell what kind of a dynamic source an upload is, where it is no inventory but that."""
    if one.content is None or one.kind is not ImportKind.ANSIBLE:
        return None
    beginning = content_of(one).removeprefix(codecs.BOM_UTF8)
    if beginning.startswith(b"#!"):
        return SourceKind.SCRIPT
    return SourceKind.PLUGIN if _CONFIGURATION.search(beginning) else None


def content_of(one: InventoryImport) -> bytes:
    """Give back what was uploaded.

    Raises:
        AopsError: If it is gone.
    """
    if one.content is None:
        raise AopsError(_("The upload is not kept any more; send it again."))
    return zlib.decompress(one.content)


def recent(inventory_id: int, number: int = 20) -> list[InventoryImport]:
    """Give the newest imports of an inventory."""
    query = select(InventoryImport).where(InventoryImport.inventory_id == inventory_id)
    return list(session().scalars(query.order_by(InventoryImport.id.desc()).limit(number)))


def _packed(content: bytes) -> bytes:
    if not content.strip():
        raise AopsError(_("There is nothing in it to import."), field="file")
    packed = zlib.compress(content, level=1) if len(content) <= MAX_UPLOAD else b""
    if not packed or len(packed) > MAX_PACKED:
        raise AopsError(
            _(
                "This is too large: at most %(limit)d MiB can be imported at once, or %(packed)d "
                "MiB of an archive. Pack it as zip or tar.gz, or import it in parts.",
                limit=MAX_UPLOAD >> 20,
                packed=MAX_PACKED >> 20,
            ),
            field="file",
        )
    return packed


def _refuse_unseen(one: InventoryImport, seen: int | None) -> None:
    if seen != one.generation:
        raise AopsError(
            _(
                "The inventory was changed after you last saw this preview, so it was made anew. "
                "Look again before you import."
            )
        )


def _refuse_unsaid(one: InventoryImport, *, skip_bad_rows: bool, removed: int | None) -> None:
    if one.row_errors and not skip_bad_rows:
        raise AopsError(
            _("Some rows or columns do not fit. Correct the table, or tick that they are left out.")
        )
    expected = one.summary["hosts_removed"] if one.summary else 0
    if expected and one.bad_rows:
        raise AopsError(str(labels.LEFT_OUT_IS_REMOVED))
    if expected and removed != expected:
        raise AopsError(_("Confirm again: the number of hosts that are removed has changed."))


def _move(one: InventoryImport, status: ImportStatus, **values: Any) -> bool:
    """Change the state unless somebody else just did."""
    answer: Any = session().execute(
        update(InventoryImport)
        .where(InventoryImport.id == one.id, InventoryImport.status == one.status)
        .values(status=status, **values)
        .execution_options(synchronize_session=False)
    )
    session().expire(one)
    return bool(answer.rowcount)
