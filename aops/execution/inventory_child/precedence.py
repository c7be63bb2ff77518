"""Keeps every host's variables where files beside an inventory beat the inventory itself.

Ansible reads the variables of all groups from the inventory first, and then those of all
groups from group_vars; so a file for ``all`` beats what the inventory says of any group. Rows
have one place for each group. Where, and only where, that makes a difference, the value
that wins is given to the hosts themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .problems import Note

_PRIORITY = "ansible_group_priority"
_NOTHING = object()


@dataclass(frozen=True)
class Variables:
    """What one group or host is given, by the inventory and by files beside it."""

    inventory: dict[Any, Any]
    files: dict[Any, Any]


def settle(
    hosts: Iterable[Any],
    groups: dict[str, Variables],
    host_own: dict[str, dict[Any, Any]],
    notes: list[Note],
) -> None:
    """Change groups' and hosts' variables so that one level for each group says the same."""
    keys = _disputed(groups)
    if not keys:
        return
    above = {host.name: _groups_of(host) for host in hosts}
    for key in sorted(keys, key=str):
        wanted = {name: _as_ansible(key, above[name], groups) for name in above}
        lost = _drop_shadowed(key, above, groups, wanted)
        if lost and key != _PRIORITY:
            notes.append(("shadowed_by_file", {"variable": str(key), "groups": ", ".join(lost)}))
        moved = 0
        for name, (value, _giver) in wanted.items():
            if key in host_own[name] or _same(_as_rows(key, above[name], groups), value):
                continue
            if value is not _NOTHING:
                host_own[name][key] = value
                moved += 1
        if key == _PRIORITY:
            for variables in groups.values():
                variables.files.pop(key, None)
        notes.extend(_about(key, moved))


def _about(key: Any, moved: int) -> list[Note]:
    """Say what became of a variable, where it is not what files say."""
    if moved:
        note = "priority_in_file" if key == _PRIORITY else "moved_to_hosts"
        return [(note, {"variable": str(key), "hosts": moved})]
    return [("priority_left_out", {"variable": str(key)})] if key == _PRIORITY else []


def _same(one: Any, other: Any) -> bool:
    """Tell whether two values mean the same; of lists and mappings only whether they are one."""
    if one is other:
        return True
    alike = type(one) is type(other) and isinstance(one, str | int | float)
    return alike and one == other and _tags(one) == _tags(other)


def _tags(value: Any) -> set[type]:
    return set(getattr(value, "_ansible_tags_mapping", ()))


def _disputed(groups: dict[str, Variables]) -> set[Any]:
    """Name what both the inventory and a file say, for different groups."""
    in_inventory: dict[Any, set[str]] = {}
    for name, variables in groups.items():
        for key in variables.inventory:
            in_inventory.setdefault(key, set()).add(name)
    return {
        key
        for name, variables in groups.items()
        for key in variables.files
        if key == _PRIORITY or in_inventory.get(key, set()) - {name}
    }


def _groups_of(host: Any) -> list[str]:
    """Name the host's groups, the one that wins last."""
    found = sorted(host.get_groups(), key=lambda group: (group.depth, group.priority, group.name))
    names = [group.name for group in found if group.name != "all"]
    return ["all", *names]


def _as_ansible(
    key: Any, above: list[str], groups: dict[str, Variables]
) -> tuple[Any, tuple[str, bool]]:
    """Give the value that Ansible sees, and who gives it: which group, and whether its file."""
    for from_files in (True, False):
        for name in reversed(above):
            level = groups[name].files if from_files else groups[name].inventory
            if key in level:
                return level[key], (name, from_files)
    return _NOTHING, ("", False)


def _as_rows(key: Any, above: list[str], groups: dict[str, Variables]) -> Any:
    """Give the value that one level for each group leads to."""
    if key == _PRIORITY:
        return _NOTHING  # a row would take it for the group's priority
    for name in reversed(above):
        for level in (groups[name].files, groups[name].inventory):
            if key in level:
                return level[key]
    return _NOTHING


def _drop_shadowed(
    key: Any,
    above: dict[str, list[str]],
    groups: dict[str, Variables],
    wanted: dict[str, tuple[Any, tuple[str, bool]]],
) -> list[str]:
    """Take away what the inventory says of a group and no host of it ever sees; name the groups."""
    seen = {giver for _value, giver in wanted.values()}
    used = {name for names in above.values() for name in names}
    lost = [
        name
        for name, variables in groups.items()
        if key in variables.inventory and name in used and (name, False) not in seen
    ]
    for name in lost:
        del groups[name].inventory[key]
    return [name for name in lost if key not in groups[name].files]
