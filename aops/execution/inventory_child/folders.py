"""Finds the inventory in an unpacked folder, and lays it open for Ansible to read.

A folder is read as ``ansible-inventory -i folder`` reads it; only what would be run or sets
something is taken away before. What Ansible does not look at is not looked at here either.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from . import projects, texts
from .entries import BESIDE, SKIPPED, is_skipped, reason_against
from .problems import Note, Refused

_VARIABLES = ("", ".yml", ".yaml", ".json")


def inventory_in(folder: Path, notes: list[Note]) -> Path:
    """Take the one thing that can be the inventory, else the folder as Ansible would.

    Raises:
        Refused: If there is none, or several that nobody would run as one.
    """
    top = _entered(folder)
    path = projects.inventory_file(top, notes)
    if path is None:
        place = projects.inventory_folder(top, notes)
        _set_aside(place, top, notes)
        path = _chosen(place)
    base = path if path.is_dir() else path.parent
    contents = [_decoded(file, path, top, notes) for file in [*_read_by_ansible(path, base)]]
    texts.note_comments(contents, notes)
    texts.note_places(contents, notes)
    notes.extend(
        ("not_beside", {"folder": str(place.relative_to(top))})
        for place in sorted(top.rglob("*"))
        if place.name in BESIDE and place.is_dir() and place.parent != base
    )
    return path


def _entered(folder: Path) -> Path:
    """Go down as long as there is nothing but one folder."""
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith("__MACOSX")]
    inner = entries[0] if len(entries) == 1 else folder
    if inner == folder or not inner.is_dir() or inner.name in BESIDE:
        return folder
    return _entered(inner)


def _set_aside(place: Path, top: Path, notes: list[Note]) -> None:
    """Take away what must not be read: settings, and what would be executed."""
    for path in sorted(place.rglob("*")):
        if not path.is_file():
            continue
        reason = reason_against(path, top)
        if reason:
            path.unlink()
            notes.append((reason, {"file": str(path.relative_to(top))}))


def _chosen(top: Path) -> Path:
    visible = [
        entry
        for entry in sorted(top.iterdir())
        if entry.name not in BESIDE and not entry.name.startswith(".")
    ]
    found = [entry for entry in visible if not entry.name.endswith(SKIPPED)] or visible
    if not found:
        raise Refused("nothing_in_archive")
    is_beside = any((top / name).exists() for name in BESIDE)
    return found[0] if len(found) == 1 and (found[0].is_file() or not is_beside) else top


def _read_by_ansible(path: Path, base: Path) -> Iterator[Path]:
    """Give the inventory's files, and those of variables beside it."""
    for file in sorted(base.rglob("*")):
        name = file.relative_to(base)
        wanted = path in (base, file) and (file == path or not any(map(is_skipped, name.parts)))
        if file.is_file() and (wanted or _holds_variables(name)):
            yield file


def _holds_variables(name: Path) -> bool:
    """Tell whether a file may be one of variables; a host may be called like any file."""
    if name.parts[0] not in BESIDE:
        return False
    direct = len(name.parts) == len(("group_vars", "web.yml"))
    hidden = name.name[0] == "." or name.name[-1] == "~"
    return direct or (not hidden and name.suffix in _VARIABLES)


def _decoded(file: Path, inventory: Path, top: Path, notes: list[Note]) -> str:
    """Give a file's text, and rewrite it where it was not UTF-8.

    Raises:
        Refused: If the inventory itself is no text; beside it, Ansible has the word of variables,
            and anything else is left out.
    """
    content = file.read_bytes()
    try:
        text = texts.decode(content, os.fsdecode(file.relative_to(top)), notes)
    except Refused as refused:
        if file == inventory:
            raise
        if BESIDE.isdisjoint(file.relative_to(top).parts):
            file.unlink()  # Ansible would take its beginning for the name of a host
            notes.append((f"{refused.code}_ignored", {"file": str(file.relative_to(top))}))
        return ""
    decoded = text.encode()
    if decoded != content:
        file.write_bytes(decoded)
    return text
