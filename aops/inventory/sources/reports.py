"""What is kept of a refresh for its page: numbers, differences and what was printed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from aops.core.masking import Masker
from aops.execution.reading_spec import Limits
from aops.inventory.changes import Changes
from aops.inventory.sources import merging
from aops.inventory.sources.memory import Kept
from aops.inventory.sources.vanishing import Fate

MOST = 500
"""Values that were kept, and hosts that vanished, that are named; the numbers count all."""

MOST_EDITS = 20_000
"""Changed fields that are told; beyond, only the names of the hosts and groups."""

MAX_OUTPUT = 40_000
"""Characters of side output that are kept: the beginning and the end."""

_CHARACTER = 4
"""Bytes that one may have."""

_INVISIBLE = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)

_QUIET = frozenset({Fate.STILL_DISABLED})
_DISABLED = frozenset({Fate.DISABLED, Fate.DISABLED_IN_USE, Fate.DISABLED_NOT_BROUGHT})
_ENABLED = frozenset({Fate.ENABLED, Fate.HANDED_OVER})


def counts_of(
    difference: Changes, kept: Collection[Kept], fates: Mapping[str, Fate]
) -> dict[str, int]:
    """Give the numbers of a comparison, and how many hosts were disabled and enabled."""
    found = Counter(fates.values())
    return difference.counts | {
        "hosts_disabled": sum(found[fate] for fate in _DISABLED),
        "hosts_enabled": sum(found[fate] for fate in _ENABLED),
        "kept": len(kept),
    }


def document(
    difference: Changes,
    kept: Collection[Kept],
    fates: Mapping[str, Fate],
    notes: Sequence[str],
) -> dict[str, Any]:
    """Give what the page shows as plain JSON values, the first ones of very many."""
    told = {name: fate.value for name, fate in fates.items() if fate not in _QUIET}
    return {
        "difference": _within(difference.as_json(), MOST_EDITS),
        "kept": merging.kept_as_json(kept, MOST),
        "fates": dict([*sorted(told.items())][:MOST]),
        "notes": list(notes)[:MOST],
    }


def side_output(text: str, secrets: Collection[str]) -> str:
    """Keep the beginning and the end of what was printed, masked, and what a page can show.

    What filled its limit may end within a secret; then that end goes too.
    """
    was_cut = len(text.encode("utf-8", "replace")) >= Limits().output - _CHARACTER
    masker = Masker(secrets)
    masked = (masker.mask_cut if was_cut else masker.mask)(readable(text))
    if len(masked) <= MAX_OUTPUT:
        return masked
    half = MAX_OUTPUT // 2
    left_out = _("%(n)d characters were left out here", n=len(masked) - 2 * half)
    return f"{masked[:half]}\n[… {left_out} …]\n{masked[-half:]}"


def readable(text: str) -> str:
    """Drop colours and other control characters."""
    return _INVISIBLE.sub("", text)


def _within(difference: dict[str, Any], most: int) -> dict[str, Any]:
    """Name everything that changes, and how, until there is too much of it to keep."""
    left = most
    for kind in ("hosts", "groups"):
        for verb in ("added", "changed"):
            for entry in difference[kind][verb]:
                left -= len(entry["edits"])
                if left < 0:
                    entry["edits"] = []
    return difference
