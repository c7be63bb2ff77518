"""What the lists of hosts offer and count, kept in memory while no inventory changes.

Names of groups and labels, and how many hosts match a filter, cost more to read than a page
of hosts. They are found again by the generations of all inventories, so no change is ever
missed; what depends on anything else, such as results of runs, must not be kept here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Engine, select

from aops.core.database import session
from aops.inventory import generation
from aops.inventory.models import Inventory

_KEPT = 200
"""Lists and numbers in memory; a list holds a few hundred names."""

T = TypeVar("T")

_memory: OrderedDict[Hashable, Any] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class State:
    """All inventories as they are now.

    Attributes:
        inventories: Pairs of id and name, by name.
        generations: Id and number of each; None while this session changed one of them and
            may still take that back.
    """

    inventories: tuple[tuple[int, str], ...]
    generations: tuple[tuple[int, int], ...] | None


def now() -> State:
    """Read which state the inventories are in; one short query."""
    query = select(Inventory.id, Inventory.name, Inventory.generation).order_by(Inventory.name)
    rows = session().execute(query).all()
    settled = not any(generation.is_unsettled(row.id) for row in rows)
    return State(
        inventories=tuple((row.id, row.name) for row in rows),
        generations=tuple((row.id, row.generation) for row in rows) if settled else None,
    )


def get(state: State, what: Hashable, read: Callable[[], T]) -> T:
    """Give what was read before in the same state, or read it.

    Args:
        state: From ``now``, asked before anything else is read.
        what: Tells it from the other things that are kept.
        read: Must depend on nothing but inventories, their groups, hosts and labels.
    """
    if state.generations is None:
        return read()
    key = (_database(), state.generations, what)
    with _lock:
        if key in _memory:
            _memory.move_to_end(key)
            found: T = _memory[key]
            return found
    found = read()
    with _lock:
        _memory[key] = found
        while len(_memory) > _KEPT:
            _memory.popitem(last=False)
    return found


def _database() -> str:
    """Tell databases apart: tests use several in one process."""
    bind = session().get_bind()
    return str(bind.url if isinstance(bind, Engine) else bind.engine.url)
