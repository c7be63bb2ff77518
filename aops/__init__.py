"""aops: a web console for teams that run Ansible.

``application`` is made on first use, so that ``gunicorn … aops`` and
``flask --app aops`` work while importing a part of the package stays cheap. No
other name may answer here: Celery would take a Flask ``app`` for its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

__version__ = "0.1.0"


def create_app() -> Flask:
    """Build the console from the environment's settings."""
    from aops.app import create_app as build  # noqa: PLC0415 - keeps `import aops` cheap

    return build()


def __getattr__(name: str) -> Any:
    if name != "application":
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    globals()["application"] = create_app()
    return globals()["application"]
