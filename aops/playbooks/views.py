"""Pages of this feature."""

from __future__ import annotations

from flask_admin import Admin


def register(admin: Admin) -> None:
    """Add the feature's pages to the console."""
