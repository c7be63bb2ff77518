"""The bubblewrap command line: what a run may see, and nothing else.

A run is code of its author on the control node, so the walls are the boundary: its own
user, PID, IPC and mount namespaces, no capability, a root that is read-only and empty
but for the operating system, the interpreter, the run's directory and small tmpfs.
The network is shared, because SSH needs it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from aops.execution import namespaces
from aops.execution.layout import CHILD, INVENTORY_CHILD, PYTHON, Layout
from aops.execution.workspace import Workspace

_HOME = Path("/run/aops")
READING = _HOME / "reading"
"""Where the program that reads inventories lies, inside."""

_LAYOUT = Layout(
    project=_HOME / "job" / "project",
    private=_HOME / "private",
    scratch=Path("/tmp"),  # noqa: S108
    events=_HOME / "job" / "events",
    child=_HOME / "child.py",
)

_SCRATCH_SIZE = 1 << 30
_PRIVATE_SIZE = 64 << 20
_SHARED_MEMORY_SIZE = 64 << 20

_NAMESPACES = (
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--hostname",
    "aops-run",
)
_OPERATING_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = (
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "gai.conf",
    "host.conf",
    "hosts",
    "krb5.conf",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "lsb-release",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "pki",
    "protocols",
    "redhat-release",
    "resolv.conf",
    "services",
    "ssh/ssh_config.d",
    "ssl",
    "timezone",
)
_PROC_HIDDEN = ("acpi", "fs", "scsi")
_PROC_READ_ONLY = ("pressure", "sys", "sysrq-trigger")
"""The kernel lets root write here even without a capability. Bubblewrap covers them only if
the directory itself looks writable, which /proc/sys never does; so this is what keeps a
service that runs as root from handing out /proc/sys/kernel/core_pattern."""


@dataclass(frozen=True)
class SandboxStatus:
    """Whether runs can be walled in on this machine.

    Attributes:
        detail: A sentence saying what to do where it does not work, else "".
    """

    works: bool
    detail: str = ""


class Sandbox:
    """Walls around one run."""

    isolated = True
    layout = _LAYOUT
    processes = 1024
    """Five for each of the 200 forks that a job may have; a fork bomb meets it in a blink."""

    def __init__(self, space: Workspace) -> None:
        _write_accounts(space.path)
        self._space = space

    def command(self, control: int) -> list[str]:
        """Return how to start the child, which gets its orders over that descriptor."""
        inside = [str(PYTHON), "-IB", str(_LAYOUT.child), str(control)]
        return [*_walls(), *_own_things(self._space.path), *_last_touch(), "--", *inside]


def reading_command(arguments: list[str], *, network: bool, files: Mapping[str, int]) -> list[str]:
    """Return how to start the program that reads inventories, with nothing of a run around it.

    Args:
        arguments: For the interpreter, which finds the program in ``READING``.
        network: Whether it sees the machine's network; else it has none.
        files: Descriptors that hold the contents of ``accounts``.
    """
    data = (("--ro-bind-data", str(files[path]), path) for path in files)
    return [
        *_walls(),
        *([] if network else ["--unshare-net"]),
        *("--ro-bind", str(INVENTORY_CHILD), str(READING / INVENTORY_CHILD.name)),
        *chain.from_iterable(data),
        *_last_touch(),
        "--",
        str(PYTHON),
        *arguments,
    ]


def probe() -> SandboxStatus:
    """Start bubblewrap with a run's own flags on a program that does nothing."""
    if shutil.which("bwrap") is None:
        return SandboxStatus(works=False, detail="Install the package bubblewrap.")
    done = subprocess.run(  # noqa: S603
        [*_walls(), *_last_touch(), "--", str(PYTHON), "-IB", "-c", "pass"],
        env={},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=30,
        check=False,
    )
    if done.returncode == 0:
        return SandboxStatus(works=True)
    said = done.stderr.strip().rpartition("\n")[2][:300]
    return SandboxStatus(
        works=False,
        detail=f"{namespaces.advice()} Bubblewrap says: {said}",
    )


def _walls() -> list[str]:
    return [
        shutil.which("bwrap") or "bwrap",
        *_NAMESPACES,
        *("--proc", "/proc", "--dev", "/dev"),
        *_tmpfs("/dev/shm", _SHARED_MEMORY_SIZE, "1777"),  # noqa: S108
        *_tmpfs(str(_LAYOUT.scratch), _SCRATCH_SIZE, "1777"),
        *_tmpfs(str(_LAYOUT.private), _PRIVATE_SIZE, "0700"),
        *("--symlink", "/tmp", "/var/tmp"),  # noqa: S108
        *_operating_system(),
        *_interpreter(),
    ]


def _last_touch() -> list[str]:
    return ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]


def _own_things(path: Path) -> list[str]:
    ssh_config = str(_LAYOUT.ssh_config)
    return [
        *("--ro-bind", str(path), str(_HOME / "job")),
        *("--ro-bind", str(CHILD), str(_LAYOUT.child)),
        *("--ro-bind", str(path / "passwd"), "/etc/passwd"),
        *("--ro-bind", str(path / "group"), "/etc/group"),
        *("--symlink", ssh_config, "/etc/ssh/ssh_config"),
    ]


def _tmpfs(path: str, size: int, mode: str) -> Iterator[str]:
    yield from ("--perms", mode, "--size", str(size), "--tmpfs", path)


def _operating_system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _OPERATING_SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in _ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    for name in _PROC_READ_ONLY:
        yield from ("--ro-bind-try", f"/proc/{name}", f"/proc/{name}")
    for name in _PROC_HIDDEN:
        if Path("/proc", name).is_dir():
            yield from (*_tmpfs(f"/proc/{name}", 4096, "0555"), "--remount-ro", f"/proc/{name}")


def _interpreter() -> Iterator[str]:
    """Bind the virtual environment and what it was made from, wherever they are."""
    wanted = {Path(sys.prefix), Path(sys.base_prefix), *_links(PYTHON)}
    bound: list[Path] = [Path("/usr")]
    for path in sorted(wanted, key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(above) for above in bound):
            bound.append(path)
            yield from ("--ro-bind", str(path), str(path))


def _links(program: Path) -> Iterator[Path]:
    """Yield every step of a chain of symbolic links."""
    while program.is_symlink():
        program = Path(os.path.normpath(program.parent / program.readlink()))
        yield program


def _write_accounts(path: Path) -> None:
    for name, text in accounts().items():
        (path / Path(name).name).write_text(text)


def accounts() -> dict[str, str]:
    """Give the files that give a run's user a name and a home; nobody else's account shows."""
    user, group = os.getuid(), os.getgid()
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        name = "aops"
    home = _LAYOUT.home
    nobody = "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
    return {
        "/etc/passwd": f"{name}:x:{user}:{group}::{home}:/bin/sh\n{nobody}",
        "/etc/group": f"{name}:x:{group}:\nnogroup:x:65534:\n",
    }
