"""Finds the inventory in an unpacked folder, and lays it open for Ansible to read.

A folder is read as ``ansible-inventory -i folder`` reads it; only what would be run or sets
something is taken away before. What Ansible does not look at is not looked at here either.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from . import texts
from .problems import Note, Refused

BESIDE = frozenset({"group_vars", "host_vars"})
"""Folders of variables; only those beside the inventory count."""

CONFIGURATION = re.compile(rb"^plugin[ \t]*:", re.MULTILINE)
"""What a file that configures an inventory plugin says."""

_SKIPPED = (
    *(".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg"),
    ".retry",
)
"""What Ansible skips in a folder, by the ends of names."""

_NO_INVENTORY = BESIDE | {"vars_plugins"}
_VARIABLES = ("", ".yml", ".yaml", ".json")
_PROGRAMS = (b"#!", b"\x7fELF", b"MZ")
_USUAL = re.compile(r"(?:hosts|inventory)(?:\.(?:ini|ya?ml|json|toml))?", re.IGNORECASE)
"""What the inventory of a whole project is mostly called."""


def inventory_in(folder: Path, notes: list[Note]) -> Path:
    """Take the one thing that can be the inventory, else the folder as Ansible would.

    Raises:
        Refused: If there is none.
    """
    top = _entered(folder)
    path = _of_project(top, notes)
    if path is None:
        _set_aside(top, notes)
        path = _chosen(top)
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


def _of_project(top: Path, notes: list[Note]) -> Path | None:
    """Give the inventory of a project, which has playbooks and roles beside it."""
    usual = [path for path in top.iterdir() if _USUAL.fullmatch(path.name) and path.is_file()]
    if len(usual) != 1 or not (top / "roles").is_dir() or _reason_against(usual[0], top):
        return None
    notes.append(("project", {"file": usual[0].name}))
    return usual[0]


def _set_aside(top: Path, notes: list[Note]) -> None:
    """Take away what must not be read: settings, and what would be executed."""
    for path in sorted(top.rglob("*")):
        if not path.is_file():
            continue
        reason = _reason_against(path, top)
        if reason:
            path.unlink()
            notes.append((reason, {"file": str(path.relative_to(top))}))


def _reason_against(path: Path, top: Path) -> str:
    if path.name == "ansible.cfg":
        return "settings_ignored"
    if not BESIDE.isdisjoint(path.relative_to(top).parts):
        return ""
    content = path.read_bytes()
    if content.startswith(_PROGRAMS):
        return "program_ignored"
    configures = path.suffix in (".yml", ".yaml") and CONFIGURATION.search(content)
    return "configuration_ignored" if configures else ""


def _chosen(top: Path) -> Path:
    visible = [
        entry
        for entry in sorted(top.iterdir())
        if entry.name not in BESIDE and not entry.name.startswith(".")
    ]
    found = [entry for entry in visible if not entry.name.endswith(_SKIPPED)] or visible
    if not found:
        raise Refused("nothing_in_archive")
    is_beside = any((top / name).exists() for name in BESIDE)
    return found[0] if len(found) == 1 and (found[0].is_file() or not is_beside) else top


def _read_by_ansible(path: Path, base: Path) -> Iterator[Path]:
    """Give the inventory's files, and those of variables beside it."""
    for file in sorted(base.rglob("*")):
        name = file.relative_to(base)
        wanted = path in (base, file) and (file == path or not any(map(_is_skipped, name.parts)))
        if file.is_file() and (wanted or _holds_variables(name)):
            yield file


def _is_skipped(part: str) -> bool:
    return part[0] == "." or part in _NO_INVENTORY or part.endswith(_SKIPPED)


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
