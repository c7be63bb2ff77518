"""What to do about messages of ssh that do not say it, in words of the console.

ssh explains a host key that is unknown or has changed by files of the control node,
which nobody who reads the message can or should edit: keys are accepted here.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _

from aops.jobs.models import JobHost

_CHANGED = "REMOTE HOST IDENTIFICATION HAS CHANGED"
_UNKNOWN = "host key is known for"
_EITHER = "Using a SSH password instead of a key is not possible"
"""All that Ansible says of either where it has a password: what ssh said is lost."""


def is_refusal(message: str) -> bool:
    """Tell whether a host was not reached because of the SSH key that it showed.

    Args:
        message: What the failed task said, as it is kept of each host.
    """
    return any(sign in message for sign in (_CHANGED, _UNKNOWN, _EITHER))


def key_hint(message: str) -> str:
    """Say what a failure has to do with the host's SSH key; "" if nothing.

    Args:
        message: What the failed task said, as it is kept of each host.
    """
    if _CHANGED in message:
        return str(
            _(
                "The SSH host key has changed: this host showed another one than was accepted. "
                "Find out why, then fetch its keys and replace the old one."
            )
        )
    if _UNKNOWN in message:
        return str(
            _(
                "No SSH key of this host is accepted yet. Fetch its keys, compare the fingerprint "
                "with what the host itself says, and accept it."
            )
        )
    if _EITHER in message:
        return str(
            _(
                "The SSH key that this host showed is not accepted: none of it is yet, or another "
                "one. Fetch its keys, compare the fingerprint with what the host itself says, and "
                "accept it; where it would replace another, find out why first."
            )
        )
    return ""


def by_hint(hosts: Iterable[JobHost]) -> dict[str, list[str]]:
    """Name the hosts of a job that failed for their keys, by what to do about it."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        if hint := key_hint(host.message):
            found.setdefault(hint, []).append(host.host)
    return found
