r"""Paths into facts, such as ``mounts.0.size_total``.

A dot within a name is written ``\.``, and a backslash ``\\``; so every value of a
document has one path, and every path leads to one value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_PART = re.compile(r"(?:[^.\\]|\\.)*", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPECIAL = re.compile(r"([.\\])")


def join(parts: Iterable[str]) -> str:
    """Write a path from its names and positions."""
    return ".".join(_SPECIAL.sub(r"\\\1", part) for part in parts)


def split(path: str) -> list[str]:
    """Give the names and positions that a path is made of; the reverse of ``join``."""
    parts, position = [], 0
    while position <= len(path):
        match = _PART.match(path, position)
        part = match[0] if match else ""
        parts.append(_ESCAPED.sub(r"\1", part))
        position += len(part) + 1
    return parts


def lookup(data: Any, path: str) -> Any:
    """Follow a path into facts.

    Args:
        data: Facts, or any part of them.
        path: Names of mappings and positions in lists.

    Returns:
        What stands there; None if nothing does.
    """
    for part in split(path):
        match data:
            case dict():
                data = data.get(part)
            case list() if part.isdecimal() and len(part) < len("1000000000"):
                data = data[int(part)] if int(part) < len(data) else None
            case _:
                return None
    return data
