import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aops.execution import workspace
from aops.execution.spec import Isolation
from tests.execution import own_process
from tests.execution.runs import play, processes_with, wait_until

SOON = {Isolation.REQUIRED: 1.0, Isolation.OFF: 10.0}
"""In the sandbox the kernel ends them at once; without one the child has to find them."""
BOTH = pytest.mark.parametrize("isolation", [Isolation.REQUIRED, Isolation.OFF])


@BOTH
def test_kill_9_of_the_runs_process_takes_every_process_along(
    runs_dir: Path, isolation: Isolation, marker: str
) -> None:
    script = f"setsid nohup sleep {marker} >/dev/null 2>&1 & sleep {marker}"
    process = own_process.start(play(f"shell: {script}"), runs_dir, isolation=isolation)
    assert wait_until(lambda: len(processes_with(f"sleep\0{marker}")) == 2, 20)

    _kill_9(process)

    assert wait_until(lambda: processes_with(marker) == [], SOON[isolation])


@BOTH
def test_after_kill_9_no_secret_is_on_any_disk(
    runs_dir: Path, isolation: Isolation, marker: str
) -> None:
    process = _start_with_secrets(runs_dir, marker, isolation)
    kept_in_memory = _files_with(marker, Path("/dev/shm")) != []  # noqa: S108
    assert kept_in_memory == (isolation is Isolation.OFF)

    _kill_9(process)

    assert wait_until(lambda: processes_with(marker) == [], SOON[isolation])
    assert wait_until(lambda: _files_with(marker, Path("/dev/shm")) == [], 5)  # noqa: S108
    assert _files_with(marker, runs_dir) == []


def test_a_sweep_removes_what_a_killed_run_left_and_nothing_else(
    runs_dir: Path, marker: str
) -> None:
    process = _start_with_secrets(runs_dir, marker, Isolation.OFF, run_id="17-1")
    (link,) = runs_dir.glob("*/private")
    secrets = link.readlink()
    (runs_dir / "18-1").mkdir()
    _kill_9(process)
    assert wait_until(lambda: processes_with(marker) == [])

    removed = workspace.sweep(runs_dir, lambda run_id: run_id == "18-1")

    assert removed == ["17-1"]
    assert [path.name for path in runs_dir.iterdir()] == ["18-1"]
    assert not secrets.exists()


def test_a_playbook_that_kills_everything_it_can_ends_only_itself(runs_dir: Path) -> None:
    with own_process.start(play("shell: kill -9 -1"), runs_dir) as process:
        output, _ = process.communicate(timeout=30)

    assert process.returncode == 99
    assert b"TASK" in output
    assert list(runs_dir.iterdir()) == []


def _kill_9(process: subprocess.Popen[bytes]) -> None:
    with process:
        process.kill()


def _start_with_secrets(
    runs_dir: Path, marker: str, isolation: Isolation, run_id: str = "1-1"
) -> subprocess.Popen[bytes]:
    canary = _canary(marker)
    process = own_process.start(
        play(f"command: sleep {marker}"),
        runs_dir,
        isolation=isolation,
        run_id=run_id,
        inventory=f"all: {{hosts: {{h: {{ansible_connection: local, secret: {canary}}}}}}}",
        secrets={
            "private_key": canary,
            "become_password": canary,
            "connection_password": canary,
            "extra_vars": f"word: {canary}",
        },
    )
    assert wait_until(lambda: processes_with(f"sleep\0{marker}") != [], 20)
    return process


def _canary(marker: str) -> str:
    """The secret of the one run that sleeps `marker` seconds: other tests' runs have their own."""
    return f"canary-{marker}"


def _files_with(marker: str, directory: Path) -> list[Path]:
    files = (Path(top, name) for top, _, names in os.walk(directory) for name in names)
    return [path for path in files if _canary(marker).encode() in _content(path)]


def _content(path: Path) -> bytes:
    """The bytes of a file, none where another test's run removed it meanwhile or it is no file."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


@pytest.fixture
def marker(runs_dir: Path) -> Iterator[str]:
    """A number of seconds that no other process on this machine sleeps."""
    yield f"1000.{time.monotonic_ns()}"
    workspace.sweep(runs_dir, lambda _: False)
