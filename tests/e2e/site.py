"""What the tests of the main job run: a playbook of twenty real tasks on three SSH hosts.

The same input goes through the console's forms and to ``ansible-playbook`` in a shell.
Every host keeps what was done to it in a folder of its own, one below it for each run.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.e2e.stack import BIN
from tests.services.sshd import SshHost, SshHosts

VAULT_ID = "site"
VAULT_PASSWORD = "canary-vault-9f2c41d7"
PASSPHRASE = "canary-passphrase-77ab03"
GREETING = "Grüße, 世界, ✓ \U0001f680"
TEMPLATED_SECRET = "canary-vaulted-5d0e1c"
PLAY_SECRET = "canary-in-play-81c7"

COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")
_RECAP = re.compile(r"^(\S+)\s+: " + r"\s+".join(rf"{name}=(\d+)" for name in COUNTS), re.MULTILINE)

PLAYBOOK = """\
- name: Set the hosts up
  hosts: web
  vars:
    from_play: {play_secret}
  handlers:
    - name: Say that the settings changed
      ansible.builtin.copy:
        content: "{{{{ greeting }}}}"
        dest: "{{{{ place }}}}/handler"
        mode: "0600"
  tasks:
    - name: Make the folder
      ansible.builtin.file:
        path: "{{{{ place }}}}"
        state: directory
        mode: "0755"
      tags: [small]
    - name: Note that this host was touched
      ansible.builtin.shell: echo touched >> "{{{{ place }}}}/ledger"
      tags: [small]
    - name: Copy text that is not ASCII
      ansible.builtin.copy:
        content: "{{{{ greeting }}}}\\n"
        dest: "{{{{ place }}}}/greeting"
        mode: "0644"
      tags: [small]
    - name: Write the settings
      ansible.builtin.copy:
        content: |
          role={{{{ role_of_host }}}}
          system={{{{ ansible_facts.system }}}}
          secret={{{{ from_inventory }}}}
          play={{{{ from_play }}}}
        dest: "{{{{ place }}}}/settings"
        mode: "0600"
      no_log: true
      notify: Say that the settings changed
    - name: Add a line
      ansible.builtin.lineinfile:
        path: "{{{{ place }}}}/settings"
        line: added=yes
    - name: Make three files
      ansible.builtin.copy:
        content: "{{{{ item }}}}"
        dest: "{{{{ place }}}}/item-{{{{ item }}}}"
        mode: "0644"
      loop: [one, two, three]
    - name: Look at a file
      ansible.builtin.stat:
        path: "{{{{ place }}}}/greeting"
      register: greeting_file
    - name: Require it
      ansible.builtin.assert:
        that: greeting_file.stat.exists
    - name: Remember something
      ansible.builtin.set_fact:
        size: "{{{{ greeting_file.stat.size }}}}"
    - name: Run a command
      ansible.builtin.command: id -un
      register: me
      changed_when: false
    - name: Only on the first host
      ansible.builtin.command: touch "{{{{ place }}}}/first"
      args:
        creates: "{{{{ place }}}}/first"
      when: role_of_host == "first"
    - name: Fail, and go on
      ansible.builtin.command: /bin/false
      ignore_errors: true
    - name: Fail by its output alone
      ansible.builtin.command: echo bad
      register: said
      changed_when: false
      failed_when: "'worse' in said.stdout"
    - name: Try something that cannot work
      block:
        - name: Read a file that is not there
          ansible.builtin.command: cat "{{{{ place }}}}/none"
      rescue:
        - name: Mend it
          ansible.builtin.copy:
            content: "{{{{ me.stdout }}}} {{{{ size }}}}"
            dest: "{{{{ place }}}}/rescued"
            mode: "0644"
      always:
        - name: Note the end of the block
          ansible.builtin.debug:
            msg: "{{{{ greeting }}}}"
    - name: Tell the control node
      ansible.builtin.debug:
        msg: "{{{{ inventory_hostname }}}} was set up"
      delegate_to: localhost
- name: Two at a time
  hosts: web
  serial: 2
  gather_facts: false
  tasks:
    - name: Note who is in the same batch
      ansible.builtin.copy:
        content: "{{{{ ansible_play_batch | join(' ') }}}}"
        dest: "{{{{ place }}}}/batch"
        mode: "0644"
