"""Commands: what an administrator types in a shell.

Like views they are an edge: they call services, commit, and turn a refusal into a
sentence.
"""

from __future__ import annotations

from flask import Flask

from aops.cli import doctor, up, users


def register(app: Flask) -> None:
    """Add the commands to ``flask``."""
    for command in (up.up, doctor.doctor, users.user):
        app.cli.add_command(command)
