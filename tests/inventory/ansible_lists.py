"""Lets the installed Ansible list inventories in this process, many of them in a second.

One thing of Ansible is put in order here: which of two groups of the same depth comes first
within ``all`` or a group of groups hangs on the addresses of objects, and so on chance. Here
it is always the one that was added first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible import constants, context
from ansible.cli.inventory import InventoryCLI
from ansible.errors import AnsibleError
from ansible.inventory import group
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.utils.display import Display
from ansible.vars.manager import VariableManager

from tests.inventory import ansible_says  # noqa: F401 - starts the plugin loader, once

SCRIPT = '#!/bin/sh\nexec cat "$0.json"\n'


class InOrder(dict[Any, None]):
    """A set that remembers the order, with as much of a set as Ansible's groups use."""

    def __init__(self, items: Any = ()) -> None:
        super().__init__(dict.fromkeys(items))

    def add(self, item: Any) -> None:
        self[item] = None

    def update(self, items: Any) -> None:  # type: ignore[override]
        super().update(dict.fromkeys(items))

    def difference_update(self, items: Any) -> None:
        for item in items:
            self.pop(item, None)


@contextmanager
def strict(plugins: str, *, strictly: bool = True) -> Iterator[None]:
    """Read only with these plugins, refuse what none can read, and keep Ansible quiet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "INVENTORY_ENABLED", plugins.split(","))
        patch.setattr(constants, "INVENTORY_ANY_UNPARSED_IS_FAILED", strictly)
        patch.setattr(group, "set", InOrder, raising=False)
        patch.setattr(context, "CLIARGS", ImmutableDict(basedir=None, extra_vars=()))
        for method in ("warning", "deprecated", "error_as_warning", "display"):
            patch.setattr(Display, method, lambda *_args, **_options: None)
        yield


class Listed:
    """An inventory as Ansible understands a file."""

    def __init__(self, path: Path, plugins: str = "yaml,ini", *, strictly: bool = True) -> None:
        self._plugins = plugins
        with strict(plugins, strictly=strictly):
            self.loader = DataLoader()
            self.manager = InventoryManager(self.loader, sources=[str(path)])

    def as_json(self, *, export: bool) -> dict[str, Any]:
        """Give what ``ansible-inventory --list`` prints, with or without ``--export``."""
        with strict(self._plugins), pytest.MonkeyPatch.context() as patch:
            options = ImmutableDict(basedir=None, export=export, yaml=False, toml=False)
            patch.setattr(context, "CLIARGS", options)
            program = InventoryCLI(["ansible-inventory", "--list"])
            program.loader, program.inventory = self.loader, self.manager
            program.vm = VariableManager(loader=self.loader, inventory=self.manager)
            top = self.manager.groups["all"]
            listed: dict[str, Any] = json.loads(program.dump(program.json_inventory(top)))
        return listed

    def matching(self, pattern: str) -> list[str] | None:
        """Name the hosts that a pattern selects; None if Ansible refuses it."""
        with strict(self._plugins):
            try:
                return [host.name for host in self.manager.get_hosts(pattern)]
            except AnsibleError:
                return None


def of_text(text: str, folder: Path, name: str, plugins: str = "yaml,ini") -> Listed:
    """List the inventory that a text is."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return Listed(path, plugins)


def of_answer(text: str, folder: Path) -> Listed:
    """List the inventory that a script says which prints a text."""
    script = folder / "answer"
    script.write_text(SCRIPT)
    script.chmod(0o700)
    script.with_name("answer.json").write_text(text, encoding="utf-8")
    return Listed(script, "script")
