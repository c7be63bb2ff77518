import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from aops.execution.spec import EventKind, Isolation, Options, Outcome, RunSpec, Secrets
from tests.execution.runs import Recorder, make_spec, play, run, wait_until
from tests.services.sshd import SshHost, SshHosts

BOTH = pytest.mark.parametrize("isolation", [Isolation.REQUIRED, Isolation.OFF])
WHOAMI = "command: whoami\n      register: me"


@BOTH
def test_a_host_lets_us_in_by_key(
    runs_dir: Path, ssh_hosts: SshHosts, isolation: Isolation
) -> None:
    spec = _spec(ssh_hosts, WHOAMI, "debug: var=me.stdout", private_key=_key(ssh_hosts))

    result, recorder = run(spec, runs_dir, isolation=isolation)

    assert result.outcome is Outcome.SUCCESSFUL, recorder.text
    assert recorder.recap.keys() == {"host0", "host1", "host2"}
    assert ssh_hosts.user.name in recorder.text
    assert result.known_hosts == ""


@BOTH
def test_a_host_lets_us_in_by_password_and_sudo_by_password(
    runs_dir: Path, ssh_hosts: SshHosts, isolation: Isolation
) -> None:
    password = ssh_hosts.user.password
    spec = _spec(
        ssh_hosts,
        WHOAMI,
        "debug: var=me.stdout",
        connection_password=password,
        become_password=password,
    )
    spec = replace(spec, options=Options(become=True))

    result, recorder = run(spec, runs_dir, isolation=isolation)

    assert result.outcome is Outcome.SUCCESSFUL, recorder.text
    assert '"me.stdout": "root"' in recorder.text
    assert password not in recorder.text


def test_an_unknown_host_key_is_refused(runs_dir: Path, ssh_hosts: SshHosts) -> None:
    spec = replace(_spec(ssh_hosts, "ping:", private_key=_key(ssh_hosts)), known_hosts="")

    result, recorder = run(spec, runs_dir)

    assert result.exit_code == 4
    assert "Host key verification failed" in recorder.text
    assert len(recorder.of_kind(EventKind.UNREACHABLE)) == 3


def test_an_unknown_host_key_is_taken_and_reported_where_that_is_allowed(
    runs_dir: Path, ssh_hosts: SshHosts
) -> None:
    first = ssh_hosts.hosts[0].known_hosts_line
    spec = replace(
        _spec(ssh_hosts, "ping:", private_key=_key(ssh_hosts)),
        known_hosts=first,
        accept_new_host_keys=True,
    )

    result, recorder = run(spec, runs_dir)

    assert result.outcome is Outcome.SUCCESSFUL, recorder.text
    assert sorted(result.known_hosts.splitlines()) == sorted(
        host.known_hosts_line for host in ssh_hosts.hosts[1:]
    )


def test_a_changed_host_key_is_refused_even_where_new_ones_are_taken(
    runs_dir: Path, ssh_hosts: SshHosts
) -> None:
    first, second, third = ssh_hosts.hosts
    wrong = f"[{first.address}]:{first.port} {second.host_key_public}\n"
    known = f"{wrong}{second.known_hosts_line}\n{third.known_hosts_line}"
    spec = replace(
        _spec(ssh_hosts, "ping:", private_key=_key(ssh_hosts)),
        known_hosts=known,
        accept_new_host_keys=True,
    )

    result, recorder = run(spec, runs_dir)

    assert result.exit_code == 4
    assert [event.data["host"] for event in recorder.of_kind(EventKind.UNREACHABLE)] == ["host0"]
    assert result.known_hosts == ""


def test_a_key_of_another_type_is_refused_even_where_new_ones_are_taken(
    runs_dir: Path, ssh_hosts: SshHosts, tmp_path: Path
) -> None:
    first, second, third = ssh_hosts.hosts
    other = _key_of_another_type(tmp_path)
    known = f"[{first.address}]:{first.port} {other}\n[{second.address}]:1 {other}\n"
    spec = replace(
        _spec(ssh_hosts, "ping:", private_key=_key(ssh_hosts)),
        known_hosts=known,
        accept_new_host_keys=True,
    )

    result, recorder = run(spec, runs_dir)

    assert [event.data["host"] for event in recorder.of_kind(EventKind.UNREACHABLE)] == ["host0"]
    assert sorted(result.known_hosts.splitlines()) == sorted(
        [second.known_hosts_line, third.known_hosts_line]
    )


def test_a_hosts_own_ssh_arguments_do_not_switch_ours_off(
    runs_dir: Path, ssh_hosts: SshHosts
) -> None:
    via = ssh_hosts.hosts[1]
    key = "/run/aops/private/secrets/private_key"
    proxy = (
        f"-o ServerAliveInterval=7 -o 'ProxyCommand=ssh -F /run/aops/private/ssh_config -i {key} "
        f"-p {via.port} -W %h:%p {via.user}@{via.address}'"
    )
    spec = _spec(ssh_hosts, "ping:", private_key=_key(ssh_hosts))
    spec = replace(
        spec,
        inventory=_inventory(ssh_hosts.hosts[:1], f'ansible_ssh_common_args: "{proxy}"'),
    )

    result, recorder = run(spec, runs_dir)

    assert result.outcome is Outcome.SUCCESSFUL, recorder.text


@pytest.mark.parametrize("isolation", [Isolation.REQUIRED, Isolation.OFF])
def test_a_cancel_reaches_the_command_on_the_host(
    runs_dir: Path, ssh_hosts: SshHosts, isolation: Isolation
) -> None:
    host = ssh_hosts.hosts[0]
    spec = _spec(ssh_hosts, "command: sleep 1000", private_key=_key(ssh_hosts))
    at: list[float] = []

    def wish(_: Recorder) -> Outcome | None:
        if not at and _sleeping(host):
            at.append(time.monotonic())
        return Outcome.CANCELED if at else None

    result, _ = run(spec, runs_dir, isolation=isolation, wish=wish)

    assert (result.outcome, result.leftovers) == (Outcome.CANCELED, ())
    assert time.monotonic() - at[0] < 5
    assert wait_until(lambda: not _sleeping(host), 5)


def _sleeping(host: SshHost) -> list:
    return [process for process in host.processes() if "sleep 1000" in process.command]


def _key_of_another_type(folder: Path) -> str:
    file = folder / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", file], check=True)
    return " ".join(file.with_suffix(".pub").read_text().split()[:2])


def _spec(hosts: SshHosts, *tasks: str, **secrets: str) -> RunSpec:
    return make_spec(
        play(*tasks),
        inventory=_inventory(hosts.hosts),
        known_hosts=hosts.known_hosts,
        secrets=Secrets(**secrets),
    )


def _key(hosts: SshHosts) -> str:
    """The key without its last newline, as a form may deliver it."""
    return hosts.user.private_key.rstrip()


def _inventory(hosts: list[SshHost], *more: str) -> str:
    lines = ["all:\n  hosts:\n"]
    for number, host in enumerate(hosts):
        lines += [
            f"    host{number}:\n",
            f"      ansible_host: {host.address}\n",
            f"      ansible_port: {host.port}\n",
            f"      ansible_user: {host.user}\n",
            *(f"      {line}\n" for line in more),
        ]
    return "".join(lines)
