"""Hosts to run playbooks against: SSH servers on loopback addresses of their own.

All of them share this machine's files and users. What a playbook leaves behind is
therefore told apart by a folder per host, and who runs there by an environment
variable that every session carries, through sudo too.
"""

import base64
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from tests.services.processes import RunningProcess, with_cookie
from tests.services.server import Server, accepts, find_program, free_port

COOKIE = "AOPS_TEST_HOST"
_ADDRESSES = ("127.0.0.10", "127.0.0.11", "127.0.0.12")

_CONFIGURATION = """\
ListenAddress {address}:{port}
HostKey {directory}/host_key
AuthorizedKeysFile {authorized_keys}
PidFile none
AllowUsers {user}
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication yes
KbdInteractiveAuthentication no
MaxStartups 200
MaxSessions 100
Subsystem sftp internal-sftp
SetEnv {cookie}={address}:{port}
"""


@dataclass(frozen=True)
class SshUser:
    """A Unix user who may sign in by key and by password, and use sudo by password.

    Attributes:
        name: Its name on this machine.
        password: Its password, for sudo too.
        home: Its home, which goes when the user goes.
        private_key_path: An Ed25519 key without a passphrase.
    """

    name: str
    password: str
    home: Path
    private_key_path: Path

    @property
    def private_key(self) -> str:
        """The text of the private key, as one would paste it into a form."""
        return self.private_key_path.read_text()


@dataclass(frozen=True)
class SshHost:
    """All that one must know to sign in to a host.

    Attributes:
        address: An address of its own on loopback.
        port: The port on that address.
        host_key_public: The host's public key: type and base64, without a comment.
        user: The name to sign in with.
        password: That user's password, for sudo too.
        private_key_path: That user's key.
        directory: A folder for what playbooks leave on this host and on no other.
    """

    address: str
    port: int
    host_key_public: str
    user: str
    password: str
    private_key_path: Path
    directory: Path

    @property
    def known_hosts_line(self) -> str:
        """The line of known_hosts that makes this host's key known."""
        return f"[{self.address}]:{self.port} {self.host_key_public}"

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the host's key, as ssh shows it."""
        digest = hashlib.sha256(base64.b64decode(self.host_key_public.split()[1])).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    def processes(self) -> list[RunningProcess]:
        """Return what sessions on this host have started and is still running."""
        return with_cookie(COOKIE, f"{self.address}:{self.port}")


class SshServer(Server):
    """One SSH server; ``kill9`` and ``stop_cont`` reach its open sessions too.

    Attributes:
        host: How to sign in.
    """

    program = "sshd"
    package = "openssh-server"

    def __init__(self, address: str, user: SshUser) -> None:
        super().__init__()
        self.address = address
        self.port = free_port(address)
        self.user = user
        self.directory.chmod(0o711)
        self._files = self.directory / "files"
        self._files.mkdir()
        shutil.chown(self._files, user.name)
        make_key(self.directory / "host_key")

    @property
    def host(self) -> SshHost:
        """How to sign in, with the host key of now."""
        return SshHost(
            address=self.address,
            port=self.port,
            host_key_public=_public(self.directory / "host_key"),
            user=self.user.name,
            password=self.user.password,
            private_key_path=self.user.private_key_path,
            directory=self._files,
        )

    def start(self) -> None:
        """Start the server with the folder that sshd insists on."""
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        (self.directory / "sshd_config").write_text(
            _CONFIGURATION.format(
                address=self.address,
                port=self.port,
                directory=self.directory,
                authorized_keys=self.user.home / ".ssh" / "authorized_keys",
                user=self.user.name,
                cookie=COOKIE,
            )
        )
        super().start()

    def command(self) -> Sequence[str]:
        """Return sshd's command line; it stays in the foreground and logs to standard error."""
        return [self.executable, "-D", "-e", "-f", str(self.directory / "sshd_config")]

    def answers(self) -> bool:
        """Tell whether the server accepts connections."""
        return accepts(self.port, self.address)

    def change_host_key(self) -> None:
        """Come back with another host key, as a host that was reinstalled."""
        make_key(self.directory / "host_key")
        self.restart()


class SshHosts:
    """Several SSH servers with one user, made and removed together.

    Attributes:
        user: Who may sign in.
        servers: One for each host, to be broken and restarted one by one.
    """

    def __init__(self, addresses: Sequence[str] = _ADDRESSES) -> None:
        self._addresses = addresses
        self._stack = ExitStack()
        self.user: SshUser
        self.servers: list[SshServer] = []

    @property
    def hosts(self) -> list[SshHost]:
        """How to sign in to each host."""
        return [server.host for server in self.servers]

    @property
    def known_hosts(self) -> str:
        """The text of a known_hosts file that knows all of them."""
        return "".join(f"{host.known_hosts_line}\n" for host in self.hosts)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.user = stack.enter_context(_UnixUser())
            self.servers = [
                stack.enter_context(SshServer(address, self.user)) for address in self._addresses
            ]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def make_key(path: Path, *, passphrase: str = "") -> None:
    """Make an Ed25519 key pair at that path, in place of one that is there."""
    path.unlink(missing_ok=True)
    keygen = find_program("ssh-keygen", "openssh-client")
    _run(keygen, "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(path))


class _UnixUser:
    """Makes the user, its home, its key and its line for sudo, and removes them all."""

    def __enter__(self) -> SshUser:
        self._useradd = find_program("useradd", "passwd")
        self._sudo = find_program("sudo", "sudo")
        if os.geteuid() != 0:
            raise PermissionError(
                "Only root can make the Unix user that the SSH hosts let in; run as root."
            )
        self._base = Path(tempfile.mkdtemp(prefix="aops-ssh-user-"))
        self._name = f"aops-test-{os.getpid()}-{secrets.token_hex(2)}"
        self._sudoers = Path("/etc/sudoers.d") / self._name
        try:
            return self._make()
        except BaseException:
            self._remove()
            raise

    def __exit__(self, *_: object) -> None:
        self._remove()

    def _make(self) -> SshUser:
        self._base.chmod(0o711)
        home, key = self._base / "home", self._base / "id_ed25519"
        password = secrets.token_urlsafe(12)
        _run(self._useradd, "--create-home", "--home-dir", str(home), "-s", "/bin/bash", self._name)
        _run(find_program("chpasswd", "passwd"), given=f"{self._name}:{password}")
        make_key(key)
        (home / ".ssh").mkdir()
        shutil.copy(key.with_suffix(".pub"), home / ".ssh" / "authorized_keys")
        _run("chown", "-R", f"{self._name}:", str(home))
        self._sudoers.write_text(
            f"Defaults:{self._name} env_keep += {COOKIE}\n{self._name} ALL=(ALL) ALL\n"
        )
        self._sudoers.chmod(0o440)
        return SshUser(name=self._name, password=password, home=home, private_key_path=key)

    def _remove(self) -> None:
        self._sudoers.unlink(missing_ok=True)
        left = [process for process in psutil.process_iter(["username"]) if self._owns(process)]
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=10)
        shutil.rmtree(self._base, ignore_errors=True)
        _run(find_program("userdel", "passwd"), self._name, check=False)

    def _owns(self, process: psutil.Process) -> bool:
        return bool(process.info["username"] == self._name)


def _public(path: Path) -> str:
    return " ".join(path.with_name(f"{path.name}.pub").read_text().split()[:2])


def _run(*command: str, given: str | None = None, check: bool = True) -> None:
    subprocess.run(command, input=given, text=True, check=check, capture_output=True)
