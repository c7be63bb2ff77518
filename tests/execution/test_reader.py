import json
import os
import pwd
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from aops.execution import reader
from aops.execution.reading_spec import Limits, ReadAnswer, ReadKind, ReadOrder
from aops.execution.spec import Isolation, VaultPassword
from tests.execution.runs import processes_with, wait_until

HOSTS = '{"all": {"hosts": ["web1"]}, "_meta": {"hostvars": {}}}'
NO_HOSTS: dict[str, object] = {"hosts": {}}


def test_a_script_finds_its_environment_and_no_other() -> None:
    os.environ["AOPS_TEST_CANARY"] = "canary"
    script = "env >&2; " + _print(HOSTS)

    answer = _ask(script, environment={"API_TOKEN": "for the script"})

    assert "API_TOKEN=for the script" in answer.output
    assert "canary" not in answer.output
    assert _hosts(answer) == ["web1"]


def test_the_environment_is_on_no_command_line_and_on_no_disk(tmp_path: Path) -> None:
    token = "token-" + "5f1c"
    found: list[int] = []
    script = "sleep 1; " + _print(HOSTS)
    watching = threading.Timer(0.7, lambda: found.extend([*processes_with(token), -1]))

    watching.start()
    answer = _ask(script, environment={"API_TOKEN": token})

    watching.join()
    assert _hosts(answer) == ["web1"]
    assert found == [-1]


def test_a_vault_password_is_in_no_argument_environment_or_file_of_the_sandbox() -> None:
    script = (
        "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' >&2; "
        "echo looked at $(find /tmp -type f | wc -l) files >&2; grep -r canary- /tmp >&2; "
    )
    vaults = (VaultPassword("prod", "canary-" + "vault"),)

    answer = _ask(script + _print(HOSTS), vault_passwords=vaults)

    assert _hosts(answer) == ["web1"]
    assert "inventory_child.main" in answer.output
    assert "canary-vault" not in answer.output
    assert "canary-vault" not in repr(ReadOrder(ReadKind.UPLOAD, b"", vault_passwords=vaults))


def test_a_script_sees_nothing_of_the_service(tmp_path: Path) -> None:
    secret = tmp_path / "aops.db"
    secret.write_text("canary")
    script = (
        f"cat {secret} >&2; id -un >&2; wc -l </etc/passwd >&2; ls /proc | grep -c '^[0-9]' >&2; "
    )

    answer = _ask(script + _print(HOSTS))

    assert "canary" not in answer.output
    assert f"{secret}" in answer.output  # No such file or directory
    name, accounts, processes = answer.output.splitlines()[-3:]
    assert (name, accounts) == (pwd.getpwuid(os.getuid()).pw_name, "2")
    assert int(processes) < 10


def test_only_dynamic_sources_have_the_network() -> None:
    connect = "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {}), 1)' >&2; "
    upload = "all: {hosts: {a: {x: \"{{ lookup('pipe', 'id') }}\"}}}"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        asked = _ask(connect.format(port) + _print(HOSTS))
        command = reader.reading_command([], network=False, files={})

    read = _read(ReadOrder(ReadKind.UPLOAD, upload.encode(), "hosts.yml"))
    assert asked.output == ""
    assert "--unshare-net" in command
    assert read.document is not None
    assert "lookup" in json.dumps(read.document)


def test_a_script_that_sleeps_is_ended_with_all_that_it_started() -> None:
    mark = "10" + "47.25"
    limits = replace(Limits(), wall=1.5)

    answer = _ask(f"setsid sleep {mark} & sleep {mark}", limits=limits)

    assert answer.problem == ("timeout", {"seconds": 1.5})
    assert wait_until(lambda: not processes_with(f"sleep\0{mark}"))


def test_a_script_that_leaves_something_running_leaves_nothing() -> None:
    mark = "10" + "48.25"

    answer = _ask(f"setsid sleep {mark} >/dev/null 2>&1 & " + _print(HOSTS))

    assert _hosts(answer) == ["web1"]
    assert wait_until(lambda: not processes_with(f"sleep\0{mark}"))


