"""Commands: what an administrator types in a shell.

Like views they are an edge: they call services, commit, and turn a refusal into a
sentence.
"""

from __future__ import annotations

from flask import Flask

from aops.cli.doctor import doctor as doctor_command
from aops.cli.up import up as up_command
from aops.cli.users import user as user_commands


def register(app: Flask) -> None:
    """Add the commands to ``flask``."""
    for command in (up_command, doctor_command, user_commands):
        app.cli.add_command(command)
