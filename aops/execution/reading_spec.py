"""The words in which the rest of aops and the reading of an inventory talk to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aops.execution.spec import VaultPassword


class ReadKind(StrEnum):
    """What the content is."""

    UPLOAD = "upload"
    """One inventory file; nothing in it is executed."""

    ARCHIVE = "archive"
    """A packed folder; nothing in it is executed."""

    WORKBOOK = "workbook"
    """XLSX."""

    SCRIPT = "script"
    """A program that answers ``--list``."""

    PLUGIN = "plugin"
    """YAML that configures an inventory plugin."""


@dataclass(frozen=True)
class Limits:
    """What one reading may use.

    Attributes:
        cpu: Seconds, of one process.
        wall: Seconds until everything is ended.
        memory: Bytes of address space, of one process.
        file_size: Bytes of one file.
        unpacked: Bytes that an archive may unpack to.
        script_answer: Bytes that a script may print.
        answer: Bytes that the result may have.
        output: Bytes that are kept of what is printed on the side.
    """

    hosts: int = 50_000
    groups: int = 20_000
    rows: int = 50_001
    cpu: int = 120
    wall: float = 180
    memory: int = 3 << 30
    processes: int = 256
    file_size: int = 512 << 20
    unpacked: int = 256 << 20
    script_answer: int = 64 << 20
    answer: int = 256 << 20
    output: int = 64 << 10


@dataclass(frozen=True)
class ReadOrder:
    """One thing to read.

    Attributes:
        environment: For a script or plugin; never seen on a command line or a disk.
        vault_passwords: For files of an upload that are encrypted as a whole; go the same way.
    """

    kind: ReadKind
    content: bytes
    file_name: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    limits: Limits = field(default_factory=Limits)
    vault_passwords: tuple[VaultPassword, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class ReadAnswer:
    """What came of it.

    Attributes:
        document: As ``inventory_child`` writes it; None when there is a problem.
        problem: A code and its arguments; of the child's own or one of ``timeout``, ``cpu``,
            ``memory``, ``too_many_processes``, ``answer_too_big``, ``crashed``, ``no_sandbox``.
        output: What was printed on the side, the first of it.
        isolated: Whether it was read behind walls.
    """

    document: dict[str, Any] | None = None
    problem: tuple[str, dict[str, Any]] | None = None
    output: str = ""
    isolated: bool = True
