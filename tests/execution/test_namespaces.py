"""What is said when the kernel refuses a sandbox."""

from pathlib import Path

import pytest

from aops.execution import namespaces

SWITCHES = (
    ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
    ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
)


@pytest.mark.parametrize(("name", "value", "command"), SWITCHES)
def test_the_switch_that_forbids_it_is_named(tmp_path: Path, name: str, value: str, command: str):
    write(tmp_path / "proc/sys" / name, f"{value}\n")

    assert namespaces.advice(tmp_path).endswith(f"As root, run: {command}")


def test_a_switch_that_allows_it_is_not_blamed(tmp_path: Path):
    write(tmp_path / "proc/sys/user/max_user_namespaces", "96365\n")

    assert "sysctl" not in namespaces.advice(tmp_path)


def test_a_chroot_is_told_by_the_mount_that_its_root_lacks(tmp_path: Path):
    write(tmp_path / "proc/self/mountinfo", "46 44 0:22 / /proc rw - proc proc rw\n")

    assert "This is a chroot" in namespaces.advice(tmp_path)


def test_a_container_is_told_by_what_its_runtime_leaves(tmp_path: Path):
    write(tmp_path / "proc/self/mountinfo", "44 43 254:0 / / rw - ext4 /dev/vda rw\n")
    write(tmp_path / ".dockerenv", "")

    assert "This is a container" in namespaces.advice(tmp_path)


def test_without_a_hint_it_says_what_is_needed(tmp_path: Path):
    assert namespaces.advice(tmp_path).startswith("Allow unprivileged user namespaces")


def write(path: Path, text: str) -> None:
    """Make a file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
