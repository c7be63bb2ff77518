"""Words for what is stored by value."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from aops.inventory.keyscan import ScanProblem

SCAN_PROBLEMS: dict[str, Any] = {
    ScanProblem.NO_ADDRESS: _l(
        "The address or port comes from a template or a vaulted value, which only a run can read."
    ),
    ScanProblem.BAD_ADDRESS: _l(
        "The host has no ansible_host, and its name is no address: SSH would read several hosts "
        "or a pattern into it. Set ansible_host to the host name or IP address."
    ),
    ScanProblem.NO_PROGRAM: _l("ssh-keyscan is not installed where the worker runs."),
    ScanProblem.NO_ANSWER: _l(
        "Nothing answered: no SSH server listens there, or a firewall drops the packets."
    ),
    ScanProblem.UNKNOWN_NAME: _l("The name has no address; check the spelling, or ansible_host."),
    ScanProblem.NO_KEYS: _l("Something answered there, but not with the keys of an SSH server."),
}

LAST_STATUSES: dict[str, Any] = {
    "ok": _l("ok"),
    "changed": _l("changed"),
    "failed": _l("failed"),
    "unreachable": _l("unreachable"),
    "never": _l("never run"),
}
"""How the last run ended on a host, as filters and lists say it."""

KEY_STATES: dict[str, Any] = {
    "unknown": _l("none known"),
    "to_check": _l("to be checked"),
    "changed": _l("changed"),
    "accepted": _l("accepted"),
}
"""What is known of a host's SSH keys, as filters and lists say it."""
