"""Short words for the fault tests: a template in a line, and what a job said so far."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from aops.credentials.models import Credential, CredentialType
from aops.inventory.models import Inventory
from aops.jobs.models import Job, JobOutput
from tests import factories
from tests.e2e.console import Console
from tests.e2e.stack import Stack
from tests.services.processes import wait_until
from tests.services.sshd import SshHosts

LOCAL = "ansible_connection: local\nansible_python_interpreter: auto_silent\n"
ONE_BY_ONE = """\
- name: Count
  ansible.builtin.debug:
    msg: "number {{ item }}."
  loop: "{{ range(1, %d) | list }}"
  loop_control:
    pause: %s
"""


@dataclass
class Scene:
    """A running set, and one operator who launches things on it.

    Attributes:
        ssh: Hosts to run on; without them runs stay in their sandbox.
    """

    stack: Stack
    ssh: SshHosts | None = None

    @cached_property
    def console(self) -> Console:
        """Give the operator's browser."""
        return self.stack.console("oscar")

    def template(self, tasks: str, *, facts: bool = False, **values: object) -> int:
        """Make a template of these tasks on one local host, or on the SSH hosts."""
        play = f"- hosts: all\n  gather_facts: {str(facts).lower()}\n  tasks:\n"
        content = play + textwrap.indent(textwrap.dedent(tasks), "    ")
        with self.stack.database():
            inventory = self._inventory()
            template = factories.make_template(
                playbook=factories.make_playbook(content, name=factories_name("playbook")),
                inventory=inventory,
                name=factories_name("template"),
                credentials=self._credentials(),
                **values,
            )
            return template.id

    def start(self, tasks: str, until: str = "", **values: object) -> int:
        """Launch these tasks, and come back once their output has some text."""
        job_id = self.console.launch(self.template(tasks, **values))
        if until:
            self.wait_for(job_id, until)
        return job_id

    def wait_for(self, job_id: int, text: str, timeout: float = 60) -> None:
        """Wait until the stored output has a text."""

        def there() -> bool:
            job = self.stack.job(job_id)
            return text in self.output(job_id) or (job.finished and self._give_up(job))

        wait_until(there, timeout, f"{text!r} in job {job_id}")

    def wait_for_end(self, job_id: int, timeout: float = 90) -> Job:
        """Wait until the job has its final status, and give it."""
        return wait_until(
            lambda: job if (job := self.stack.job(job_id)).finished else None,
            timeout,
            f"the end of job {job_id}",
        )

    def output(self, job_id: int) -> str:
        """Give what is stored of a job's output."""
        with self.stack._reading() as session:
            rows = session.query(JobOutput.text).filter_by(job_id=job_id)
            return "".join(text for (text,) in rows.order_by(JobOutput.seq))

    def touched(self, name: str) -> list[str]:
        """Read what a playbook appended to a file on each host."""
        assert self.ssh is not None
        files = [host.directory / name for host in self.ssh.hosts]
        return [file.read_text() if file.exists() else "" for file in files]

    def left_on_hosts(self) -> list[str]:
        """Name what sessions on the hosts have left running, but sshd and SSH's own masters."""
        assert self.ssh is not None
        running = [process for host in self.ssh.hosts for process in host.processes()]
        return [process.command for process in running]

    @contextmanager
    def without_worker(self) -> Iterator[None]:
        """Have no worker while the block lasts."""
        self.stack.worker.stop()
        try:
            yield
        finally:
            self.stack.worker.start()

    def _inventory(self) -> Inventory:
        inventory = factories.make_inventory(
            name=factories_name("inventory"), accept_new_host_keys=True
        )
        if self.ssh is None:
            factories.make_host("here", inventory=inventory, variables=LOCAL)
        for number, host in enumerate(self.ssh.hosts if self.ssh else ()):
            variables = f"ansible_host: {host.address}\nansible_port: {host.port}\n"
            variables += f"folder: {host.directory}\n"
            factories.make_host(f"host{number}", inventory=inventory, variables=variables)
        return inventory

    def _credentials(self) -> list[Credential]:
        if self.ssh is None:
            return []
        user = self.ssh.user
        machine = factories.make_credential(
            name=factories_name("machine"),
            username=user.name,
            password=None,
            private_key=user.private_key,
            become_password=user.password,
        )
        vault = factories.make_credential(
            name=factories_name("vault"),
            type=CredentialType.VAULT,
            username="",
            password=None,
            vault_id="default",
            vault_password=VAULT_CANARY,
        )
        return [machine, vault]

    def _give_up(self, job: Job) -> bool:
        text = f"job {job.id} is {job.status} ({job.reason}):\n{self.output(job.id)}"
        raise AssertionError(text + self.stack.log())


VAULT_CANARY = "canary-vault-2ae95b"


def factories_name(kind: str) -> str:
    """Give a name that no other row of its kind has."""
    return f"{kind} {next(factories._numbers)}"
