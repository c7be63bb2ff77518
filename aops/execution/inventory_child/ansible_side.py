"""The only place that imports Ansible's Python: its own machinery decides what a text means."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible._internal._datatag._tags import Origin, SourceWasEncrypted
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import is_encrypted
from ansible.plugins.loader import init_plugin_loader
from ansible.utils.vars import combine_vars
from ansible.vars.plugins import get_vars_from_inventory_sources

from . import bombs, guards, precedence, quicker, scripts, steady, texts
from .encoding import Encoder
from .places import Source
from .precedence import Variables
from .problems import Note, Refused
from .vaults import Vaults


class _Loader(DataLoader):  # type: ignore[misc]
    """Opens files of variables with the passwords of this reading, and keeps their texts sealed."""

    def __init__(self, vaults: Vaults, notes: list[Note]) -> None:
        super().__init__()
        self.vaults = vaults
        self._notes = notes

    def _decrypt_if_vault_data(self, b_data: bytes) -> tuple[bytes, bool]:
        return self.vaults.open(b_data) if is_encrypted(b_data) else (b_data, True)

    def load(self, data: str, file_name: str | None = None, *args: Any, **options: Any) -> Any:
        """Measure a text before it is built."""
        bombs.refuse(data, Path(file_name or "?").name)
        if not SourceWasEncrypted.is_tagged_on(data):
            return super().load(data, file_name, *args, **options)
        texts.note_comments([data], self._notes)
        texts.note_places([data], self._notes)
        parse = functools.partial(super().load, data, file_name, *args, **options)
        return self.vaults.load(Origin.get_tag(data).path, parse)

    def load_from_file(self, *args: Any, **options: Any) -> Any:
        """Give the data itself: nobody else here has it, and a copy costs most of the time."""
        return super().load_from_file(*args, **(options | {"unsafe": True}))


def load(
    source: Source,
    limits: dict[str, Any],
    notes: list[Note],
    folder: Path,
    *,
    passwords: list[list[str]],
) -> InventoryManager:
    """Read a source with Ansible's inventory manager, or say why it could not.

    Args:
        source: What to read.
        limits: Of the order.
        notes: Is given what Ansible has to say.
        folder: Where everything lies.
        passwords: Vault ids, each with its password.
    """
    said = guards.listen(notes, folder)
    guards.limit_hosts(limits["hosts"], limits["groups"])
    quicker.install()
    steady.install()
    scripts.install(limits["script_answer"])
    init_plugin_loader()
    loader = _Loader(Vaults(passwords, folder), notes)
    try:
        return _manager(said)(loader=loader, sources=[str(source.path)])
    except Exception as error:  # noqa: BLE001 - plugins raise what they like
        raise said.refusal(error, source.plugin) from None


def _manager(said: guards.Said) -> type[InventoryManager]:
    class Manager(InventoryManager):  # type: ignore[misc]
        """Tells which file it reads, which no message of Ansible's surely does."""

        def parse_source(self, source: str, cache: bool = False) -> Any:  # noqa: FBT001, FBT002 - Ansible's signature
            said.begin(source)
            return super().parse_source(source, cache=cache)

    return Manager


def describe(
    inventory: InventoryManager,
    *,
    everything_untrusted: bool,
    limits: dict[str, Any],
    notes: list[Note],
) -> dict[str, Any]:
    """Give groups and hosts in Ansible's order with the variables that are their own."""
    hosts = inventory.get_hosts("all")
    if len(hosts) > limits["hosts"] or len(inventory.groups) > limits["groups"]:
        raise Refused("too_many_hosts", limit=limits["hosts"])
    groups = _in_order(inventory)
    own = {group.name: _variables_of(inventory, group) for group in groups}
    host_own = {host.name: _merged(_variables_of(inventory, host)) for host in hosts}
    precedence.settle(hosts, own, host_own, notes)
    encoder = Encoder(everything_untrusted=everything_untrusted)
    everything = inventory.groups["all"]
    top = {group.name for group in everything.child_groups}
    described = {
        group.name: {
            "variables": encoder.variables(group.name, _of_group(group, own[group.name])),
            "hosts": _members(group, inventory, hosts),
            "children": [child.name for child in group.child_groups],
            "in_all": group.name in top and len(group.parent_groups) > 1,
        }
        for group in groups
    }
    return {
        "variables": described.pop("all")["variables"],
        "hosts": {name: encoder.variables(name, own) for name, own in host_own.items()},
        "groups": described,
    }


def finish(inventory: InventoryManager, notes: list[Note]) -> None:
    """Say what became of files that were encrypted, once everything was read.

    Raises:
        Refused: If one stayed closed.
    """
    inventory._loader.vaults.finish(notes)  # noqa: SLF001 - ours


def _members(group: Any, inventory: InventoryManager, hosts: list[Any]) -> list[str]:
    """Name a group's own hosts; of ``ungrouped`` only if they are not simply those left over."""
    names = [host.name for host in group.hosts]
    if group.name == "ungrouped" and inventory.groups.keys().isdisjoint(names):
        known = frozenset(names)
        if names == [host.name for host in hosts if host.name in known]:
            return []
    return names


def _in_order(inventory: InventoryManager) -> list[Any]:
    """Give ``all``, then its own children in their order, then level by level what is below."""
    everything = inventory.groups["all"]
    below = everything.get_descendants(preserve_ordering=True)
    return [everything, *dict.fromkeys(below)]


def _variables_of(inventory: InventoryManager, entity: Any) -> Variables:
    sources = inventory._sources  # noqa: SLF001 - as InventoryCLI does
    try:
        files = get_vars_from_inventory_sources(inventory._loader, sources, [entity], "all")  # noqa: SLF001
    except AnsibleError as error:
        raise guards.unreadable_variables(error, Path(sources[0])) from None
    return Variables(_outside(entity.vars), _outside(files))


def _merged(variables: Variables) -> dict[Any, Any]:
    if not variables.files:
        return variables.inventory
    return dict(combine_vars(variables.inventory, variables.files))


def _of_group(group: Any, variables: Variables) -> dict[Any, Any]:
    merged = _merged(variables)
    if group.priority != 1:
        merged["ansible_group_priority"] = group.priority
    return merged


def _outside(variables: Any) -> dict[Any, Any]:
    """Leave out what Ansible sets by itself."""
    return {key: value for key, value in variables.items() if key not in C.INTERNAL_STATIC_VARS}
