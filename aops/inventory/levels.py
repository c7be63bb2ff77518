"""Orders the levels of an inventory by Ansible's precedence; the one place that knows it.

``all`` is the weakest, then come a host's groups by depth, priority and name, then the
host itself. A host that stands in no group is in ``ungrouped``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from aops.inventory import quick_yaml
from aops.inventory.rows import UNGROUPED, InventoryRows, ungrouped

PRIORITY = "ansible_group_priority"
"""Orders groups of one depth, and is no variable itself where a group or ``all`` sets it."""

Read = Callable[[str], dict[str, Any]]
"""Gives the variables of a YAML text, or those of them that are wanted."""


class Levels:
    """Which groups a host is in, and which of two groups wins."""

    def __init__(self, rows: InventoryRows) -> None:
        self._rows = rows
        self._parents = _inverted((name, group.children) for name, group in rows.groups.items())
        self._groups = _inverted(
            (name, group.hosts) for name, group in rows.groups.items() if name != UNGROUPED
        )
        self._left_over = frozenset(ungrouped(rows)) if UNGROUPED in rows.groups else frozenset()
        self.depth: Callable[[str], int] = cache(self._depth)
        self.priority: Callable[[str], int] = cache(self._priority)
        self.sorted: Callable[[frozenset[str]], tuple[str, ...]] = cache(self._sorted)

    def direct(self, host: str) -> frozenset[str]:
        """Name the groups that a host stands in itself."""
        alone = (UNGROUPED,) if host in self._left_over else ()
        return frozenset(self._groups.get(host, alone))

    def of(self, host: str) -> tuple[str, ...]:
        """Name all groups of a host, inherited ones too; the weakest first."""
        return self.sorted(self.direct(host))

    def _sorted(self, groups: frozenset[str]) -> tuple[str, ...]:
        return tuple(sorted(self._with_ancestors(groups), key=self._rank))

    def _with_ancestors(self, groups: Iterable[str]) -> set[str]:
        found: set[str] = set()
        waiting = list(groups)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self._parents.get(name, ()))
        return found

    def _rank(self, name: str) -> tuple[int, int, str]:
        return self.depth(name), self.priority(name), name

    def _depth(self, name: str) -> int:
        return 1 + max((self.depth(parent) for parent in self._parents.get(name, ())), default=0)

    def _priority(self, name: str) -> int:
        variables = quick_yaml.variables(self._rows.groups[name].variables, (PRIORITY,))
        value = variables.get(PRIORITY, 1)
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            return 1  # a run refuses such an inventory


class Merged:
    """What the groups of a host say together, merged once for each combination of groups."""

    def __init__(self, rows: InventoryRows, read: Read) -> None:
        self._rows = rows
        self._read = read
        self._levels = Levels(rows)
        self._own = cache(self._variables)
        self._merged = cache(self._merge)

    def of(self, host: str) -> dict[str, Any]:
        """Merge all levels of a host, its own too."""
        return self._merged(self._levels.direct(host)) | self._read(self._rows.hosts[host])

    def _merge(self, groups: frozenset[str]) -> dict[str, Any]:
        merged = without_priority(self._read(self._rows.variables))
        for name in self._levels.sorted(groups):
            merged |= self._own(name)
        return merged

    def _variables(self, name: str) -> dict[str, Any]:
        return without_priority(self._read(self._rows.groups[name].variables))


def without_priority(variables: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only orders groups."""
    return {name: value for name, value in variables.items() if name != PRIORITY}


def _inverted(pairs: Iterable[tuple[str, list[str]]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, parts in pairs:
        for part in parts:
            found.setdefault(part, []).append(name)
    return found
