"""The run's private directory: made before it, gone after it.

Only the project and a socket lie here, readable by us alone. Settings, inventory and
secrets never touch it in the sandbox; without one they lie on a tmpfs that a link in
here points to, so that a sweep finds them after a crash.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aops.execution.spec import RunSpec

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
_PREFIX = "aops-"


@dataclass(frozen=True)
class Workspace:
    """One run's directory on this machine.

    Attributes:
        path: The directory; 0700.
        listening: Where the callback plugin will connect to tell its events.
    """

    path: Path
    listening: socket.socket

    @property
    def project(self) -> Path:
        """The playbooks as the caller gave them."""
        return self.path / "project"

    @property
    def events(self) -> Path:
        """The socket's file."""
        return self.path / "events"

    def make_private(self) -> Path:
        """Make a directory for secrets on shared memory where that is a tmpfs, else here."""
        if _is_tmpfs(_SHARED_MEMORY):
            private = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_SHARED_MEMORY))
            (self.path / "private").symlink_to(private)
        else:
            private = self.path / "private"
            private.mkdir(mode=0o700)
        return private


@contextlib.contextmanager
def opened(runs_dir: Path, spec: RunSpec) -> Iterator[Workspace]:
    """Make the run's directory, and remove it with all that belongs to it afterwards.

    Raises:
        FileExistsError: If a run of that id has a directory already.
        ValueError: If the id or a path in the project leads elsewhere.
    """
    path = runs_dir / _checked(spec.run_id, parts=1)
    runs_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.mkdir(mode=0o700)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            space = Workspace(path, listening)
            _write_project(space.project, spec)
            _listen(space)
            yield space
    finally:
        remove(path)


def remove(path: Path) -> None:
    """Remove a run's directory and the secrets that its link points to."""
    link = path / "private"
    if link.is_symlink():
        target = link.readlink()
        if target.parent == _SHARED_MEMORY and target.name.startswith(_PREFIX):
            shutil.rmtree(target, ignore_errors=True)
    shutil.rmtree(path, onerror=_make_writable_and_retry)


def sweep(runs_dir: Path, is_alive: Callable[[str], bool]) -> list[str]:
    """Remove what runs left behind whose process was killed.

    Args:
        runs_dir: Holds nothing but runs' directories.
        is_alive: Tells for a run's id whether it may still be running.

    Returns:
        The ids of the runs whose directories were removed.
    """
    if not runs_dir.is_dir():
        return []
    dead = [entry for entry in sorted(runs_dir.iterdir()) if not is_alive(entry.name)]
    for entry in dead:
        remove(entry)
    return [entry.name for entry in dead]


def _checked(name: str, parts: int | None = None) -> PurePosixPath:
    path = PurePosixPath(name)
    inside = path.parts and not path.is_absolute() and ".." not in path.parts and "\0" not in name
    if not inside or (parts is not None and len(path.parts) != parts):
        msg = f"not a path inside the run's directory: {name!r}"
        raise ValueError(msg)
    return path


def _write_project(project: Path, spec: RunSpec) -> None:
    project.mkdir(mode=0o700)
    for name, content in spec.project.items():
        target = project / _checked(name)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8", newline="")
        target.chmod(0o600)
    if not (project / _checked(spec.playbook)).is_file():
        msg = f"the project has no such playbook: {spec.playbook!r}"
        raise ValueError(msg)


def _listen(space: Workspace) -> None:
    """Bind through a descriptor, because a socket's path may be 107 bytes at most."""
    directory = os.open(space.path, os.O_RDONLY)
    try:
        space.listening.bind(f"/proc/self/fd/{directory}/{space.events.name}")
    finally:
        os.close(directory)
    space.events.chmod(0o600)
    space.listening.listen(1)
    space.listening.settimeout(0)


def _is_tmpfs(path: Path) -> bool:
    with contextlib.suppress(OSError), Path("/proc/self/mounts").open() as mounts:
        return any(line.split()[1:3] == [str(path), "tmpfs"] for line in mounts)
    return False


def _make_writable_and_retry(function: Callable[..., object], path: str, _error: object) -> None:
    """Remove also what a run made unwritable for us, and leave the rest to the next sweep."""
    with contextlib.suppress(OSError):
        Path(path).parent.chmod(0o700)
        Path(path).chmod(0o700)
        function(path)
