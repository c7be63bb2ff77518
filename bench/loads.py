"""What is run: local hosts and tasks that cost Ansible as little as a task can.

``debug`` runs on the control node alone, so that what aops adds weighs as much as it
ever does; a task that does real work hides it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy.orm import Session

from aops.inventory.models import Host, Inventory
from aops.jobs.models import JobTemplate
from aops.playbooks.models import Playbook, PlaybookRevision

FORKS = 10
_LOCAL = 'ansible_connection: local\nansible_python_interpreter: "{{ ansible_playbook_python }}"\n'


@dataclass(frozen=True)
class Load:
    """A playbook and how many hosts it goes to.

    Attributes:
        variables: YAML of each host.
    """

    name: str
    hosts: int
    playbook: str
    forks: int = FORKS
    variables: str = _LOCAL
    accept_new_host_keys: bool = False

    @classmethod
    def of_tasks(cls, hosts: int, tasks: int) -> Load:
        """Make a load of so many tasks without facts."""
        lines = ["- hosts: all", "  gather_facts: false", "  tasks:"]
        for number in range(1, tasks + 1):
            lines += [
                f"    - name: Task {number}",
                "      ansible.builtin.debug:",
                f'        msg: "task {number} on {{{{ inventory_hostname }}}}"',
            ]
        return cls(f"{hosts} × {tasks}", hosts, "\n".join([*lines, ""]))

    def store(self, session: Session) -> JobTemplate:
        """Make the template, and all that it needs, as rows."""
        inventory = Inventory(name=self.name, accept_new_host_keys=self.accept_new_host_keys)
        session.add_all(
            Host(name=f"host{number:04}", inventory=inventory, variables=self.variables)
            for number in range(self.hosts)
        )
        playbook = Playbook(name=self.name)
        revision = PlaybookRevision(
            playbook=playbook,
            number=1,
            content=self.playbook,
            sha256=hashlib.sha256(self.playbook.encode()).hexdigest(),
            author_name="bench",
        )
        template = JobTemplate(
            name=self.name, playbook=playbook, inventory=inventory, forks=self.forks
        )
        session.add_all([revision, template])
        session.flush()
        return template
