"""What the operating system gives aops: an account, room on disk and in memory, and SSH."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

from aops.cli.finding import Caution, Problem
from aops.config import Settings

_FREE_BYTES = 512 * 1024**2
_FREE_SHARE = 0.05
_GETTING_FULL = 2
"""A warning comes at twice of what is too little."""

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
_SHARED_BYTES = 64 * 1024**2


def account(settings: Settings) -> str:
    """Compare who asks with whom AOPS_HOME belongs to."""
    mine, owner = os.geteuid(), settings.home.stat().st_uid
    if mine != owner:
        raise Problem(
            f"{settings.home} belongs to {_name(owner)}, and you are {_name(mine)}: what you write "
            f"there, the services cannot. Run: runuser -u {_name(owner)} -- flask doctor"
        )
    if mine == 0:
        raise Caution("aops runs as root. Give it an account of its own, which needs no rights.")
    return _name(mine)


def disk(settings: Settings) -> str:
    """Ask for room for output and for runs, in bytes and in files."""
    usage = shutil.disk_usage(settings.home)
    files = os.statvfs(settings.home)
    free = f"{usage.free / 1024**3:.1f} GiB ({usage.free / usage.total:.0%}) free"
    where = f"{free} in {settings.home}"
    if files.f_files and files.f_favail < files.f_files * _FREE_SHARE:
        raise Problem(f"{where}, but hardly any inode. Remove small files there.")
    if _less(usage.free, usage.total, 1):
        raise Problem(f"{where}. Free some: below 512 MiB or 5 % runs may be ended.")
    if _less(usage.free, usage.total, _GETTING_FULL):
        raise Caution(f"{where}. It is getting full: below 512 MiB or 5 % runs may be ended.")
    return free


def shared_memory(_settings: Settings) -> str:
    """Ask for what Celery's and Ansible's processes share, and for secrets of unisolated runs."""
    if not os.access(_SHARED_MEMORY, os.W_OK | os.X_OK):
        raise Problem(
            f"{_SHARED_MEMORY} is missing or cannot be written: workers need it. "
            f"Run: mount -t tmpfs -o mode=1777 tmpfs {_SHARED_MEMORY}"
        )
    free = shutil.disk_usage(_SHARED_MEMORY).free
    if free < _SHARED_BYTES:
        raise Caution(
            f"Only {free >> 20} MiB free in {_SHARED_MEMORY}. Remove old files there, or run: "
            f"mount -o remount,size=256M {_SHARED_MEMORY} (a container: --shm-size 256m)"
        )
    return f"{free >> 20} MiB free"


def ssh(_settings: Settings) -> str:
    """Look for the two programs that reach hosts and fetch their keys."""
    missing = [name for name in ("ssh", "ssh-keyscan") if shutil.which(name) is None]
    if missing:
        raise Caution(
            f"{' and '.join(missing)} not found: no host but this machine can be reached. "
            "Install the package openssh-client."
        )
    return str(shutil.which("ssh"))


def _less(free: int, total: int, factor: int) -> bool:
    return free < factor * _FREE_BYTES or free < factor * _FREE_SHARE * total


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
