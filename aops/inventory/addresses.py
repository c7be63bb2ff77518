"""Where SSH will knock for a host, as far as the inventory alone can tell.

Follows Ansible's precedence among inventory levels for the few variables that decide
it: ``all``, then groups by depth, priority and name, then the host. A value that is a
template or encrypted is known only to a run, so such a host has no address here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from aops.core import yaml_text
from aops.inventory import names
from aops.inventory import rows as inventory_rows
from aops.inventory.models import Host
from aops.inventory.rows import InventoryRows

SSH_PORT = 22

_SSH_CONNECTIONS = frozenset({"ssh", "smart", "paramiko", "ansible.builtin.ssh"})
_PREFIX = "ansible_"
_PRIORITY = "ansible_group_priority"


@dataclass(frozen=True)
class Connection:
    """How a run reaches a host.

    Attributes:
        ssh: Whether by SSH; other ways need no host key.
        address: None where a template or a vaulted value decides it.
    """

    ssh: bool
    address: str | None
    port: int = SSH_PORT

    @property
    def known_hosts_name(self) -> str:
        """Give the address as known_hosts writes it; "" when there is none."""
        if self.address is None:
            return ""
        address = self.address.lower()
        return address if self.port == SSH_PORT else f"[{address}]:{self.port}"


def connections(rows: InventoryRows) -> dict[str, Connection]:
    """Tell for each host of an inventory how a run reaches it."""
    levels = _Levels(rows)
    return {
        name: _connection(name, levels.of(name) | _connection_variables(text))
        for name, text in rows.hosts.items()
    }


def connection_of(host: Host) -> Connection:
    """Tell how a run reaches one host, enabled or not."""
    return connections(inventory_rows.load_one(host))[host.name]


class _Levels:
    """What groups say about their hosts, read once for each combination of groups."""

    def __init__(self, rows: InventoryRows) -> None:
        self._everything = _connection_variables(rows.variables)
        self._variables = {
            name: _connection_variables(group.variables) for name, group in rows.groups.items()
        }
        self._parents = _inverted((name, group.children) for name, group in rows.groups.items())
        self._groups = _inverted((name, group.hosts) for name, group in rows.groups.items())
        self._merged = cache(self._merge)
        self._depth = cache(self._measure)

    def of(self, host: str) -> dict[str, Any]:
        """Merge what all groups of a host say."""
        return self._merged(frozenset(self._groups.get(host, ())))

    def _merge(self, groups: frozenset[str]) -> dict[str, Any]:
        merged = dict(self._everything)
        for name in sorted(self._with_ancestors(groups), key=self._rank):
            merged |= self._variables[name]
        return merged

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
        priority = str(self._variables[name].get(_PRIORITY, 1))
        number = int(priority) if priority.removeprefix("-").isdecimal() else 1
        return self._depth(name), number, name

    def _measure(self, name: str) -> int:
        return 1 + max((self._depth(parent) for parent in self._parents.get(name, ())), default=0)


def _inverted(pairs: Iterable[tuple[str, list[str]]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, parts in pairs:
        for part in parts:
            found.setdefault(part, []).append(name)
    return found


def _connection_variables(text: str) -> dict[str, Any]:
    """Read only texts that can hold what is wanted: most of 10,000 hosts then cost nothing."""
    if _PREFIX not in text:
        return {}
    try:
        variables = yaml_text.parse_mapping(text)
    except yaml_text.YamlError:
        return {}
    return {name: value for name, value in variables.items() if name.startswith(_PREFIX)}


def _connection(name: str, variables: dict[str, Any]) -> Connection:
    ssh = str(variables.get("ansible_connection", "ssh")) in _SSH_CONNECTIONS
    address = _last(variables, names.ADDRESS_VARIABLES, name)
    port = _last(variables, names.PORT_VARIABLES, SSH_PORT)
    number = names.port_number(port)
    if not names.is_literal(address) or number is None:
        return Connection(ssh=ssh, address=None)
    return Connection(ssh=ssh, address=str(address), port=number)


def _last(variables: dict[str, Any], keys: tuple[str, ...], default: Any) -> Any:
    """Give the value that Ansible takes: of several spellings, the last that is set."""
    found = [variables[key] for key in keys if variables.get(key) is not None]
    return found[-1] if found else default
