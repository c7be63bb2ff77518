"""Asks the installed Ansible, so that tests compare with it and not with our idea of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader

from aops.inventory.rendering import render_rows
from aops.inventory.rows import InventoryRows

init_plugin_loader()


def listed(text: str, folder: Path) -> dict[str, Any]:
    """Give what ``ansible-inventory --list`` says of an inventory, strictly read."""
    file = folder / "hosts.yml"
    file.write_text(text, encoding="utf-8")
    program = Path(sys.executable).with_name("ansible-inventory")
    answer = subprocess.run(
        [str(program), "-i", str(file), "--list"],
        capture_output=True,
        check=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_INVENTORY_ENABLED": "yaml",
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
        },
    )
    result: dict[str, Any] = json.loads(answer.stdout)
    return result


def manager_of(rows: InventoryRows, folder: Path) -> InventoryManager:
    """Have Ansible read an inventory as we render it."""
    file = folder / "rows.yml"
    file.write_text(render_rows(rows), encoding="utf-8")
    return InventoryManager(DataLoader(), sources=[str(file)])


def hosts_matching(pattern: str, rows: InventoryRows, folder: Path) -> list[str]:
    """Name the hosts that Ansible selects from an inventory as we render it."""
    return [host.name for host in manager_of(rows, folder).get_hosts(pattern)]
