"""Decides what becomes of the hosts that a source lists no more, or lists again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from aops.inventory.sources.memory import Fates
from aops.inventory.sources.models import Vanished


class Fate(StrEnum):
    """What became of a host, and why where that is not plain."""

    REMOVED = "removed"
    DISABLED = "disabled"
    DISABLED_NOT_BROUGHT = "disabled_not_brought"
    """It should have been removed, but was there before the source."""
    DISABLED_IN_USE = "disabled_in_use"
    """It should have been removed, but something refers to it."""
    LEFT_TO_ANOTHER = "left_to_another"
    """Another source lists it."""
    HANDED_OVER = "handed_over"
    """Another source lists it by now, so it is enabled again."""
    LEFT_TO_PEOPLE = "left_to_people"
    """The source had disabled it, and somebody enabled it again."""
    STILL_DISABLED = "still_disabled"
    """As it was; no news."""
    ENABLED = "enabled"
    """It is back, and the source itself had disabled it."""


@dataclass(frozen=True)
class Given:
    """What is known of a host that a source gave once.

    Attributes:
        created: Whether the source brought it.
        disabled: Whether the source disabled it because it had vanished.
        enabled: Whether runs see it now.
    """

    host_id: int
    created: bool
    disabled: bool
    enabled: bool


def judge(
    policy: Vanished,
    known: Mapping[str, Given],
    listed: Collection[str],
    *,
    elsewhere: Collection[str],
    used: Collection[str],
) -> dict[str, Fate]:
    """Decide about the hosts of a source.

    Args:
        policy: What its owner chose.
        known: Name to what is known, of all hosts that it ever gave and that still exist.
        listed: The hosts of its answer.
        elsewhere: Hosts that another source lists.
        used: Hosts that something refers to, so that they cannot be removed.

    Returns:
        The fate of each host that vanished or came back; the others are missing.
    """
    found = {
        name: _fate(policy, host, elsewhere=name in elsewhere, used=name in used)
        for name, host in known.items()
        if name not in listed
    }
    back = {
        name: Fate.ENABLED
        for name, host in known.items()
        if name in listed and host.disabled and not host.enabled
    }
    return found | back


def fates_of(found: Mapping[str, Fate]) -> Fates:
    """Say the same in the words of a merge."""
    disabled = {Fate.DISABLED, Fate.DISABLED_NOT_BROUGHT, Fate.DISABLED_IN_USE}
    return Fates(
        removed=_those(found, {Fate.REMOVED}),
        held=_those(found, disabled | {Fate.STILL_DISABLED}),
        released=_those(found, {Fate.LEFT_TO_PEOPLE}),
        enabled=dict.fromkeys(_those(found, disabled), False)
        | dict.fromkeys(_those(found, {Fate.ENABLED, Fate.HANDED_OVER}), True),
    )


def _fate(policy: Vanished, host: Given, *, elsewhere: bool, used: bool) -> Fate:
    if elsewhere:
        waits = host.disabled and not host.enabled
        return Fate.HANDED_OVER if waits else Fate.LEFT_TO_ANOTHER
    if host.disabled and host.enabled:
        return Fate.LEFT_TO_PEOPLE
    if policy is Vanished.REMOVE and host.created and not used:
        return Fate.REMOVED
    if not host.enabled:
        return Fate.STILL_DISABLED
    if policy is Vanished.DISABLE:
        return Fate.DISABLED
    return Fate.DISABLED_IN_USE if host.created else Fate.DISABLED_NOT_BROUGHT


def _those(found: Mapping[str, Fate], wanted: Collection[Fate]) -> frozenset[str]:
    return frozenset(name for name, fate in found.items() if fate in wanted)
