"""Sets or removes one variable of many hosts, each in the text that its people wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, select, update

from aops.core import clock, yaml_text
from aops.core.database import session
from aops.inventory import edits, names, reserved
from aops.inventory.bulk.selection import Selection
from aops.inventory.bulk.services import Change
from aops.inventory.bulk.yaml_edit import values_of, with_variable, without_variable
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
        _write(
            {key: with_variable(text, self.name, self.value) for key, text in _texts(ids).items()}
        )

    def facts(self) -> dict[str, Any]:
        """Give name and value, but no secret."""
        secret = reserved.plain_secrets({self.name: self.value})
        shown = "…" if secret else yaml_text.dump({self.name: self.value}).strip()
        return {"variables": f"{self.name}: {shown}" if secret else shown[:_MAX_SHOWN]}


@dataclass(frozen=True)
class RemoveVariable(Change):
    """Take a variable away from hosts."""

    name: str

    def affected(self, selection: Selection) -> list[int]:
        """Give those that have it."""
        texts = _texts([*selection.hosts])
        having = {key for key, text in texts.items() if values_of(text, self.name)}
        return [key for key in selection.hosts if key in having]

    def apply(self, _selection: Selection, ids: list[int]) -> None:
        """Edit the texts."""
        texts = _texts(ids)
        _write({key: without_variable(text, self.name) for key, text in texts.items()})

    def facts(self) -> dict[str, Any]:
        """Give the name."""
        return {"variables": self.name}


_MAX_SHOWN = 2_000


def _texts(ids: list[int]) -> dict[int, str]:
    query = select(Host.id, Host.variables).where(one_of(Host.id, ids))
    return {key: text or "" for key, text in session().execute(query)}


def _write(texts: dict[int, str]) -> None:
    pairs, now = [*texts.items()], clock.now()
    for start in range(0, len(pairs), _ROWS):
        piece = dict(pairs[start : start + _ROWS])
        session().execute(
            update(Host)
            .where(one_of(Host.id, piece))
            .values(
                variables=case(piece, value=Host.id),
                version=Host.version + 1,
                updated_at=now,
            )
            .execution_options(synchronize_session=False)
        )
