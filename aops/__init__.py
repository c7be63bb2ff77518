"""aops: a web console for teams that run Ansible.

``application`` is made on first use, so that ``gunicorn … aops`` and
``flask --app aops`` work while importing a part of the package stays cheap. No
other name may answer here: Celery would take a Flask ``app`` for its own.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from aops.config import VERSION

if TYPE_CHECKING:
    from flask import Flask

__version__ = VERSION

_CANNOT_LOAD = 4
"""gunicorn stops at this exit code of a worker; at any other it starts the next one."""


def create_app() -> Flask:
    """Build the console from the environment's settings.

    Raises:
        SystemExit: After a sentence on standard error, if settings, keys or AOPS_HOME are
            wrong; so it is for flask, gunicorn and Celery alike.
    """
    from aops.app import create_app as build  # noqa: PLC0415 - keeps `import aops` cheap
    from aops.config import SettingsError  # noqa: PLC0415
    from aops.core.keyring import KeyProblem  # noqa: PLC0415

    try:
        return build(despite_keys=_is_for_the_doctor())
    except (SettingsError, KeyProblem) as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}. AOPS_HOME must be a folder of aops' own."
    sys.stderr.write(f"aops cannot start. {reason}\n")
    raise SystemExit(_CANNOT_LOAD)


def _is_for_the_doctor() -> bool:
    """Tell whether `flask` asks for its command `doctor`, which is to say what is wrong."""
    import click  # noqa: PLC0415
    from flask.cli import FlaskGroup  # noqa: PLC0415

    context = click.get_current_context(silent=True)
    asked_by_flask = context is not None and isinstance(context.command, FlaskGroup)
    return asked_by_flask and "doctor" in sys.argv[1:]


def __getattr__(name: str) -> Any:
    if name != "application":
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    globals()["application"] = create_app()
    return globals()["application"]
