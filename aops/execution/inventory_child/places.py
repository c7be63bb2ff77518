"""Lays an upload out as files, and says which of them is the inventory."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import archives, entries, folders, plugins, texts
from .problems import Note, Refused

_NOT_A_NAME = re.compile(r"[^\w.-]+", re.ASCII)
_SCRIPT = (b"#!", b"\xef\xbb\xbf#!")
_ARCHIVE_STARTS = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf", b"Rar!")


@dataclass(frozen=True)
class Source:
    """What Ansible is to read.

    Attributes:
        is_answer: Whether it is what a script printed, or ``ansible-inventory --list``.
        plugin: The name of the inventory plugin that it configures; "" if it is something else.
    """

    path: Path
    is_answer: bool = False
    plugin: str = ""


def lay_out(order: dict[str, Any], content: bytes, folder: Path, notes: list[Note]) -> Source:
    """Write the files of an order below a folder.

    Raises:
        Refused: If that cannot be an inventory.
    """
    if order["kind"] == "archive":
        archives.extract(content, folder, order["limits"])
        return Source(folders.inventory_in(folder, notes))
    if order["kind"] in ("script", "plugin"):
        return _own_text(order, content, folder)
    if content.startswith(_ARCHIVE_STARTS):
        raise Refused("is_archive")
    if content.startswith(_SCRIPT):
        raise Refused("is_script")
    if entries.CONFIGURATION.search(content):
        raise Refused("is_configuration")
    path = folder / _file_name(order["file_name"])
    text = texts.decode(content, path.name, notes)
    texts.note_comments([text], notes)
    texts.note_places([text], notes)
    if _is_answer(text):
        return _answer(path, text)
    path.write_text(text, encoding="utf-8", newline="")
    return Source(path)


def _own_text(order: dict[str, Any], content: bytes, folder: Path) -> Source:
    fallback = "inventory" if order["kind"] == "script" else "inventory.yml"
    path = folder / _file_name(order["file_name"] or fallback)
    path.write_bytes(content)
    if order["kind"] == "script":
        path.chmod(0o700)
        return Source(path)
    path.chmod(0o600)
    plugin = plugins.name_in(content.decode("utf-8", "replace"))
    plugins.refuse_hostless(plugin)
    return Source(path, plugin=plugin)


def _file_name(name: str) -> str:
    """Keep what Ansible looks at: the ending, and no comma, which would make it a list."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return _NOT_A_NAME.sub("_", base).lstrip("-").strip(".")[-100:] or "inventory"


def _is_answer(text: str) -> bool:
    """Tell ``ansible-inventory --list`` from a YAML inventory that is written as JSON."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    lists = (
        isinstance(group.get(part), list)
        for group in data.values()
        if isinstance(group, dict)
        for part in ("hosts", "children")
    )
    return "_meta" in data or any(lists) or any(isinstance(part, list) for part in data.values())


def _answer(path: Path, text: str) -> Source:
    """Let Ansible's ``script`` plugin read it, from a script that prints it."""
    data = path.parent / "answer"
    data.write_text(text, encoding="utf-8")
    script = path.parent / "answer.sh"
    script.write_text('#!/bin/sh\nexec cat "$(dirname "$0")/answer"\n')
    script.chmod(0o700)
    return Source(script, is_answer=True)