- name: Become root on all of them
  hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Write a file of root's
      ansible.builtin.copy:
        content: "{{{{ from_inventory | length }}}}"
        dest: "{{{{ place }}}}/of-root"
        mode: "0644"
      tags: [small]
    - name: Do it in a shell
      ansible.builtin.shell: id -u > "{{{{ place }}}}/uid"
"""


@dataclass(frozen=True)
class Site:
    """Three hosts, and what a person would type to reach them.

    Attributes:
        key: Their user's private key, encrypted with PASSPHRASE.
        vaulted: YAML of a value that only the vault password opens; ``in_play`` another.
    """

    ssh: SshHosts
    key: str
    vaulted: str
    in_play: str

    @property
    def hosts(self) -> dict[str, SshHost]:
        """The hosts under the names that Ansible knows them by."""
        return dict(zip(("alpha", "beta", "gamma"), self.ssh.hosts, strict=True))

    @property
    def playbook(self) -> str:
        """The text of the playbook."""
        return PLAYBOOK.format(play_secret=self.in_play.replace("\n", "\n" + " " * 6))

    def variables_of(self, name: str) -> dict[str, object]:
        """Give a host's variables."""
        host = self.hosts[name]
        return {
            "ansible_host": host.address,
            "ansible_port": host.port,
            "folder": str(host.directory),
            "role_of_host": "first" if name == "alpha" else "other",
        }

    @property
    def group_variables(self) -> str:
        """Give the variables of all hosts, as one types them."""
        plain = {"greeting": GREETING, "place": "{{ folder }}/{{ run }}"}
        return f"{yaml.safe_dump(plain, allow_unicode=True)}from_inventory: {self.vaulted}\n"

    def in_shell(self, folder: Path, run: str) -> str:
        """Run the playbook as one does without a console, and give what it printed."""
        hosts = {name: self.variables_of(name) for name in self.hosts}
        inventory = f"all:\n  hosts: {yaml.safe_dump(hosts, default_flow_style=True)}"
        inventory += "  children: {web: {hosts: {alpha: {}, beta: {}, gamma: {}}}}\n  vars:\n"
        inventory += "".join(f"    {line}\n" for line in self.group_variables.splitlines())
        files = {
            "hosts.yml": inventory,
            "site.yml": self.playbook,
            "vault": VAULT_PASSWORD,
            "become": self.ssh.user.password,
            "known_hosts": self.ssh.known_hosts,
            "key": self.ssh.user.private_key,
        }
        for name, text in files.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        done = subprocess.run(
            [
                *(BIN / "ansible-playbook", "-i", "hosts.yml", "site.yml", "-e", f"run={run}"),
                *(f"--user={self.ssh.user.name}", "--private-key=key"),
                *(f"--vault-id={VAULT_ID}@vault", "--become-password-file=become"),
            ],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_SSH_COMMON_ARGS": f"-o UserKnownHostsFile={folder}/known_hosts",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def left_behind(self, run: str) -> dict[str, dict[str, str]]:
        """Read what a run left on each host: file name to content."""
        return {
            name: {file.name: file.read_text() for file in sorted((host.directory / run).iterdir())}
            for name, host in self.hosts.items()
        }


def make_site(ssh: SshHosts, folder: Path) -> Site:
    """Encrypt what must be, in that folder."""
    key = folder / "id_encrypted"
    shutil.copy(ssh.user.private_key_path, key)
    key.chmod(0o600)
    subprocess.run(
        ["ssh-keygen", "-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", key],
        check=True,
        capture_output=True,
    )
    return Site(ssh, key.read_text(), vault(TEMPLATED_SECRET, folder), vault(PLAY_SECRET, folder))


def vault(text: str, folder: Path) -> str:
    """Encrypt a value as one pastes it into YAML."""
    (folder / "vault").write_text(VAULT_PASSWORD)
    done = subprocess.run(
        [BIN / "ansible-vault", "encrypt_string", f"--vault-id={VAULT_ID}@{folder}/vault", text],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"},
    )
    first, *rest = done.stdout.rstrip().splitlines()
    return "\n".join([first, *(f"  {line.strip()}" for line in rest)])


def recap(output: str) -> dict[str, dict[str, int]]:
    """Read the recap that ansible-playbook prints, colours or not."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    return {
        host: dict(zip(COUNTS, map(int, counts), strict=True))
        for host, *counts in _RECAP.findall(plain)
    }
