"""Finds the inventory of a whole project, which has playbooks and roles around it.

Read as one folder, a project would mix its inventories and lose the variables beside each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from . import hosts_files
from .entries import BESIDE, is_skipped, reason_against
from .problems import Note, Refused

_USUAL = frozenset({"inventory", "inventories", "environments"})
"""Folders that hold an inventory, or one in each folder below."""

_OF_PROJECTS = _USUAL | {"roles", "playbooks", "collections"}
_ELSEWHERE = frozenset({"roles", "collections", "molecule", "files", "templates"})
"""Folders whose inventories, if that is what they are, are no project's own."""

_MOST_NAMED = 10


def inventory_file(top: Path, notes: list[Note]) -> Path | None:
    """Give the one usual inventory file that roles stand beside."""
    usual = [path for path in top.iterdir() if hosts_files.is_usual(path.name) and path.is_file()]
    if len(usual) != 1 or not (top / "roles").is_dir() or reason_against(usual[0], top):
        return None
    notes.append(("project", {"file": usual[0].name}))
    return usual[0]


def inventory_folder(top: Path, notes: list[Note]) -> Path:
    """Give the folder within a project that holds its inventory; without a project, the whole.

    Raises:
        Refused: If there are several, because nobody runs them as one.
    """
    if _has_inventory(top, top):
        return top
    having = [folder for folder in _folders(top) if _has_inventory(folder, top)]
    found = _found(having, top)
    if not found or _means_the_whole(top, having, found):
        return top
    if len(found) > 1:
        raise Refused("several_inventories", folders=_listed(found, top))
    notes.append(("project_folder", {"folder": str(found[0].relative_to(top))}))
    return found[0]


def _folders(top: Path) -> Iterator[Path]:
    for place, names, _ in os.walk(top):
        names[:] = sorted(name for name in names if name not in _ELSEWHERE and not is_skipped(name))
        yield from (Path(place, name) for name in names)


def _found(having: list[Path], top: Path) -> list[Path]:
    """Give folders with variables beside an inventory, their like, and those in a usual place.

    What else lies in such a folder belongs to it, as for Ansible.
    """
    full = [folder for folder in having if _has_variables(folder)]
    places = {folder.parent for folder in full if folder.name not in _USUAL}
    alike = [
        folder
        for folder in having
        if folder.parent in places or not _USUAL.isdisjoint(folder.relative_to(top).parts[-2:])
    ]
    return [
        folder
        for folder in having
        if folder in full or (folder in alike and set(having).isdisjoint(folder.parents))
    ]


def _means_the_whole(top: Path, having: list[Path], found: list[Path]) -> bool:
    """Tell whether what was found is no more than a part of one inventory.

    Variables at the top of a project are those of playbooks, unless the inventory has none.
    """
    full = {folder for folder in found if _has_variables(folder)}
    if _has_variables(top) and len(found) == 1 and not full:
        return True
    if _is_project(top):
        return False
    outside = (folder not in full and full.isdisjoint(folder.parents) for folder in having)
    return _has_variables(top) or any(outside)


def _is_project(top: Path) -> bool:
    return any(
        path.name in _OF_PROJECTS if path.is_dir() else hosts_files.is_of_project(path)
        for path in top.iterdir()
    )


def _has_variables(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in BESIDE)


def _has_inventory(folder: Path, top: Path) -> bool:
    files = [path for path in folder.iterdir() if path.is_file() and not is_skipped(path.name)]
    return any(hosts_files.holds_hosts(path) and not reason_against(path, top) for path in files)


def _listed(found: list[Path], top: Path) -> str:
    more = ", …" if len(found) > _MOST_NAMED else ""
    return ", ".join(str(path.relative_to(top)) for path in found[:_MOST_NAMED]) + more