def test_a_script_that_forks_without_end_is_ended() -> None:
    limits = replace(Limits(), processes=40)

    answer = _ask("for i in $(seq 200); do sleep 1000 & done; wait", limits=limits)

    assert answer.problem in (
        ("too_many_processes", {"limit": 40}),
        ("script_failed", {"status": 2}),  # where the kernel refuses the fork
    )


def test_a_script_that_prints_without_end_is_ended() -> None:
    limits = replace(Limits(), script_answer=1 << 20)

    answer = _ask("cat /dev/zero", limits=limits)

    assert answer.problem == ("script_answer_too_big", {"limit": 1})


def test_the_first_of_what_is_printed_on_the_side_is_kept() -> None:
    limits = replace(Limits(), output=1000)

    answer = _ask("head -c 5000000 /dev/zero | tr '\\0' x >&2; " + _print(HOSTS), limits=limits)

    assert answer.output == "x" * 1000
    assert _hosts(answer) == ["web1"]


def test_the_processor_and_the_memory_are_limited() -> None:
    spin = replace(Limits(), cpu=1)
    tight = replace(Limits(), memory=300 << 20)

    spun = _ask("while :; do :; done", limits=spin)
    starved = _read(ReadOrder(ReadKind.UPLOAD, _big(), "a.yml", limits=tight))

    assert spun.problem == ("script_failed", {"status": -9})
    assert starved.problem == ("memory", {})


@pytest.mark.parametrize("kind", [ReadKind.UPLOAD, ReadKind.ARCHIVE, ReadKind.WORKBOOK])
def test_what_is_no_inventory_is_an_answer_and_no_error(kind: ReadKind) -> None:
    answer = _read(ReadOrder(kind, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "x.png"))

    assert answer.document is None
    assert answer.problem is not None
    assert answer.problem[0] in {"not_text", "broken_archive", "broken_workbook"}


def test_required_isolation_reads_nothing_without_bubblewrap(no_bubblewrap: None) -> None:
    answer = _read(ReadOrder(ReadKind.UPLOAD, b"web1\n", "hosts"))

    assert answer == ReadAnswer(problem=("no_sandbox", {}), isolated=False)


def test_preferred_isolation_reads_without_bubblewrap_and_says_so(no_bubblewrap: None) -> None:
    mark = "10" + "49.25"
    limits = replace(Limits(), wall=2.5)
    asleep = ReadOrder(
        ReadKind.SCRIPT, f"#!/bin/sh\n/bin/sleep {mark} & /bin/sleep {mark}".encode(), limits=limits
    )

    answer = reader.read(ReadOrder(ReadKind.UPLOAD, b"web1\n", "hosts"), Isolation.PREFERRED)
    late = reader.read(asleep, Isolation.OFF)

    assert (_hosts(answer), answer.isolated) == (["web1"], False)
    assert late.problem == ("timeout", {"seconds": 2.5})
    assert wait_until(lambda: not processes_with(f"sleep\0{mark}"))


def test_it_can_be_asked_from_any_thread() -> None:
    answers: list[ReadAnswer] = []
    order = ReadOrder(ReadKind.UPLOAD, b"web1\n", "hosts")
    threads = [threading.Thread(target=lambda: answers.append(_read(order))) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [_hosts(answer) for answer in answers] == [["web1"], ["web1"]]


def _read(order: ReadOrder) -> ReadAnswer:
    return reader.read(order, Isolation.REQUIRED)


def _ask(script: str, **more: object) -> ReadAnswer:
    return _read(ReadOrder(ReadKind.SCRIPT, f"#!/bin/sh\n{script}\n".encode(), **more))


def _print(text: str) -> str:
    return f"echo '{text}'"


def _hosts(answer: ReadAnswer) -> list[str]:
    assert answer.problem is None
    return list((answer.document or NO_HOSTS)["hosts"])


def _big() -> bytes:
    return ("all: {vars: {a: [" + "{b: c}, " * 500_000 + "]}}").encode()


@pytest.fixture
def no_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
