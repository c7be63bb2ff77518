import ipaddress
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.services.mariadb import MariaDb
from tests.services.processes import wait_until
from tests.services.rabbitmq import RabbitMq
from tests.services.redis import Redis
from tests.services.server import MissingProgramError, Server
from tests.services.sshd import SshHosts


@pytest.mark.usefixtures("mariadb", "redis_server", "rabbitmq", "ssh_hosts")
def test_all_services_listen_on_loopback_only() -> None:
    ours = {child.pid for child in psutil.Process().children(recursive=True)}

    sockets = [
        socket
        for socket in psutil.net_connections("inet")
        if socket.status == psutil.CONN_LISTEN and socket.pid in ours
    ]

    addresses = {ipaddress.ip_address(socket.laddr.ip) for socket in sockets if socket.laddr}
    assert len(sockets) >= 8
    assert [address for address in addresses if not address.is_loopback] == []


@pytest.mark.parametrize("service", [MariaDb, Redis, RabbitMq, SshHosts])
def test_a_service_leaves_nothing_behind(service: type[Server | SshHosts], own_tmp: Path) -> None:
    before = traces(own_tmp)

    with service():
        left = traces(own_tmp) - before

    assert left
    wait_until(lambda: not left & traces(own_tmp), 5)
    assert list(own_tmp.iterdir()) == []


def test_a_service_ends_with_a_test_run_that_is_killed() -> None:
    script = (
        "from tests.services.redis import Redis\n"
        "with Redis() as server: print(server.pid, server.directory, flush=True); input()"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert run.stdout
    pid, directory = run.stdout.readline().split()

    run.kill()
    run.communicate()

    wait_until(lambda: not psutil.pid_exists(int(pid)), 5)
    Path(directory, "output.log").unlink()
    for path in Path(directory).iterdir():
        path.unlink()
    Path(directory).rmdir()


def test_a_missing_program_is_named_with_its_package() -> None:
    class Absent(Redis):
        program = "no-such-program"

    with pytest.raises(MissingProgramError, match="apt-get install redis-server"):
        Absent()


def test_a_service_that_ends_at_once_says_why() -> None:
    class Broken(Redis):
        def command(self) -> list[str]:
            return [self.executable, "--port", "nonsense"]

    with pytest.raises(RuntimeError, match="FATAL CONFIG FILE ERROR"), Broken():
        pass


def traces(folder: Path) -> set[str]:
    return {
        *(str(child.pid) for child in psutil.Process().children(recursive=True)),
        *(path.name for path in folder.iterdir()),
        *(path.name for path in Path("/etc/sudoers.d").iterdir()),
        *(user.pw_name for user in pwd.getpwall()),
    }


@pytest.fixture
def own_tmp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)
