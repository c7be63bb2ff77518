"""Where SSH will knock for a host, as far as the inventory alone can tell.

Follows Ansible's precedence among inventory levels for the few variables that decide
it. A value that is a template or encrypted is known only to a run, so such a host has
no address here. Nor has one that is called ``web*`` or ``a,b`` and says no other address:
known_hosts would read a pattern into it, and trust the host's key for others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aops.inventory import names, quick_yaml
from aops.inventory import rows as inventory_rows
from aops.inventory.levels import Merged
from aops.inventory.models import Host
from aops.inventory.rows import InventoryRows

SSH_PORT = 22

_SSH_CONNECTIONS = frozenset({"ssh", "smart", "paramiko", "ansible.builtin.ssh"})
_PREFIX = "ansible_"


@dataclass(frozen=True)
class Connection:
    """How a run reaches a host.

    Attributes:
        ssh: Whether by SSH; other ways need no host key.
        address: None where a template or a vaulted value decides it, or where what stands
            there is none.
        unusable: What stands there instead of an address, to be shown; "" otherwise.
    """

    ssh: bool
    address: str | None
    port: int = SSH_PORT
    unusable: str = ""

    @property
    def known_hosts_name(self) -> str:
        """Give the address as known_hosts writes it; "" when there is none."""
        if self.address is None:
            return ""
        address = self.address.lower()
        return address if self.port == SSH_PORT else f"[{address}]:{self.port}"


def connections(rows: InventoryRows) -> dict[str, Connection]:
    """Tell for each host of an inventory how a run reaches it."""
    merged = Merged(rows, _connection_variables)
    return {name: _connection(name, merged.of(name)) for name in rows.hosts}


def connection_of(host: Host) -> Connection:
    """Tell how a run reaches one host, enabled or not."""
    return connections(inventory_rows.load_one(host))[host.name]


def _connection_variables(text: str) -> dict[str, Any]:
    """Read only texts that can hold what is wanted: most of 10,000 hosts then cost nothing."""
    found = quick_yaml.variables(text) if _PREFIX in text else {}
    return {name: value for name, value in found.items() if name.startswith(_PREFIX)}


def _connection(name: str, variables: dict[str, Any]) -> Connection:
    ssh = str(variables.get("ansible_connection", "ssh")) in _SSH_CONNECTIONS
    address = _last(variables, names.ADDRESS_VARIABLES, name)
    port = _last(variables, names.PORT_VARIABLES, SSH_PORT)
    number = names.port_number(port)
    if not names.is_literal(address) or number is None:
        return Connection(ssh=ssh, address=None)
    if not names.is_connection_address(str(address)):
        return Connection(ssh=ssh, address=None, unusable=str(address))
    return Connection(ssh=ssh, address=str(address), port=number)


def _last(variables: dict[str, Any], keys: tuple[str, ...], default: Any) -> Any:
    """Give the value that Ansible takes: of several spellings, the last that is set."""
    found = [variables[key] for key in keys if variables.get(key) is not None]
    return found[-1] if found else default
