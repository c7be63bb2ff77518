"""Sets or removes one variable of many hosts, each in the text that its people wrote."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy import text as sql

from aops.core import clock, yaml_text
from aops.core.columns import Timestamp
from aops.core.database import session
from aops.inventory import edits, names, reserved
from aops.inventory.bulk.selection import Selection
from aops.inventory.bulk.services import Change, change_rows
from aops.inventory.bulk.yaml_edit import setting, values_of, without_variable
from aops.inventory.hidden import without_secrets
from aops.inventory.host_conditions import one_of
from aops.inventory.models import Host

_ROWS = 500
"""Texts in one UPDATE: each is three parameters."""


@dataclass(frozen=True)
class SetVariable(Change):
    """Give hosts a variable.

    Attributes:
        value: As ``yaml_text.parse`` gives it.
        may_reserve: Whether the person may set reserved variables.
    """

    name: str
    value: Any
    may_reserve: bool

    def affected(self, selection: Selection) -> list[int]:
        """Give those that have another value, or none.

        Raises:
            AopsError: If the name or the value may not be set.
        """
        names.check_variables({self.name: self.value})
        found = [
            key
            for key, text in _texts([*selection.hosts]).items()
            if not any(edits.same(old, self.value) for old in values_of(text, self.name))
        ]
        if found:
            reserved.check({self.name: self.value}, {}, allowed=self.may_reserve)
        changing = frozenset(found)
        return [key for key in selection.hosts if key in changing]

    def apply(self, _selection: Selection, ids: list[int]) -> None:
        """Edit the texts."""
        edited, texts = setting(self.name, self.value), _texts(ids)
        _write(texts, {key: edited(text) for key, text in texts.items()})

    def facts(self) -> dict[str, Any]:
        """Give name and value, but no secret."""
        shown = without_secrets(yaml_text.dump({self.name: self.value}))
        return {"variables": shown.strip()[:_MAX_SHOWN]}


@dataclass(frozen=True)
class RemoveVariable(Change):
    """Take a variable away from hosts.

    Attributes:
        may_reserve: Whether the person may take away reserved variables.
    """

    name: str
    may_reserve: bool

    def affected(self, selection: Selection) -> list[int]:
        """Give those that have it.

        Raises:
            AopsError: If it may not be taken away.
        """
        texts = _texts([*selection.hosts])
        having = {key for key, text in texts.items() if values_of(text, self.name)}
        if having:
            reserved.check({}, {self.name: None}, allowed=self.may_reserve)
        return [key for key in selection.hosts if key in having]

    def apply(self, _selection: Selection, ids: list[int]) -> None:
        """Edit the texts."""
        texts = _texts(ids)
        _write(texts, {key: without_variable(text, self.name) for key, text in texts.items()})

    def facts(self) -> dict[str, Any]:
        """Give the name."""
        return {"variables": self.name}


_MAX_SHOWN = 2_000


def _texts(ids: list[int]) -> dict[int, str]:
    query = select(Host.id, Host.variables).where(one_of(Host.id, ids))
    return {key: text or "" for key, text in session().execute(query)}


def _write(old: dict[int, str], new: dict[int, str]) -> None:
    """Write the texts; those that only got the same ending take one statement together."""
    endings: defaultdict[str, list[int]] = defaultdict(list)
    others: list[tuple[int, str]] = []
    for key, text in new.items():
        if old[key] and text.startswith(old[key]):
            endings[text[len(old[key]) :]].append(key)
        else:
            others.append((key, text))
    for ending, ids in endings.items():
        change_rows(ids, variables=Host.variables + ending)
    now = clock.now()
    for start in range(0, len(others), _ROWS):
        _write_each(others[start : start + _ROWS], now)


def _write_each(texts: list[tuple[int, str]], now: datetime) -> None:
    """Put each text into its host; written as text, since building it takes longer than running."""
    spots = range(len(texts))
    cases = " ".join(f"WHEN :id{spot} THEN :text{spot}" for spot in spots)
    ids = ", ".join(f":id{spot}" for spot in spots)
    statement = sql(
        f"UPDATE hosts SET variables = CASE id {cases} END, version = version + 1, "  # noqa: S608 - only names of parameters
        f"updated_at = :now WHERE id IN ({ids})"
    ).bindparams(bindparam("now", now, Timestamp))
    values: dict[str, Any] = {}
    for spot, (key, new) in enumerate(texts):
        values |= {f"id{spot}": key, f"text{spot}": new}
    session().execute(statement, values)
