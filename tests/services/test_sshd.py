import os
import pwd
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.services.processes import wait_until
from tests.services.sshd import SshHost, SshHosts
from tests.services.unix_user import unix_user

LINGERING = "nohup setsid sleep 987 >/dev/null 2>&1 </dev/null & echo $!"


def test_three_hosts_have_three_keys_and_one_user(ssh_hosts: SshHosts) -> None:
    hosts = ssh_hosts.hosts

    shown = [scan(host) for host in hosts]

    assert shown == [host.known_hosts_line for host in hosts]
    assert len({host.host_key_public for host in hosts}) == 3
    assert {host.user for host in hosts} == {ssh_hosts.user.name}


def test_the_fingerprint_is_the_one_that_ssh_shows(ssh_hosts: SshHosts, tmp_path: Path) -> None:
    host = ssh_hosts.hosts[0]
    (tmp_path / "key").write_text(host.host_key_public)

    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", tmp_path / "key"], capture_output=True, text=True, check=True
    ).stdout

    assert host.fingerprint in shown


@pytest.mark.parametrize("method", ["publickey", "password"])
def test_one_can_sign_in_by_key_and_by_password(
    ssh_hosts: SshHosts, known_hosts: Path, method: str
) -> None:
    host = ssh_hosts.hosts[1]

    answer = ssh(host, known_hosts, "whoami", method=method)

    assert answer.stdout == f"{host.user}\n", answer.stderr


def test_sudo_wants_the_right_password(ssh_hosts: SshHosts, known_hosts: Path) -> None:
    host = ssh_hosts.hosts[2]

    right, wrong = (
        ssh(host, known_hosts, "sudo -k -S whoami", given=f"{password}\n")
        for password in (host.password, "wrong")
    )

    assert right.stdout == "root\n", right.stderr
    assert wrong.returncode != 0


def test_what_runs_on_a_host_is_found_on_that_host_only(
    ssh_hosts: SshHosts, known_hosts: Path
) -> None:
    here, elsewhere = ssh_hosts.hosts[:2]
    as_root = f"sudo -S sh -c '{LINGERING}'"

    pids = {
        int(ssh(here, known_hosts, line, given=f"{here.password}\n").stdout)
        for line in (LINGERING, as_root)
    }

    found = {process.pid for process in here.processes()}
    strangers = {process.pid for process in elsewhere.processes()}
    for pid in pids:
        os.kill(pid, 9)
    assert pids <= found
    assert not pids & strangers


def test_a_killed_host_takes_its_open_sessions_along_and_comes_back(
    ssh_hosts: SshHosts, known_hosts: Path
) -> None:
    server = ssh_hosts.servers[0]
    session = subprocess.Popen(ssh_command(server.host, known_hosts, "sleep 60"))
    wait_until(server.host.processes)

    with server.down():
        status = session.wait(5)

    assert status == 255
    assert server.host.processes() == []
    assert ssh(server.host, known_hosts, "true").returncode == 0


def test_a_reinstalled_host_is_refused(ssh_hosts: SshHosts, known_hosts: Path) -> None:
    server = ssh_hosts.servers[0]

    server.change_host_key()

    refused = ssh(server.host, known_hosts, "true")
    assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in refused.stderr


def test_what_root_left_running_ends_with_its_host(tmp_path: Path) -> None:
    with SshHosts(["127.0.0.13"]) as own:
        host = own.hosts[0]
        (tmp_path / "known_hosts").write_text(own.known_hosts)
        line = f"sudo -S sh -c '{LINGERING}'"
        answer = ssh(host, tmp_path / "known_hosts", line, given=f"{host.password}\n")

        lingering = psutil.Process(int(answer.stdout))
        owner = lingering.username()

    assert owner == "root"
    assert not lingering.is_running()


def test_the_user_of_a_killed_test_run_is_removed_by_the_next(tmp_path: Path) -> None:
    dead = subprocess.Popen(["/bin/true"])
    dead.wait()
    name = f"aops-test-{dead.pid}-beef"
    subprocess.run(["/usr/sbin/useradd", "--home-dir", tmp_path / "home", name], check=True)

    with unix_user() as user:
        names = {entry.pw_name for entry in pwd.getpwall()}

    assert user.name in names
    assert name not in names
    assert tmp_path.exists()


def scan(host: SshHost) -> str:
    return subprocess.run(
        ["ssh-keyscan", "-t", "ed25519", "-p", str(host.port), host.address],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def ssh(
    host: SshHost, known_hosts: Path, command: str, *, method: str = "publickey", given: str = ""
) -> subprocess.CompletedProcess[str]:
    password = known_hosts.with_name("password")
    password.write_text(f"#!/bin/sh\necho '{host.password}'\n")
    password.chmod(0o700)
    return subprocess.run(
        ssh_command(host, known_hosts, command, method=method),
        env={**os.environ, "SSH_ASKPASS": str(password), "SSH_ASKPASS_REQUIRE": "force"},
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def ssh_command(
    host: SshHost, known_hosts: Path, command: str, *, method: str = "publickey"
) -> list[str]:
    return [
        "ssh",
        *("-F", "none", "-p", str(host.port), "-l", host.user, "-i", str(host.private_key_path)),
        *("-o", f"UserKnownHostsFile={known_hosts}", "-o", "StrictHostKeyChecking=yes"),
        *("-o", f"PreferredAuthentications={method}"),
        *(host.address, command),
    ]


@pytest.fixture
def known_hosts(ssh_hosts: SshHosts, tmp_path: Path) -> Path:
    path = tmp_path / "known_hosts"
    path.write_text(ssh_hosts.known_hosts)
    return path
