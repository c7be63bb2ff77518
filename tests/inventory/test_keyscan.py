import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aops.inventory import keyscan
from aops.inventory.keyscan import Scan, ScanProblem
from tests.services.server import free_port
from tests.services.sshd import SshHosts


def test_the_keys_of_a_real_server_are_fetched(ssh_hosts: SshHosts) -> None:
    host = ssh_hosts.hosts[0]

    scan = keyscan.scan(host.address, host.port)

    assert scan.problem is ScanProblem.NONE
    assert [f"{key.key_type} {key.text}" for key in scan.keys] == [host.host_key_public]
    assert [key.fingerprint for key in scan.keys] == [host.fingerprint]


def test_a_closed_port_is_told_apart_from_a_wrong_name() -> None:
    closed = keyscan.scan("127.0.0.1", free_port())
    unknown = keyscan.scan("no-such-host.invalid", 22)

    assert closed == Scan(problem=ScanProblem.NO_ANSWER)
    assert unknown == Scan(problem=ScanProblem.UNKNOWN_NAME)


def test_a_server_that_never_speaks_costs_no_more_than_the_timeout(silent_port: int) -> None:
    scan = keyscan.scan("127.0.0.1", silent_port, timeout=0.5)

    assert scan == Scan(problem=ScanProblem.NO_ANSWER)


def test_a_server_that_speaks_something_else_offers_no_keys(chatty_port: int) -> None:
    scan = keyscan.scan("127.0.0.1", chatty_port)

    assert scan.keys == ()
    assert scan.problem in {ScanProblem.NO_KEYS, ScanProblem.NO_ANSWER}


def test_a_host_without_an_address_is_not_looked_for() -> None:
    assert keyscan.scan(None, 22) == Scan(problem=ScanProblem.NO_ADDRESS)


def test_a_missing_program_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert keyscan.scan("127.0.0.1", 22) == Scan(problem=ScanProblem.NO_PROGRAM)


@pytest.mark.parametrize(
    "address",
    [
        "a,b",
        "10.0.0.0/24",
        "web*",
        "web?",
        "!web",
        "|x",
        "#x",
        "@x",
        "a b",
        "a\n",
        "-oProxyCommand=id",
    ],
)
def test_what_is_no_single_address_reaches_no_program(
    address: str, calls: list[tuple[list[str], dict[str, str]]]
) -> None:
    scan = keyscan.scan(address, 22)

    assert scan == Scan(problem=ScanProblem.BAD_ADDRESS)
    assert calls == []


@pytest.mark.parametrize("address", ["web1", "größe", "10.0.0.1", "::1", "fe80::1%eth0"])
def test_the_address_stands_where_no_option_can_and_the_environment_is_ours(
    address: str,
    calls: list[tuple[list[str], dict[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AOPS_SECRET", "x")

    keyscan.scan(address, 22)

    command, environment = calls[0]
    assert command[-2:] == ["--", address]
    assert environment == {"PATH": os.defpath, "LC_ALL": "C"}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    made: list[tuple[list[str], dict[str, str]]] = []

    def run(command: list[str], **options: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
        made.append((command, options["env"]))
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(subprocess, "run", run)
    return made


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def chatty_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_chat, args=[server], daemon=True).start()
        yield server.getsockname()[1]


def _chat(server: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the test is over
        while True:
            connection, _address = server.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()
