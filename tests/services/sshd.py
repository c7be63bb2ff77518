"""Hosts to run playbooks against: SSH servers on loopback addresses of their own.

All of them share this machine's files and users. What a playbook leaves behind is
therefore told apart by a folder per host, and who runs there by an environment
variable that every session carries, through sudo too.
"""

import base64
import hashlib
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.services.processes import RunningProcess, with_cookie
from tests.services.server import Server, accepts, end, free_port
from tests.services.unix_user import COOKIE, SshUser, make_key, unix_user

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

    def close(self) -> None:
        """End the server and whatever its sessions have left running, root's too."""
        self.stop()
        end(process.pid for process in self.host.processes())
        super().close()

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
            self.user = stack.enter_context(unix_user())
            self.servers = [
                stack.enter_context(SshServer(address, self.user)) for address in self._addresses
            ]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _public(path: Path) -> str:
    return " ".join(path.with_name(f"{path.name}.pub").read_text().split()[:2])
