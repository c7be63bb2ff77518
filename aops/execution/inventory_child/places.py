"""Lays an upload out as files, and says which of them is the inventory."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import archives, plugins, texts
from .problems import Note, Refused

_NOT_A_NAME = re.compile(r"[^\w.-]+", re.ASCII)
_BESIDE = frozenset({"group_vars", "host_vars"})
_CONFIGURATION = re.compile(rb"^plugin[ \t]*:", re.MULTILINE)
_SCRIPT = (b"#!", b"\xef\xbb\xbf#!")
_SKIPPED = (
    *(".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg"),
    ".retry",
)
"""What Ansible skips in a folder, by the ends of names."""

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
        return _chosen(folder, notes)
    if order["kind"] in ("script", "plugin"):
        return _own_text(order, content, folder)
    if content.startswith(_ARCHIVE_STARTS):
        raise Refused("is_archive")
    if content.startswith(_SCRIPT):
        raise Refused("is_script")
    if _CONFIGURATION.search(content):
        raise Refused("is_configuration")
    path = folder / _file_name(order["file_name"])
    text = texts.decode(content, path.name, notes)
    texts.note_comments([text], notes)
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


def _chosen(folder: Path, notes: list[Note]) -> Source:
    """Take the one thing that can be the inventory, else the folder as Ansible would."""
    top = _entered(folder)
    _set_aside(top, notes)
    path = _inventory_in(top)
    base = path if path.is_dir() else path.parent
    contents = [
        _decoded(file, top, notes)
        for file in sorted(top.rglob("*"))
        if file.is_file() and (file == path or _is_read(file.relative_to(base)))
    ]
    texts.note_comments(contents, notes)
    notes.extend(
        ("not_beside", {"folder": str(place.relative_to(top))})
        for place in sorted(top.rglob("*"))
        if place.name in _BESIDE and place.is_dir() and place.parent != base
    )
    return Source(path)


def _inventory_in(top: Path) -> Path:
    visible = [
        entry
        for entry in sorted(top.iterdir())
        if entry.name not in _BESIDE and not entry.name.startswith(".")
    ]
    found = [entry for entry in visible if not entry.name.endswith(_SKIPPED)] or visible
    if not found:
        raise Refused("nothing_in_archive")
    is_beside = any((top / name).exists() for name in _BESIDE)
    return found[0] if len(found) == 1 and (found[0].is_file() or not is_beside) else top


def _is_read(name: Path) -> bool:
    """Tell whether Ansible looks at a file at all, where the inventory is the whole folder."""
    return not name.name.endswith(_SKIPPED) and not any(part[0] == "." for part in name.parts)


def _entered(folder: Path) -> Path:
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith("__MACOSX")]
    inner = entries[0] if len(entries) == 1 else folder
    return inner if inner.is_dir() and inner.name not in _BESIDE else folder


def _set_aside(top: Path, notes: list[Note]) -> None:
    """Take away what must not be read: settings, and what would be executed."""
    for path in sorted(top.rglob("*")):
        if not path.is_file():
            continue
        reason = _reason_against(path, path.relative_to(top))
        if reason:
            path.unlink()
            notes.append((reason, {"file": str(path.relative_to(top))}))


def _reason_against(path: Path, name: Path) -> str:
    if name.name == "ansible.cfg":
        return "settings_ignored"
    if not _BESIDE.isdisjoint(name.parts):
        return ""
    content = path.read_bytes()
    if content.startswith((b"#!", b"\x7fELF", b"MZ")):
        return "program_ignored"
    configures = name.suffix in (".yml", ".yaml") and _CONFIGURATION.search(content)
    return "configuration_ignored" if configures else ""


def _decoded(path: Path, top: Path, notes: list[Note]) -> str:
    """Give a file's text, and rewrite it where it was not UTF-8."""
    content = path.read_bytes()
    text = texts.decode(content, os.fsdecode(path.relative_to(top)), notes)
    decoded = text.encode()
    if decoded != content:
        path.write_bytes(decoded)
    return text
