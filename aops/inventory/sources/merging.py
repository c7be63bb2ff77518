"""Brings together what a source gives and what an inventory has become by hand.

Pure: works on snapshots and gives the inventory as it is wanted, whole. Whether a host or
a group exists is the source's to say: one that it lists comes back after a deletion, and a
host is kept out of runs by disabling it. Everything else follows ``values``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace

from aops.inventory import edits
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import HostDetails, Snapshot
from aops.inventory.sources import values
from aops.inventory.sources.memory import Fates, Kept, Memory
from aops.inventory.sources.values import Report, Texts

Others = Mapping[str, Snapshot]
"""Name of another source of the same inventory to what it gave last."""

_NO_GROUP = GroupRow()


@dataclass(frozen=True)
class Merged:
    """What comes of a refresh; ``wanted`` is all of the inventory."""

    wanted: Snapshot
    memory: Memory
    kept: tuple[Kept, ...]


def merge(
    memory: Memory,
    given: Snapshot,
    current: Snapshot,
    *,
    fates: Fates | None = None,
    others: Others | None = None,
    pinned: Collection[str] = (),
) -> Merged:
    """Tell what an inventory becomes.

    Args:
        memory: Of the refresh before.
        given: The source's answer.
        current: The inventory as it is.
        fates: Of the hosts that the answer does not hold any more, or holds again.
        others: The other sources of this inventory.
        pinned: Groups that are not removed even when nothing is left in them.
    """
    return _Merge(memory, given, current, fates or Fates(), others or {}).result(pinned)


class _Merge:
    """One merge; its methods only read what it was made with, but for what is kept."""

    def __init__(
        self, memory: Memory, given: Snapshot, current: Snapshot, fates: Fates, others: Others
    ) -> None:
        self._fates = fates
        self._brought = memory.groups
        self._before = _without(memory.snapshot.rows, fates.released)
        self._listed = given.rows.hosts.keys()
        self._given = _with_held(given.rows, self._before, fates.held)
        self._current = current.rows
        self._others = {name: other.rows for name, other in others.items()}
        self._new_hosts = self._given.hosts.keys() - self._current.hosts.keys()
        self._new_groups = self._given.groups.keys() - self._current.groups.keys()
        self._kept: list[Kept] = []

    def result(self, pinned: Collection[str]) -> Merged:
        groups = self._groups()
        self._drop_emptied(groups, pinned)
        rows = InventoryRows(self._variables(), self._hosts(), groups)
        details = {
            name: HostDetails(enabled=enabled)
            for name, enabled in self._fates.enabled.items()
            if name in rows.hosts
        }
        brought = (self._brought | self._new_groups) & groups.keys()
        held = frozenset(self._given.hosts.keys() - self._listed)
        memory = Memory(Snapshot(self._given), frozenset(brought), held)
        return Merged(Snapshot(rows, details), memory, tuple(self._kept))

    def _variables(self) -> str:
        others = {name: rows.variables for name, rows in self._others.items()}
        return self._settled(
            "inventory",
            "all",
            (self._before.variables, self._given.variables, self._current.variables),
            others,
        )

    def _hosts(self) -> dict[str, str]:
        after: dict[str, str] = {}
        for name, text in self._current.hosts.items():
            if name in self._fates.removed:
                continue
            before, given = self._before.hosts.get(name), self._given.hosts.get(name)
            if before is None and given is None:
                after[name] = text
            else:
                others = {key: rows.hosts.get(name, "") for key, rows in self._others.items()}
                after[name] = self._settled("host", name, (before or "", given or "", text), others)
        return after | {name: self._given.hosts[name] for name in self._given_new()}

    def _given_new(self) -> list[str]:
        return [name for name in self._given.hosts if name in self._new_hosts]

    def _groups(self) -> dict[str, GroupRow]:
        after: dict[str, GroupRow] = {}
        for name, group in self._current.groups.items():
            if name in self._before.groups or name in self._given.groups:
                after[name] = self._group(name, group)
            else:
                after[name] = self._surviving(group)
        return after | {
            name: group for name, group in self._given.groups.items() if name in self._new_groups
        }

    def _group(self, name: str, current: GroupRow) -> GroupRow:
        before = self._before.groups.get(name, _NO_GROUP)
        given = self._given.groups.get(name, _NO_GROUP)
        others = {key: rows.groups.get(name, _NO_GROUP) for key, rows in self._others.items()}
        texts = (before.variables, given.variables, current.variables)
        return GroupRow(
            variables=self._settled(
                "group", name, texts, {key: group.variables for key, group in others.items()}
            ),
            hosts=values.names(
                before.hosts,
                given.hosts,
                self._surviving(current).hosts,
                elsewhere={host for group in others.values() for host in group.hosts},
                new=self._new_hosts,
                report=lambda host: self._keep("group", name, "hosts", host),
            ),
            children=values.names(
                before.children,
                given.children,
                current.children,
                elsewhere={child for group in others.values() for child in group.children},
                new=self._new_groups,
                report=lambda child: self._keep("group", name, "children", child),
            ),
            in_all=given.in_all if current.in_all == before.in_all else current.in_all,
        )

    def _surviving(self, group: GroupRow) -> GroupRow:
        if self._fates.removed.isdisjoint(group.hosts):
            return group
        hosts = [host for host in group.hosts if host not in self._fates.removed]
        return replace(group, hosts=hosts)

    def _drop_emptied(self, groups: dict[str, GroupRow], pinned: Collection[str]) -> None:
        """Remove the groups that the source brought and withdrew, once nothing is in them."""
        given_elsewhere = {name for rows in self._others.values() for name in rows.groups}
        linked = self._linked_by_hand()
        candidates = (
            (self._brought & groups.keys())
            - self._given.groups.keys()
            - given_elsewhere
            - linked
            - set(pinned)
        )
        while empty := {name for name in candidates & groups.keys() if _is_empty(groups[name])}:
            for name in empty:
                del groups[name]
            for name, group in groups.items():
                if not empty.isdisjoint(group.children):
                    children = [child for child in group.children if child not in empty]
                    groups[name] = replace(group, children=children)

    def _linked_by_hand(self) -> set[str]:
        """Name the groups that somebody put into another group."""
        return {
            child
            for name, group in self._current.groups.items()
            for child in group.children
            if child not in self._before.groups.get(name, _NO_GROUP).children
        }

    def _settled(
        self, kind: str, name: str, texts: tuple[str, str, str], others: Mapping[str, str]
    ) -> str:
        current = texts[2]
        return values.variables(
            Texts(*texts, others=[*others.values()]), self._reporter(kind, name, current, others)
        )

    def _reporter(self, kind: str, name: str, current: str, others: Mapping[str, str]) -> Report:
        def report(field: str, key: str) -> None:
            self._keep(kind, name, field, key, by=_giver(current, key, others))

        return report

    def _keep(self, kind: str, name: str, field: str, key: str, by: str = "") -> None:
        self._kept.append(Kept(kind, name, field, key, by))


def kept_as_json(kept: Collection[Kept], most: int) -> list[dict[str, str]]:
    """Give plain JSON values of the first ones."""
    return [asdict(one) for one in [*kept][:most]]


def _giver(current: str, key: str, others: Mapping[str, str]) -> str:
    """Name the source whose value it is that is kept."""
    if not key or not any(others.values()):
        return ""
    value = edits.read(current).get(key)
    for name, text in others.items():
        given = edits.read(text) if text else {}
        if key in given and edits.same(given[key], value):
            return name
    return ""


def _is_empty(group: GroupRow) -> bool:
    return not (group.hosts or group.children or group.variables.strip())


def _without(rows: InventoryRows, hosts: Collection[str]) -> InventoryRows:
    if not hosts:
        return rows
    return InventoryRows(
        variables=rows.variables,
        hosts={name: text for name, text in rows.hosts.items() if name not in hosts},
        groups={
            name: replace(group, hosts=[host for host in group.hosts if host not in hosts])
            for name, group in rows.groups.items()
        },
    )


def _with_held(given: InventoryRows, before: InventoryRows, held: Collection[str]) -> InventoryRows:
    """Treat held hosts as if the source still gave them as it did."""
    missing = [name for name in before.hosts if name in held and name not in given.hosts]
    if not missing:
        return given
    wanted = frozenset(missing)
    groups = dict(given.groups)
    for name, group in before.groups.items():
        hosts = [host for host in group.hosts if host in wanted]
        if hosts:
            now = groups.get(name) or replace(group, hosts=[], children=[])
            groups[name] = replace(now, hosts=[*now.hosts, *hosts])
    return replace(
        given, hosts=given.hosts | {name: before.hosts[name] for name in missing}, groups=groups
    )
