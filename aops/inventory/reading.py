"""Reads uploads and dynamic sources into snapshots; Ansible decides what they mean.

The reading itself happens in the sandbox (``execution.reader``). Here its answer is checked,
its codes become sentences, and its values become the YAML texts that inventories keep.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from aops.config import Settings
from aops.core.errors import AopsError
from aops.execution import reader
from aops.execution.inventory_child import texts
from aops.execution.inventory_child.problems import Note, Refused
from aops.execution.reading_spec import Limits, ReadAnswer, ReadKind, ReadOrder
from aops.execution.spec import Isolation, VaultPassword
from aops.inventory import answers, csv_rows, reading_words, tables
from aops.inventory.imports.models import ImportKind
from aops.inventory.snapshot import Snapshot
from aops.inventory.sources.models import SourceKind
from aops.inventory.tables import Row, RowError

__all__ = ["MAX_UPLOAD", "ReadError", "Reading", "RowError", "read_source", "read_upload"]

MAX_UPLOAD = 32 << 20

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How XLSX begins, and what older or encrypted workbooks begin with."""


@dataclass(frozen=True)
class Reading:
    """What was read.

    Attributes:
        notes: Sentences about what cannot be kept or was assumed.
        row_errors: Of a table; the snapshot holds the other rows.
        output: What it printed on the side.
    """

    snapshot: Snapshot
    notes: list[str] = field(default_factory=list)
    row_errors: list[RowError] = field(default_factory=list)
    output: str = ""


class ReadError(AopsError):
    """It could not be read.

    Attributes:
        output: What it printed on the side.
    """

    def __init__(self, message: str, *, output: str = "") -> None:
        super().__init__(message)
        self.output = output


def read_upload(
    kind: ImportKind,
    content: bytes,
    file_name: str,
    vaults: Sequence[VaultPassword] = (),
    known_hosts: Collection[str] = frozenset(),
) -> Reading:
    """Read what somebody uploaded; nothing in it is executed.

    Args:
        kind: What it is said to be.
        content: Its bytes.
        file_name: As the browser gave it; "" for pasted text.
        vaults: For files that are encrypted as a whole; their texts stay encrypted, each by
            itself.
        known_hosts: Names of hosts that are there already; a table may name these however odd
            they are, others only as a form would take them.

    Raises:
        ReadError: With a sentence that says why.
    """
    if len(content) > MAX_UPLOAD:
        raise ReadError(
            _(
                "This has %(size)d MB; at most %(limit)d MB can be imported at once. "
                "Import it in parts.",
                size=len(content) >> 20,
                limit=MAX_UPLOAD >> 20,
            )
        )
    if kind is ImportKind.TABLE:
        return _read_table(content, file_name, known_hosts)
    inside = ReadKind.ARCHIVE if kind is ImportKind.ARCHIVE else ReadKind.UPLOAD
    return _read(ReadOrder(inside, content, file_name, vault_passwords=tuple(vaults)))


def read_source(
    kind: SourceKind,
    content: str,
    *,
    file_name: str,
    environment: Mapping[str, str],
    timeout: int,
) -> Reading:
    """Ask a dynamic source, with the network.

    Args:
        kind: What Ansible does with the text.
        content: The plugin's YAML or the script.
        file_name: What some plugins insist on, such as ``aws_ec2.yml``; may be "".
        environment: What the script or plugin finds in its environment; nothing else of ours.
        timeout: Seconds.

    Raises:
        ReadError: With a sentence that says why; also when it gives no host.
    """
    inside = ReadKind.SCRIPT if kind is SourceKind.SCRIPT else ReadKind.PLUGIN
    limits = replace(Limits(), wall=float(timeout))
    return _read(ReadOrder(inside, content.encode(), file_name, environment, limits))


def _read_table(content: bytes, file_name: str, known_hosts: Collection[str]) -> Reading:
    try:
        rows: Iterable[Row]
        if content.startswith(_WORKBOOKS):
            rows, notes = answers.rows(_document(ReadOrder(ReadKind.WORKBOOK, content)))
        else:
            rows, notes = _csv(content, file_name)
        table = tables.read(rows, known_hosts)
    except ReadError:
        raise
    except AopsError as error:
        raise ReadError(str(error)) from None
    if not table.snapshot.rows.hosts and not table.errors:
        raise ReadError(_("The table has no host: there is no row below the first."))
    return Reading(table.snapshot, [*notes, *table.notes], table.errors)


def _csv(content: bytes, file_name: str) -> tuple[Iterable[Row], list[str]]:
    found: list[Note] = []
    try:
        text = texts.decode(content, file_name or "CSV", found)
    except Refused as refused:
        raise AopsError(reading_words.problem(refused.code, refused.arguments)) from None
    return csv_rows.read(text), reading_words.notes(found)


def _read(order: ReadOrder) -> Reading:
    answer = _answer(order)
    try:
        snapshot, notes = answers.snapshot(answer.document or {})
    except AopsError as error:
        raise ReadError(str(error), output=answer.output) from None
    return Reading(snapshot, notes, output=answer.output)


def _document(order: ReadOrder) -> dict[str, Any]:
    return _answer(order).document or {}


def _answer(order: ReadOrder) -> ReadAnswer:
    settings: Settings = current_app.extensions["settings"]
    answer = reader.read(order, Isolation(settings.isolation))
    if answer.problem:
        raise ReadError(reading_words.problem(*answer.problem), output=answer.output)
    return answer
