"""Which hosts a bulk action is about: ticked ones, all that match, a pasted list, a pattern.

What was chosen travels through the forms as it was said and is looked up again each time,
so that the number on the confirmation is the number that is changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qs

from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from werkzeug.datastructures import MultiDict

from aops.core.columns import MAX_ID
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Permission
from aops.core.views import may
from aops.inventory import host_list, index
from aops.inventory.host_conditions import one_of
from aops.inventory.host_filters import Filters
from aops.inventory.models import Host, Inventory

MAX_TEXT = 3_000_000
"""Characters of a pasted list: 10,000 of the longest names."""

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_MAX_TICKED = 1_000


@dataclass(frozen=True)
class Choice:
    """What a person said.

    Attributes:
        hosts: Ids that were ticked.
        everything: All that match ``where``, a query string of the list of hosts.
        names: A pasted list, in whichever inventory, or in ``inventory``.
        pattern: Ansible's, in ``inventory``.
    """

    hosts: tuple[int, ...] = ()
    everything: bool = False
    where: str = ""
    names: str = ""
    pattern: str = ""
    inventory: int | None = None

    @classmethod
    def read(cls, form: MultiDict[str, str]) -> Choice:
        """Read it from a form; what is no number is left out."""
        return cls(
            hosts=tuple(_numbers(form.getlist("host"))[:_MAX_TICKED]),
            everything=form.get("all") == "1",
            where=_filters(form.get("where", "")).query(),
            names=_UNSEEN.sub(" ", form.get("names", "")),
            pattern=_UNSEEN.sub("", form.get("pattern", "")).strip(),
            inventory=next(iter(_numbers([form.get("inventory", "")])), None),
        )

    @property
    def filters(self) -> Filters:
        """Give the filters of the list that the person came from."""
        return _filters(self.where)

    def pairs(self) -> list[tuple[str, str]]:
        """Give names and values as a form carries them."""
        found = [("host", str(key)) for key in self.hosts] if not self.everything else []
        for name in ("where", "names", "pattern", "inventory"):
            value = getattr(self, name)
            if value:
                found.append((name, str(value)))
        return [*found, ("all", "1")] if self.everything else found


@dataclass(frozen=True)
class Selection:
    """The hosts that were found.

    Attributes:
        hosts: Id to name, by inventory and name.
        inventories: Id of each host to that of its inventory.
        unknown: Names of a pasted list that no host has.
    """

    hosts: dict[int, str]
    inventories: dict[int, int]
    unknown: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Give a word that another set of hosts does not have.

        Names count too: a host that was renamed meanwhile is not what was confirmed.
        """
        return hashlib.sha256(repr(sorted(self.hosts.items())).encode()).hexdigest()[:32]

    def named(self, most: int) -> list[str]:
        """Name the first hosts; with their inventories, where there are several of these."""
        hosts = [*self.hosts.items()][:most]
        inventories = self.within(self.hosts)
        if len(inventories) < 2:  # noqa: PLR2004 - one, so its name tells nothing
            return [name for _key, name in hosts]
        wanted = {self.inventories[key] for key, _name in hosts}
        query = select(Inventory.id, Inventory.name).where(Inventory.id.in_(wanted))
        names = dict(session().execute(query).all())
        return [f"{name} ({names.get(self.inventories[key], '?')})" for key, name in hosts]

    def within(self, ids: Collection[int]) -> set[int]:
        """Give the inventories of some of the hosts."""
        return {self.inventories[key] for key in ids}


def resolve(choice: Choice) -> Selection:
    """Find the hosts that were chosen.

    Raises:
        AopsError: If nothing was chosen, or nothing is found; says what to do.
    """
    selection = _resolve(choice)
    if selection.hosts:
        return selection
    if selection.unknown:
        names = ", ".join(selection.unknown[:5])
        raise AopsError(_("No host is called %(names)s; check the spelling.", names=names))
    if choice.pattern:
        raise AopsError(_("No host of this inventory matches the pattern."), field="pattern")
    raise AopsError(_("Choose at least one host first."))


def _filters(where: str) -> Filters:
    return Filters.read(MultiDict(parse_qs(where, errors="replace")))


def _resolve(choice: Choice) -> Selection:
    if choice.everything:
        return _found(one_of(Host.id, host_list.ids(choice.filters)))
    if choice.names.strip():
        return _named(choice)
    if choice.pattern:
        return _matching(choice)
    return _found(one_of(Host.id, choice.hosts))


def _named(choice: Choice) -> Selection:
    if len(choice.names) > MAX_TEXT:
        raise AopsError(
            _(
                "This list has %(number)s characters; at most %(most)s are allowed. Paste it in "
                "parts.",
                number=format_decimal(len(choice.names)),
                most=format_decimal(MAX_TEXT),
            ),
            field="names",
        )
    wanted = list(dict.fromkeys(part for part in re.split(r"[,;\s]+", choice.names) if part))
    known = _found(_in(choice.inventory))
    asked = frozenset(wanted)
    hosts = {key: name for key, name in known.hosts.items() if name in asked}
    there = frozenset(hosts.values())
    unknown = tuple(name for name in wanted if name not in there)
    return Selection(hosts, known.inventories, unknown)


def _matching(choice: Choice) -> Selection:
    if choice.inventory is None:
        raise AopsError(_("Choose the inventory that the pattern is about."), field="inventory")
    allow_regex = may(Permission.JOBS_TEMPLATED_VARS)
    found = frozenset(
        index.of(choice.inventory).all.matching(choice.pattern, allow_regex=allow_regex)
    )
    known = _found(_in(choice.inventory))
    hosts = {key: name for key, name in known.hosts.items() if name in found}
    return Selection(hosts, known.inventories)


def _in(inventory: int | None) -> ColumnElement[bool]:
    return Host.id > 0 if inventory is None else Host.inventory_id == inventory


def _found(condition: ColumnElement[bool]) -> Selection:
    query = select(Host.id, Host.name, Host.inventory_id).where(condition)
    found = sorted(session().execute(query), key=lambda row: (row[2], row[1]))
    return Selection(
        hosts={key: name for key, name, _inventory in found},
        inventories={key: inventory for key, _name, inventory in found},
    )


def _numbers(texts: list[str]) -> list[int]:
    found = [int(text[:12]) for text in texts if text.isascii() and text.isdigit()]
    return list(dict.fromkeys(number for number in found if number <= MAX_ID))
