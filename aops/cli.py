"""Commands: what an administrator types in a shell."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add the commands to ``flask``."""
