"""`flask up` on a machine without any service: starts, demo, stops, and how it fails."""

import shutil
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from aops.cli.doctor import CHECKS
from tests.embedded import READY, Aops, Browser, Up, one_time_password
from tests.services.processes import wait_until, with_argument

FAILING = "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.fail:\n"
ENDLESS = """\
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: sleep 86123
"""
LOGS = ("web", "worker", "scheduler")


def test_the_first_start_ends_with_a_recap_an_address_and_a_password(first: tuple[Aops, str]):
    aops, said = first

    assert "Demo job #1: successful" in said
    assert "this-machine  ok=7  changed=3  unreachable=0  failed=0" in said
    assert f"{READY}{aops.url}" in said
    assert one_time_password(said)


def test_keys_and_data_are_readable_by_their_owner_only(first: tuple[Aops, str]):
    aops, _ = first

    open_to_others = [
        path
        for path in aops.home.rglob("*")
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077
        if not path.name.startswith("up-")  # this test's own
    ]

    assert open_to_others == []
    assert stat.S_IMODE((aops.home / "keys" / "seal.key").stat().st_mode) == 0o600


def test_the_one_time_password_must_be_changed_at_once(first: tuple[Aops, str], second):
    aops, _ = second
    browser = Browser(aops)
    browser.post("/sign-in", username="admin", password=one_time_password(first[1]))

    browser.get("/")

    assert browser.address == f"{aops.url}/account/password"


def test_the_second_start_keeps_everything_and_makes_no_password(second: tuple[Aops, Up]):
    aops, up = second

    said = up.said

    assert "password" not in said
    assert "Demo" not in said
    assert aops.query("SELECT count(*) FROM users") == [(1,)]
    assert aops.query("SELECT count(*) FROM jobs") == [(1,)]


def test_a_further_start_in_the_same_folder_is_refused(second: tuple[Aops, Up]):
    aops, up = second

    said = aops.flask("up", code=1)

    assert f"already runs from {aops.home} (process {up.pid})" in said
    assert f"kill {up.pid}" in said


def test_the_doctor_finds_a_running_installation_well(second: tuple[Aops, Up]):
    aops, _ = second

    said = aops.flask("doctor")

    findings = {line.split()[1] for line in said.splitlines() if not line.startswith("ok ")}
    assert len(said.splitlines()) == len(CHECKS)
    assert "problem" not in said
    assert findings <= {"account", "disk", "shared"}  # what depends on the machine of the tests


def test_demo_ends_after_the_job_and_leaves_no_process(again: Callable[[], Aops]):
    aops = again()

    with aops.up("--demo") as up:
        code = up.wait()

        assert code == 0, up.said
        assert "Demo job #2: successful" in up.said
        assert aops.processes() == []


def test_a_failed_demo_job_is_an_exit_code(again: Callable[[], Aops]):
    aops = again()
    aops.replace_demo(FAILING)

    with aops.up("--demo") as up:
        code = up.wait()

        assert code == 1
        assert "Demo job #2: failed" in up.said
        assert "Traceback" not in up.said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_stopping_cancels_what_runs_and_leaves_no_process(again: Callable[[], Aops], number):
    aops = again()
    aops.replace_demo(ENDLESS)
    with aops.up("--demo") as up:
        wait_until(lambda: with_argument("sleep 86123"), 60, "the run to start")

        up.send(number)
        code = up.wait()

        assert code == 1
        assert aops.query("SELECT status, reason FROM jobs WHERE id = 2") == [
            ("canceled", "aops was stopped while this was running.")
        ]
        assert aops.processes() == []
        assert with_argument("sleep 86123") == []
        assert list((aops.home / "runs").iterdir()) == []


def test_ctrl_c_is_a_good_end(again: Callable[[], Aops]):
    aops = again()
    with aops.up() as up:
        up.wait_until_it_says(READY)

        up.send(signal.SIGINT)

        assert up.wait() == 0
        assert up.said.endswith("Stopped.\n")
        assert aops.processes() == []


def test_a_taken_port_names_its_holder(again: Callable[[], Aops]):
    aops = again()
    with socket.create_server(("127.0.0.1", aops.port)):
        said = aops.flask("up", code=1)

    assert f"127.0.0.1:{aops.port} is taken by" in said
    assert f"kill {psutil.Process().pid}" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", LOGS)
def test_when_one_part_dies_all_stop(again: Callable[[], Aops], name: str):
    aops = again()
    with aops.up() as up:
        up.wait_until_it_says(READY)

        _part(up.pid, name).kill()
        code = up.wait()

        assert code == 1
        assert f"The {name} ended unexpectedly (SIGKILL)" in up.said
        assert f"{aops.home}/logs/{name}.log" in up.said
        assert aops.processes() == []


def test_a_part_that_cannot_start_shows_the_end_of_its_log(again: Callable[[], Aops]):
    aops = again()
    aops.environment["AOPS_BIND"] = f"unix:{aops.home}/there/is/no/such/folder.sock"

    said = aops.flask("up", code=1)

    assert "The web ended unexpectedly" in said
    assert "folder.sock" in said.partition("web.log:")[2]
    assert aops.processes() == []


def test_aops_is_served_on_a_unix_socket(again: Callable[[], Aops]):
    aops = again()
    aops.environment["AOPS_BIND"] = f"unix:{aops.home}/web.sock"

    with aops.up() as up:
        said = up.wait_until_it_says(READY)

    assert f"{READY}unix:{aops.home}/web.sock" in said


def test_a_killed_start_takes_its_parts_along_and_the_next_one_works(again: Callable[[], Aops]):
    aops = again()
    with aops.up() as up:
        up.wait_until_it_says(READY)
        parts = psutil.Process(up.pid).children(recursive=True)

        up.kill()

        with aops.up() as next_up:
            assert READY in next_up.wait_until_it_says(READY)
            assert psutil.wait_procs(parts, 30)[1] == []


def test_a_weak_first_password_is_refused_before_anything_starts(tmp_path: Path):
    aops = Aops(tmp_path, AOPS_ADMIN_PASSWORD="short")

    said = aops.flask("up", code=1)

    assert "AOPS_ADMIN_PASSWORD: This password is too short" in said
    assert "Starting" not in said
    assert aops.query("SELECT count(*) FROM users") == [(0,)]


def _copy(aops: Aops, home: Path) -> Aops:
    shutil.copytree(aops.home, home, ignore=shutil.ignore_patterns("up*", "*.bell"))
    return Aops(home)


def _part(pid: int, name: str) -> psutil.Process:
    words = {"web": "gunicorn", "worker": " worker ", "scheduler": " beat "}
    children = psutil.Process(pid).children()
    return next(c for c in children if words[name] in " ".join(c.cmdline()))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Aops, str]:
    """A stopped installation, and what its first start said."""
    aops = Aops(tmp_path_factory.mktemp("first") / "home")
    aops.home.mkdir()
    with aops.up() as up:
        said = up.wait_until_it_says("lost it?")
        up.send(signal.SIGTERM)
        assert up.wait() == 0
    return aops, said


@pytest.fixture(scope="module")
def second(
    first: tuple[Aops, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Aops, Up]]:
    """The same, started again and running."""
    aops = _copy(first[0], tmp_path_factory.mktemp("second") / "home")
    with aops.up() as up:
        up.wait_until_it_says(READY)
        yield aops, up


@pytest.fixture
def again(first: tuple[Aops, str], tmp_path: Path) -> Callable[[], Aops]:
    """Make a copy of that installation."""
    return lambda: _copy(first[0], tmp_path / "home")
