"""Where a run finds its things, as the run itself sees them.

In the sandbox these paths are short and always the same; without one they are real
paths of the machine. Everything that writes a setting or an option asks here, so that
nothing else needs to know which of the two it is.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHILD = HERE / "child.py"
INVENTORY_CHILD = HERE / "inventory_child"
CACHE = HERE / "plugins" / "cache" / "aops.py"
CALLBACK = HERE / "plugins" / "callback" / "aops.py"
PYTHON = Path(sys.executable)
ANSIBLE_PLAYBOOK = PYTHON.parent / "ansible-playbook"


@dataclass(frozen=True)
class Layout:
    """The places of one run.

    Attributes:
        project: The playbooks and roles; read-only behind walls.
        private: Settings, inventory and secrets; on a tmpfs wherever there is one.
        scratch: Home directory, Ansible's temporary files and SSH's control sockets.
        events: The socket that our callback plugin connects to.
        child: The script that starts ansible-playbook.
    """

    project: Path
    private: Path
    scratch: Path
    events: Path
    child: Path

    @property
    def home(self) -> Path:
        """What ``~`` means in the run."""
        return self.scratch / "home"

    @property
    def callback(self) -> Path:
        """Our callback plugin; a copy, so that Ansible never writes beside the original."""
        return self.private / "callback" / CALLBACK.name

    @property
    def inventory(self) -> Path:
        """The inventory's file; nothing lies beside it that Ansible could take for variables."""
        return self.private / "inventory" / "hosts.yml"

    @property
    def facts(self) -> Path:
        """The facts that the run starts with; here, because they may need much room."""
        return self.scratch / "facts"

    @property
    def cache(self) -> Path:
        """Our cache plugin, a copy like the callback plugin."""
        return self.private / "cache" / CACHE.name

    @property
    def limit(self) -> Path:
        """The names of the hosts to run on: too many for a command line, and meant literally."""
        return self.private / "limit"

    @property
    def known_hosts(self) -> Path:
        """The only file that SSH takes host keys from, and adds accepted ones to."""
        return self.private / "known_hosts"

    @property
    def ansible_cfg(self) -> Path:
        """Our settings; a project's own ansible.cfg is not read."""
        return self.private / "ansible.cfg"

    @property
    def ssh_config(self) -> Path:
        """Our settings for every SSH client of the run, jump hosts included."""
        return self.private / "ssh_config"
