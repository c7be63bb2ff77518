import subprocess

import pytest

from tests.services import processes
from tests.services.processes import wait_until


def test_processes_are_found_by_cookie_argument_and_secret() -> None:
    environment = {"AOPS_TEST_COOKIE": "c00kie"}
    sleeper = subprocess.Popen(["/bin/sleep", "61.2345"], env=environment)

    found = [
        {process.pid for process in answer}
        for answer in (
            wait_until(lambda: processes.with_cookie("AOPS_TEST_COOKIE", "c00kie")),
            processes.with_argument("sleep 61.2345"),
            processes.exposing("c00kie"),
        )
    ]

    sleeper.kill()
    sleeper.wait()
    assert found == [{sleeper.pid}] * 3


def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(TimeoutError, match=r"0\.1 s in vain for godot"):
        wait_until(lambda: False, 0.1, "godot")
