"""Why the kernel refuses a sandbox, as far as it says so itself, and what to do.

Bubblewrap only tells that it got no namespace; which of several switches forbids it, the
kernel shows elsewhere.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

_SWITCHES = (
    ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
    ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
)
_CONTAINERS = (".dockerenv", "run/.containerenv")


def advice(root: Path = Path("/")) -> str:
    """Say what stands in the way of a sandbox, and what to do about it.

    Args:
        root: Of the file system; another one only in tests.
    """
    for name, forbidding, command in _SWITCHES:
        with contextlib.suppress(OSError):
            if (root / "proc/sys" / name).read_text().strip() == forbidding:
                return f"The kernel forbids user namespaces. As root, run: {command}"
    if _in_chroot(root):
        return (
            "This is a chroot, where the kernel allows no user namespaces. Run workers outside "
            "of it, in a virtual machine or in a container that allows them."
        )
    if any((root / name).exists() for name in _CONTAINERS):
        return (
            "This is a container whose runtime forbids user namespaces or mounts. Start it with a "
            "seccomp and AppArmor profile that allows them, or run workers outside of it."
        )
    return "Allow unprivileged user namespaces, or install a newer bubblewrap."


def _in_chroot(root: Path) -> bool:
    """Elsewhere something is mounted on the root; a mount outside of a chroot does not show."""
    with contextlib.suppress(OSError):
        mounts = (root / "proc/self/mountinfo").read_text().splitlines()
        return bool(mounts) and not any(mount.split()[4] == "/" for mount in mounts)
    return False
