"""A Unix user for the SSH hosts to let in, gone with the test run.

A run that was killed cannot clean up; the next one does it in its place.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.services.server import end, find_program

COOKIE = "AOPS_TEST_HOST"
"""The variable that names the host to all that its sessions start, through sudo too."""

_PREFIX = "aops-test-"
_FOLDER_PREFIX = "aops-ssh-user-"


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


@contextmanager
def unix_user() -> Iterator[SshUser]:
    """Make a user with a home, a key and a line for sudo, and remove them all."""
    _require_root()
    _sweep()
    name = f"{_PREFIX}{os.getpid()}-{secrets.token_hex(2)}"
    base = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX))
    try:
        yield _make(name, base)
    finally:
        _remove(name, base)


def make_key(path: Path, *, passphrase: str = "") -> None:
    """Make an Ed25519 key pair at that path, in place of one that is there."""
    path.unlink(missing_ok=True)
    _run(
        *("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(path)),
        package="openssh-client",
    )


def _require_root() -> None:
    find_program("sudo", "sudo")
    if os.geteuid() != 0:
        raise PermissionError("Only root can make the user that the SSH hosts let in; run as root.")


def _sweep() -> None:
    for user in pwd.getpwall():
        name, _, rest = user.pw_name.partition(_PREFIX)
        maker = rest.partition("-")[0]
        if not name and maker.isdigit() and not psutil.pid_exists(int(maker)):
            _remove(user.pw_name, Path(user.pw_dir).parent)


def _make(name: str, base: Path) -> SshUser:
    user = SshUser(
        name=name,
        password=secrets.token_urlsafe(12),
        home=base / "home",
        private_key_path=base / "id_ed25519",
    )
    base.chmod(0o711)
    _run("useradd", "--create-home", "--home-dir", str(user.home), "--shell", "/bin/bash", name)
    _run("chpasswd", given=f"{name}:{user.password}")
    make_key(user.private_key_path)
    _authorize(user)
    return user


def _authorize(user: SshUser) -> None:
    keys = user.home / ".ssh"
    keys.mkdir()
    shutil.copy(user.private_key_path.with_suffix(".pub"), keys / "authorized_keys")
    for path in (keys, keys / "authorized_keys"):
        shutil.chown(path, user.name, user.name)
    sudoers = _sudoers(user.name)
    sudoers.write_text(f"Defaults:{user.name} env_keep += {COOKIE}\n{user.name} ALL=(ALL) ALL\n")
    sudoers.chmod(0o440)


def _remove(name: str, base: Path) -> None:
    _sudoers(name).unlink(missing_ok=True)
    end(p.pid for p in psutil.process_iter(["username"]) if p.info["username"] == name)
    if base.name.startswith(_FOLDER_PREFIX):
        shutil.rmtree(base, ignore_errors=True)
    _run("userdel", name, check=False)


def _sudoers(name: str) -> Path:
    return Path("/etc/sudoers.d") / name


def _run(
    program: str,
    *arguments: str,
    given: str | None = None,
    check: bool = True,
    package: str = "passwd",
) -> None:
    command = [find_program(program, package), *arguments]
    subprocess.run(command, input=given, text=True, check=check, capture_output=True)
