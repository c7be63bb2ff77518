"""Words for what is stored by value."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from aops.inventory.sources.claims import SCHEDULE
from aops.inventory.sources.models import RefreshStatus, SourceKind, Vanished
from aops.inventory.sources.vanishing import Fate

_LAUNCH = re.compile(r"launch of #(\d+)")

KINDS: dict[SourceKind, Any] = {
    SourceKind.PLUGIN: _l("Inventory plugin: YAML that configures one of Ansible's"),
    SourceKind.SCRIPT: _l("Script: a program that answers “--list” with JSON"),
}
SHORT_KINDS: dict[SourceKind, Any] = {
    SourceKind.PLUGIN: _l("Inventory plugin"),
    SourceKind.SCRIPT: _l("Script"),
}
POLICIES: dict[Vanished, Any] = {
    Vanished.DISABLE: _l("Disable it: it stays here with all that is known of it"),
    Vanished.REMOVE: _l("Remove it, if the source brought it and nothing uses it; else disable it"),
}
SHORT_POLICIES: dict[Vanished, Any] = {
    Vanished.DISABLE: _l("are disabled"),
    Vanished.REMOVE: _l("are removed"),
}
STATUSES: dict[RefreshStatus, Any] = {
    RefreshStatus.WAITING: _l("Waiting"),
    RefreshStatus.RUNNING: _l("Running"),
    RefreshStatus.SUCCESSFUL: _l("Successful"),
    RefreshStatus.FAILED: _l("Failed"),
}
BADGES: dict[RefreshStatus, str] = {
    RefreshStatus.WAITING: "pending",
    RefreshStatus.RUNNING: "running",
    RefreshStatus.SUCCESSFUL: "successful",
    RefreshStatus.FAILED: "failed",
}
"""Which look of a job's status each has."""

FATES: dict[str, Any] = {
    Fate.REMOVED: _l("removed: the source lists it no more"),
    Fate.DISABLED: _l("disabled: the source lists it no more"),
    Fate.DISABLED_NOT_BROUGHT: _l("disabled, not removed: it was here before the source"),
    Fate.DISABLED_IN_USE: _l("disabled, not removed: something uses it"),
    Fate.LEFT_TO_ANOTHER: _l("left: another source lists it"),
    Fate.HANDED_OVER: _l("enabled again: another source lists it"),
    Fate.LEFT_TO_PEOPLE: _l("left: somebody enabled it again"),
    Fate.ENABLED: _l("enabled again: the source lists it again"),
}


def cause(text: str) -> str:
    """Say who or what asked for a refresh."""
    if text == SCHEDULE:
        return str(_("schedule"))
    launch = _LAUNCH.fullmatch(text)
    return str(_("launch of job #%(id)s", id=launch[1])) if launch else text


def problem(text: str) -> str:
    """Give a stored sentence in the reader's language, where it is one of aops' own."""
    return "\n".join(str(_(line)) for line in text.splitlines() if line)
