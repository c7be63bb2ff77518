"""Tells files of hosts from the other files that lie in a project, without parsing them.

Ansible itself only finds out by trying, and takes a version number for a host.
"""

from __future__ import annotations

import re
from pathlib import Path

from . import formats, texts
from .problems import Refused

_USUAL = re.compile(r"(?:hosts|inventory)(?:\.(?:ini|ya?ml|json|toml))?", re.IGNORECASE)
"""What the inventory of a whole project is mostly called."""

_NO_HOSTS = frozenset({"VERSION", "requirements.in"})
"""What Ansible would take for hosts, although it never is."""

_KEY = r"[\"']?(?:hosts|children|vars)[\"']?\s*"
_OF_GROUPS = {
    "yaml": re.compile(rf"(?:^[ \t]+|[{{,]\s*){_KEY}:", re.MULTILINE),
    "toml": re.compile(rf"^\s*\[.*\.{_KEY}[\].]|(?:^|[{{,])[ \t]*{_KEY}=", re.MULTILINE),
}
"""What a group begins with."""

_SECTION = re.compile(r"\[[^\[\]]+\](?:\s*[#;].*)?")
_HOST = re.compile(r"\S*[^\s:](?:\s+(?:#.*|[^\s=]+=.*))?")


def is_usual(name: str) -> bool:
    """Tell whether an inventory file is mostly called so."""
    return _USUAL.fullmatch(name) is not None


def is_of_project(path: Path) -> bool:
    """Tell whether a file only lies beside playbooks, or is one: a YAML list."""
    if path.name == "ansible.cfg":
        return True
    return path.suffix in (".yml", ".yaml") and _is_list(_lines(path))


def holds_hosts(path: Path) -> bool:
    """Tell whether a file looks like an inventory with something in it."""
    lines = _lines(path)
    kind = formats.of(path)
    if not lines or path.name in _NO_HOSTS:
        return False
    if lines[0].startswith("$ANSIBLE_VAULT;"):
        return is_usual(path.name)
    if kind in _OF_GROUPS:
        is_list = kind == "yaml" and _is_list(lines)
        return not is_list and _OF_GROUPS[kind].search("\n".join(lines)) is not None
    return _are_hosts(lines)


def _lines(path: Path) -> list[str]:
    """Give the lines that say something."""
    try:
        text = texts.decode(path.read_bytes(), path.name, [])
    except Refused:
        return []
    lines = (line.rstrip() for line in text.splitlines())
    return [line for line in lines if line and line.lstrip()[0] not in "#;" and line != "---"]


def _is_list(lines: list[str]) -> bool:
    return bool(lines) and (lines[0] == "-" or lines[0].startswith(("- ", "[")))


def _are_hosts(lines: list[str]) -> bool:
    """Tell whether each line is a section or a host; variables of groups may be anything."""
    section = ""
    for line in map(str.strip, lines):
        if _SECTION.fullmatch(line):
            section = line
        elif ":vars]" not in section and not _HOST.fullmatch(line):
            return False
    return True
