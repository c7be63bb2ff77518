"""Tells which of Ansible's parsers a file was meant for, so that the right one is listened to."""

from __future__ import annotations

import re
from pathlib import Path

_YAML_ENDINGS = (".yml", ".yaml", ".json")
_LOOKS_LIKE_YAML = re.compile(r"\A(?:---|[{\"']|[\w.-]+:(?:\s|\Z))")
_BEGINNING = 4096


def of(path: Path) -> str:
    """Give ``yaml``, ``toml`` or ``ini``; what looks like neither of the first two is the last."""
    if path.suffix in _YAML_ENDINGS:
        return "yaml"
    if path.suffix == ".toml":
        return "toml"
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING).decode("utf-8", "replace")
    except OSError:
        return "ini"
    lines = (line for line in beginning.splitlines() if line.strip() and line[0] not in "#;")
    return "yaml" if _LOOKS_LIKE_YAML.match(next(lines, "")) else "ini"
