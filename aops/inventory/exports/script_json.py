"""Writes an inventory as the JSON of ``ansible-inventory --list --export``.

A script that prints it is an inventory to Ansible, and the same one. Each group and host
keeps its own variables, so that importing it gives the same rows again.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from aops.core.yaml_text import UnsafeText, VaultText
from aops.inventory import rows as inventory_rows
from aops.inventory.exports.problems import Unwritable
from aops.inventory.rendering import explicit_ungrouped
from aops.inventory.rows import ALL, UNGROUPED, GroupRow, InventoryRows

_PLAIN = frozenset({str, int, float, bool, type(None)})
_PROFILE = "inventory_legacy"
"""How Ansible marks JSON whose texts may be templates unless it says otherwise."""


def render(rows: InventoryRows) -> str:
    """Give JSON text with one line for each host and each group.

    Raises:
        AopsError: Naming what JSON cannot hold.
    """
    writer = _Writer(rows)
    names = dict.fromkeys((ALL, *inventory_rows.in_order(rows)))
    if explicit_ungrouped(rows):
        names[UNGROUPED] = None
    groups = ",\n".join(_member(name, writer.group(name)) for name in names)
    own = {name: writer.host(name, text) for name, text in rows.hosts.items()}
    hosts = ",\n".join(_member(name, variables) for name, variables in own.items() if variables)
    writer.unwritable.refuse("JSON")
    meta = f'"_meta": {{"profile": "{_PROFILE}", "hostvars": {{\n{hosts}\n}}}}'
    return f"{{\n{groups},\n{meta}\n}}\n"


class _Writer:
    """Turns groups and hosts into JSON values, and notes what cannot be one."""

    def __init__(self, rows: InventoryRows) -> None:
        self.unwritable = Unwritable()
        self._rows = rows

    def group(self, name: str) -> dict[str, Any]:
        """Give what a script says of a group; a group of nothing still has its ``hosts``."""
        rows = self._rows
        if name == ALL:
            group = GroupRow(rows.variables, [*rows.hosts], inventory_rows.roots(rows))
        else:
            group = rows.groups.get(name, GroupRow())
        hosts = explicit_ungrouped(rows) if name == UNGROUPED else group.hosts
        variables = self._variables(name, group.variables)
        parts = {"hosts": hosts, "children": group.children, "vars": variables}
        return {key: part for key, part in parts.items() if part} or {"hosts": []}

    def host(self, name: str, text: str) -> dict[str, Any]:
        """Give a host's variables; Ansible would give those of a group's namesake to the group."""
        variables = self._variables(name, text)
        if variables and name in self._rows.groups:
            self.unwritable.add(name)
        return variables

    def _variables(self, owner: str, text: str) -> dict[str, Any]:
        found = self.unwritable.read(owner, text)
        for name, value in found.items():
            if type(value) not in _PLAIN:
                try:
                    found[name] = _value(value)
                except TypeError:
                    found[name] = None
                    self.unwritable.add(owner, name)
        return found


def _value(value: Any) -> Any:
    """Make a value JSON, as Ansible's own encoder does.

    Raises:
        TypeError: If it has no JSON.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, VaultText):
        return {"__ansible_vault": str(value)}
    if isinstance(value, UnsafeText):
        return {"__ansible_unsafe": str(value)}
    if isinstance(value, dict):
        return {_key(name): _value(part) for name, part in value.items()}
    if isinstance(value, list | set):
        return [_value(part) for part in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError


def _key(name: Any) -> Any:
    if type(name) not in _PLAIN:
        raise TypeError
    return name


def _member(name: str, value: Any) -> str:
    return f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
