import os
import shutil
import subprocess
import time
from pathlib import Path

from aops.execution import processes
from tests.execution.runs import wait_until


def test_an_orphan_in_a_session_of_its_own_is_found_and_ended() -> None:
    spared = processes.descendants()

    with processes.subreaper():
        subprocess.run(["sh", "-c", "setsid sh -c 'trap \"\" TERM; sleep 77.1' &"], check=True)
        found = wait_until(lambda: bool(processes.descendants() - spared))
        left = processes.end_all(spared, 5)

    assert found
    assert left == ()
    assert processes.descendants() - spared == frozenset()


def test_what_was_there_before_is_spared() -> None:
    with subprocess.Popen(["sleep", "77.2"]) as bystander:
        spared = processes.descendants()

        left = processes.end_all(spared, 5)

        alive = bystander.poll() is None
        bystander.kill()
    assert left == ()
    assert alive


def test_what_cannot_be_ended_is_reported_in_time(monkeypatch) -> None:
    spared = processes.descendants()
    monkeypatch.setattr(os, "kill", lambda *_: None)
    start = time.monotonic()

    with subprocess.Popen(["sleep", "77.3"]) as stubborn:
        left = processes.end_all(spared, 0.2)
        stubborn.send_signal(0)
        monkeypatch.undo()
        stubborn.kill()

    assert left == (stubborn.pid,)
    assert time.monotonic() - start < 2


def test_a_name_with_parentheses_does_not_confuse_the_walk(tmp_path: Path) -> None:
    program = shutil.copy("/bin/sleep", tmp_path / "a) S 1 (b")

    with subprocess.Popen([program, "77.4"]) as odd:
        found = processes.descendants()
        odd.kill()

    assert odd.pid in found
