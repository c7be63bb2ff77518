"""Tells what of an unpacked folder Ansible passes over, and what is kept from it."""

from __future__ import annotations

import re
from pathlib import Path

BESIDE = frozenset({"group_vars", "host_vars"})
"""Folders of variables; only those beside the inventory count."""

CONFIGURATION = re.compile(rb"^plugin[ \t]*:", re.MULTILINE)
"""What a file that configures an inventory plugin says."""

SKIPPED = (
    *(".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg"),
    ".retry",
)
"""What Ansible skips in a folder, by the ends of names."""

_NO_INVENTORY = BESIDE | {"vars_plugins"}
_PROGRAMS = (b"#!", b"\x7fELF", b"MZ")


def is_skipped(part: str) -> bool:
    """Tell whether Ansible looks for no inventory in what is called so."""
    return part[0] == "." or part in _NO_INVENTORY or part.endswith(SKIPPED)


def reason_against(path: Path, top: Path) -> str:
    """Give the code of why a file must not be read: it sets something, or would be run."""
    if path.name == "ansible.cfg":
        return "settings_ignored"
    if not BESIDE.isdisjoint(path.relative_to(top).parts):
        return ""
    content = path.read_bytes()
    if content.startswith(_PROGRAMS):
        return "program_ignored"
    configures = path.suffix in (".yml", ".yaml") and CONFIGURATION.search(content)
    return "configuration_ignored" if configures else ""
