"""Reads uploads and dynamic sources into snapshots; Ansible decides what they mean.

The reading itself happens in the sandbox (``execution.reader``). Here its answer is checked,
its codes become sentences, and its values become the YAML texts that inventories keep.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from aops.config import Settings
from aops.core.errors import AopsError
from aops.execution import reader
from aops.execution.reader import Limits, ReadKind, ReadOrder
from aops.execution.spec import Isolation
from aops.inventory import reading_words, variables_text
from aops.inventory.imports.models import ImportKind
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import Snapshot
from aops.inventory.sources.models import SourceKind

_log = logging.getLogger(__name__)

MAX_UPLOAD = 32 << 20


@dataclass(frozen=True)
class RowError:
    """Why a row of a table does not fit; rows count from 1, the header included."""

    row: int
    column: str
    problem: str


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


def read_upload(kind: ImportKind, content: bytes, file_name: str) -> Reading:
    """Read what somebody uploaded; nothing in it is executed.

    Args:
        kind: What it is said to be.
        content: Its bytes.
        file_name: As the browser gave it; "" for pasted text.

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
    inside = ReadKind.ARCHIVE if kind is ImportKind.ARCHIVE else ReadKind.UPLOAD
    return _read(ReadOrder(inside, content, file_name))


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


def _read(order: ReadOrder) -> Reading:
    settings: Settings = current_app.extensions["settings"]
    answer = reader.read(order, Isolation(settings.isolation))
    if answer.document is None:
        code, arguments = answer.problem or ("crashed", {})
        raise ReadError(reading_words.problem(code, arguments), output=answer.output)
    try:
        snapshot = _snapshot(answer.document)
        notes = reading_words.notes(answer.document["notes"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        _log.warning("the reader's answer makes no sense: %r", error)
        raise ReadError(reading_words.problem("crashed", {}), output=answer.output) from None
    return Reading(snapshot, notes, output=answer.output)


def _snapshot(document: dict[str, Any]) -> Snapshot:
    groups = document["groups"]
    ungrouped = groups.get("ungrouped", {})
    if not any(ungrouped.get(part) for part in ("variables", "hosts", "children")):
        groups.pop("ungrouped", None)
    return Snapshot(
        InventoryRows(
            variables=variables_text.write(document["variables"]),
            hosts={
                name: variables_text.write(variables)
                for name, variables in document["hosts"].items()
            },
            groups={
                name: GroupRow(
                    variables=variables_text.write(group["variables"]),
                    hosts=list(group["hosts"]),
                    children=list(group["children"]),
                    in_all=bool(group["in_all"]),
                )
                for name, group in groups.items()
            },
        )
    )
