"""The other side: ``ansible-playbook`` as one would call it in a shell.

Inventory, playbook, forks, environment and ansible.cfg are those of aops' runs; only its
callback is missing, so that Ansible's default one prints.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from aops.execution import settings
from aops.execution.layout import ANSIBLE_PLAYBOOK, Layout
from aops.inventory import rendering
from bench.loads import Load
from bench.stack import Stack

TASK = "TASK ["
_OURS = ("callback_plugins", "stdout_callback")


@dataclass(frozen=True)
class Times:
    """Seconds since the start.

    Attributes:
        first_line: Until the first task's line was printed.
        total: Until the end.
    """

    first_line: float
    total: float


class Bare:
    """A folder with everything that ansible-playbook needs; use ``run`` again and again."""

    def __init__(self, stack: Stack, load: Load, inventory_id: int) -> None:
        folder = stack.directory / f"bare {load.name}"
        self._layout = Layout(
            project=folder / "project",
            private=folder / "private",
            scratch=folder / "scratch",
            events=folder / "none",
            child=folder / "none",
        )
        with stack.database(read_only=True):
            inventory = rendering.render(inventory_id)
        self._write(load, inventory)
        self._command = [
            str(ANSIBLE_PLAYBOOK),
            f"--inventory={self._layout.inventory}",
            f"--forks={load.forks}",
            "--",
            str(self._layout.project / "playbook.yml"),
        ]
        self._environ = {
            name: value
            for name, value in settings.environment(self._layout, "bare").items()
            if not name.startswith("AOPS_")
        }

    def run(self) -> Times:
        """Run it once."""
        start = time.monotonic()
        first = None
        with subprocess.Popen(
            self._command,
            env=self._environ,
            cwd=self._layout.project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            for line in process.stdout:
                if first is None and TASK in line:
                    first = time.monotonic() - start
        if process.returncode or first is None:
            raise RuntimeError(f"ansible-playbook ended with {process.returncode}")
        return Times(first, time.monotonic() - start)

    def _write(self, load: Load, inventory: str) -> None:
        layout = self._layout
        for folder in (layout.project, layout.inventory.parent, layout.home, layout.scratch / "cp"):
            folder.mkdir(parents=True)
        lines = settings.ansible_cfg(layout).splitlines(keepends=True)
        _put(layout.ansible_cfg, "".join(line for line in lines if not line.startswith(_OURS)))
        _put(layout.ssh_config, settings.ssh_config(layout, accept_new_host_keys=False))
        _put(layout.inventory, inventory)
        _put(layout.project / "playbook.yml", load.playbook)


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
