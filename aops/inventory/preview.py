"""What pages show of hosts that are about to be chosen: how many, and the first names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from aops.core.errors import AopsError
from aops.inventory import index

SHOWN = 50
"""How many names a preview gives."""

_NAMED = 10

Narrow = Callable[[], Collection[str]]


@dataclass(frozen=True)
class Preview:
    """Hosts that a pattern or a filter would choose.

    Attributes:
        number: How many.
        total: How many there are to choose from.
        hosts: The first names, in the order in which a run would take them.
        error: Why nothing can be chosen; "" when it can.
        note: What should be known besides; "" when there is nothing.
    """

    number: int = 0
    total: int = 0
    hosts: Sequence[str] = ()
    error: str = ""
    note: str = ""

    @property
    def sentence(self) -> str:
        """Say it in one line."""
        if self.error:
            return self.error
        return str(
            ngettext(
                "%(number)s of %(total)s host",
                "%(number)s of %(total)s hosts",
                self.total,
                number=format_decimal(self.number),
                total=format_decimal(self.total),
            )
        )

    @property
    def rest(self) -> str:
        """Say how many hosts are not named; "" when all are."""
        missing = self.number - len(self.hosts)
        return str(_("… and %(n)s more", n=format_decimal(missing))) if missing else ""

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON values for programs."""
        return {
            "number": self.number,
            "total": self.total,
            "hosts": [*self.hosts],
            "error": self.error or None,
            "sentence": self.sentence,
            "note": self.note or None,
        }


def of_names(
    names: Sequence[str], total: int, *, shown: int = SHOWN, unmatched: Sequence[str] = ()
) -> Preview:
    """Show hosts that are known already.

    Args:
        names: Of all of them.
        total: How many there are to choose from.
        shown: How many are named.
        unmatched: Names that were asked for too, but match nothing.
    """
    return Preview(len(names), total, tuple(names[:shown]), note=_matches_nothing(unmatched))


def of_pattern(
    inventory_id: int,
    pattern: str,
    *,
    disabled: bool,
    allow_regex: bool,
    within: Narrow | None = None,
) -> Preview:
    """Show the hosts of an inventory that a pattern selects; an empty one selects none.

    Args:
        inventory_id: Whose hosts.
        pattern: As typed so far.
        disabled: Whether hosts that runs do not see count too.
        allow_regex: Whether ``~expression`` may be used.
        within: Gives the names of those that count; None lets all count.
    """
    known = index.of(inventory_id)
    view = known.all if disabled else known.enabled
    total = len(view.hosts)
    if not pattern.strip():
        return Preview(total=total)
    try:
        hosts = view.matching(pattern, allow_regex=allow_regex)
        if within is not None:
            kept = within()
            hosts = [host for host in hosts if host in kept]
    except AopsError as error:
        return Preview(total=total, error=str(error))
    return of_names(hosts, total, unmatched=view.unmatched(pattern))


def _matches_nothing(names: Sequence[str]) -> str:
    if not names:
        return ""
    more = " …" if len(names) > _NAMED else ""
    return str(_("Matches nothing: %(names)s", names=", ".join(names[:_NAMED]) + more))
