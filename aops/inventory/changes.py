"""What an upload or a source would change in an inventory, before anything is written.

Pure: works on two snapshots. ``Changes.after`` is the inventory as it would be;
``writing.write`` makes it so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aops.inventory import edits
from aops.inventory.comments import has_comments
from aops.inventory.edits import Edit
from aops.inventory.imports.models import ImportMode
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import HostDetails, Snapshot

Edits = tuple[Edit, ...]


@dataclass(frozen=True)
class Entry:
    """A host or a group that is added, changed or removed; edits are none for a removed one."""

    name: str
    edits: Edits = ()


@dataclass(frozen=True)
class Part:
    """What becomes of the hosts, or of the groups."""

    added: tuple[Entry, ...] = ()
    changed: tuple[Entry, ...] = ()
    removed: tuple[Entry, ...] = ()
    unchanged: int = 0

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return {
            verb: [
                {"name": entry.name, "edits": _plain(entry.edits)} for entry in getattr(self, verb)
            ]
            for verb in ("added", "changed", "removed")
        } | {"unchanged": self.unchanged}


@dataclass(frozen=True)
class Caution:
    """Something that is allowed and probably not meant.

    Attributes:
        kind: ``case`` for a host that differs from another only by case, ``namesake`` for a
            host and a group of one name.
    """

    kind: str
    name: str
    other: str


@dataclass(frozen=True)
class Changes:
    """All differences between an inventory and what it would become.

    Attributes:
        after: The inventory as it would be, with all details of its hosts.
        variables: Of the group ``all``.
        order: Whether ``hosts`` or ``groups`` that stay change places among each other.
        comments: Names of the ``hosts`` and ``groups`` in whose variables comments are lost, and
            ``all`` if they are in those of the inventory.
    """

    after: Snapshot
    hosts: Part
    groups: Part
    variables: Edits = ()
    order: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
    comments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Give the numbers: ``hosts_added``, ``groups_removed``, ``variables`` and so on."""
        found = {
            f"{kind}_{verb}": len(getattr(part, verb))
            for kind, part in (("hosts", self.hosts), ("groups", self.groups))
            for verb in ("added", "changed", "removed")
        }
        return found | {
            "hosts_unchanged": self.hosts.unchanged,
            "groups_unchanged": self.groups.unchanged,
            "variables": len(self.variables),
        }

    @property
    def nothing(self) -> bool:
        """Tell whether the inventory already is as it would become."""
        parts = (self.hosts, self.groups)
        return not (
            self.variables
            or self.order
            or any(part.added or part.changed or part.removed for part in parts)
        )

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON values for storing and for the page; without ``after``."""
        return {
            "counts": self.counts,
            "hosts": self.hosts.as_json(),
            "groups": self.groups.as_json(),
            "variables": _plain(self.variables),
            "order": list(self.order),
            "cautions": [vars(caution) for caution in self.cautions],
            "comments": {kind: len(names) for kind, names in self.comments.items()},
        }


def compare(current: Snapshot, wanted: Snapshot, mode: ImportMode) -> Changes:
    """Tell what an inventory becomes, and how that differs from what it is.

    Args:
        current: With the details of all hosts that have any.
        wanted: What it does not mention stays when merging, details of hosts always.
        mode: Merging adds to variables, groups and hosts; replacing also removes.

    Raises:
        AopsError: If variables are no YAML mapping.
    """
    merge = mode is ImportMode.MERGE
    old, new = current.rows, wanted.rows
    variables, variable_edits = edits.settle(old.variables, new.variables, merge=merge)
    groups, group_edits = _groups(old.groups, new.groups, merge=merge)
    moves = _moves(old.groups, groups)
    hosts, details, host_edits = _hosts(current, wanted, moves, merge=merge)
    after = Snapshot(InventoryRows(variables, hosts, groups), details)
    return Changes(
        after=after,
        hosts=_part(old.hosts, hosts, host_edits),
        groups=_part(old.groups, groups, group_edits),
        variables=variable_edits,
        order=tuple(_reordered(old, after.rows)),
        cautions=tuple(_cautions(old, after.rows)),
        comments=_lost_comments(old, after.rows),
    )


def details_of(snapshot: Snapshot, name: str) -> HostDetails:
    """Give the details of a host, with what holds where nothing is said."""
    return _filled(snapshot.details.get(name, _UNSAID), _DEFAULT)


def _plain(found: Edits) -> list[dict[str, Any]]:
    """Turn edits into dictionaries; ``asdict`` takes seconds for those of 10,000 hosts."""
    return [{**vars(edit)} for edit in found]


_UNSAID = HostDetails()
_DEFAULT = HostDetails(enabled=True, description="", labels=())


def _groups(
    old: Mapping[str, GroupRow], new: Mapping[str, GroupRow], *, merge: bool
) -> tuple[dict[str, GroupRow], dict[str, Edits]]:
    after: dict[str, GroupRow] = {}
    found: dict[str, Edits] = {}
    for name in _names(old, new, merge=merge):
        before, wanted = old.get(name), new.get(name)
        if wanted is None:
            after[name] = old[name]
        elif before is None:
            after[name], found[name] = wanted, _new_group(wanted)
        elif before == wanted:
            after[name] = before
        else:
            after[name], found[name] = _changed_group(before, wanted, merge=merge)
    return after, found


def _new_group(group: GroupRow) -> Edits:
    return (
        *edits.names("hosts", (), group.hosts),
        *edits.names("children", (), group.children),
        *edits.whole(group.variables),
    )


def _changed_group(before: GroupRow, wanted: GroupRow, *, merge: bool) -> tuple[GroupRow, Edits]:
    text, found = edits.settle(before.variables, wanted.variables, merge=merge)
    after = GroupRow(
        variables=text,
        hosts=_names(before.hosts, wanted.hosts, merge=merge),
        children=_names(before.children, wanted.children, merge=merge),
        in_all=wanted.in_all or (merge and before.in_all),
    )
    return after, (
        *found,
        *edits.names("hosts", before.hosts, after.hosts),
        *edits.names("children", before.children, after.children),
        *edits.value("in_all", before.in_all, after.in_all),
    )


def _hosts(
    current: Snapshot, wanted: Snapshot, moves: Mapping[str, Edits], *, merge: bool
) -> tuple[dict[str, str], dict[str, HostDetails], dict[str, Edits]]:
    old, new = current.rows.hosts, wanted.rows.hosts
    after: dict[str, str] = {}
    details: dict[str, HostDetails] = {}
    found: dict[str, Edits] = {}
    for name in _names(old, new, merge=merge):
        was = details_of(current, name)
        details[name] = becomes = _filled(wanted.details.get(name, _UNSAID), was)
        about = () if was == becomes else _detail_edits(was, becomes)
        if name in old:
            after[name], variables = edits.settle(old[name], new.get(name, old[name]), merge=merge)
        else:
            after[name], variables = new[name], edits.whole(new[name])
        found[name] = (*moves.get(name, ()), *about, *variables)
    return after, details, found


def _detail_edits(was: HostDetails, becomes: HostDetails) -> Edits:
    return (
        *edits.value("enabled", bool(was.enabled), bool(becomes.enabled)),
        *edits.value("description", was.description or "", becomes.description or ""),
        *edits.names("labels", was.labels or (), becomes.labels or ()),
    )


def _filled(said: HostDetails, otherwise: HostDetails) -> HostDetails:
    if said is _UNSAID:
        return otherwise
    return HostDetails(
        enabled=otherwise.enabled if said.enabled is None else said.enabled,
        description=otherwise.description if said.description is None else said.description,
        labels=otherwise.labels if said.labels is None else tuple(sorted(set(said.labels))),
    )


def _moves(old: Mapping[str, GroupRow], new: Mapping[str, GroupRow]) -> dict[str, Edits]:
    """Tell of each host which groups it leaves and joins; one that does neither is missing."""
    left, joined = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for name in dict.fromkeys((*old, *new)):
        before = old[name].hosts if name in old else []
        after = new[name].hosts if name in new else []
        if before != after:
            for host in frozenset(before).difference(after):
                left[host].append(name)
            for host in frozenset(after).difference(before):
                joined[host].append(name)
    return {host: edits.names("groups", left[host], joined[host]) for host in {**left, **joined}}


def _part(old: Iterable[str], new: Mapping[str, Any], found: Mapping[str, Edits]) -> Part:
    before = dict.fromkeys(old)
    staying = [name for name in new if name in before]
    changed = tuple(Entry(name, found[name]) for name in staying if found.get(name))
    return Part(
        added=tuple(Entry(name, found.get(name, ())) for name in new if name not in before),
        changed=changed,
        removed=tuple(Entry(name) for name in before if name not in new),
        unchanged=len(staying) - len(changed),
    )


def _names(old: Iterable[str], new: Iterable[str], *, merge: bool) -> list[str]:
    """Order names: those that are there keep their places when merging."""
    return list(dict.fromkeys((*old, *new) if merge else new))


def _reordered(old: InventoryRows, new: InventoryRows) -> Iterable[str]:
    if _common(old.hosts, new.hosts) != _common(new.hosts, old.hosts):
        yield "hosts"
    if _common(old.groups, new.groups) != _common(new.groups, old.groups):
        yield "groups"


def _lost_comments(old: InventoryRows, new: InventoryRows) -> dict[str, tuple[str, ...]]:
    """Find what people wrote beside variables that are now written anew."""
    found = {
        "all": _uncommented({"all": (old.variables, new.variables)}),
        "groups": _uncommented(
            {
                name: (group.variables, new.groups[name].variables)
                for name, group in old.groups.items()
                if name in new.groups
            }
        ),
        "hosts": _uncommented(
            {name: (text, new.hosts[name]) for name, text in old.hosts.items() if name in new.hosts}
        ),
    }
    return {kind: names for kind, names in found.items() if names}


def _uncommented(texts: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    return tuple(
        name
        for name, (before, after) in texts.items()
        if before != after and has_comments(before) and not has_comments(after)
    )


def _common(names: Iterable[str], others: Mapping[str, Any]) -> list[str]:
    return [name for name in names if name in others]


def _cautions(old: InventoryRows, new: InventoryRows) -> Iterable[Caution]:
    by_case: dict[str, str] = {}
    for name in (*_common(new.hosts, old.hosts), *_without(new.hosts, old.hosts)):
        other = by_case.setdefault(name.casefold(), name)
        if other != name and name not in old.hosts:
            yield Caution("case", name, other)
    for name in new.groups:
        if name in new.hosts and not (name in old.groups and name in old.hosts):
            yield Caution("namesake", name, name)


def _without(names: Iterable[str], others: Mapping[str, Any]) -> list[str]:
    return [name for name in names if name not in others]
