import http.server
import ipaddress
import os
import pwd
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import amqp  # type: ignore[import-untyped]
import psutil
import pytest
from redis import Redis as Client
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy import create_engine, text

from tests.services import processes
from tests.services.chromium import Visitor
from tests.services.mariadb import MariaDb
from tests.services.processes import wait_until
from tests.services.proxy import Mode, TcpProxy
from tests.services.rabbitmq import RabbitMq
from tests.services.redis import Redis
from tests.services.server import MissingProgramError, Server, accepts
from tests.services.sshd import SshHost, SshHosts


def test_a_database_is_reached_by_socket_by_tcp_and_through_a_proxy(
    mariadb: MariaDb, tcp_proxy: Callable[[int], TcpProxy]
) -> None:
    database = mariadb.create_database("reached")
    through_proxy = database.url_at(tcp_proxy(mariadb.port).port)

    answers = [ask(url) for url in (database.socket_url, database.tcp_url, through_proxy)]

    mariadb.drop_database("reached")
    assert answers == ["reached"] * 3


def test_a_new_database_has_the_short_utf8_of_the_manual(mariadb: MariaDb) -> None:
    database = mariadb.create_database("short")

    answer = ask(database.socket_url, "SELECT @@collation_database")

    mariadb.drop_database("short")
    assert answer in {"utf8_unicode_ci", "utf8mb3_unicode_ci"}


def test_two_databases_share_one_account(mariadb: MariaDb) -> None:
    databases = [mariadb.create_database(name) for name in ("one", "two")]

    answers = [ask(database.tcp_url) for database in databases]

    for name in ("one", "two"):
        mariadb.drop_database(name)
    assert answers == ["one", "two"]


def test_a_committed_row_survives_that_mariadb_is_killed(mariadb: MariaDb) -> None:
    url = mariadb.create_database("survivor").tcp_url
    mariadb.execute("CREATE TABLE survivor.t (n INT)", "INSERT INTO survivor.t VALUES (7)")

    with mariadb.down():
        unreachable = not accepts(mariadb.port)

    answer = ask(url, "SELECT n FROM t")
    mariadb.drop_database("survivor")
    assert unreachable
    assert answer == 7


def test_a_hanging_mariadb_answers_again_afterwards(mariadb: MariaDb) -> None:
    asked = threading.Thread(target=mariadb.execute, args=("SELECT 1",))

    with mariadb.stop_cont():
        asked.start()
        asked.join(0.3)
        hung = asked.is_alive()
    asked.join(5)

    assert hung
    assert not asked.is_alive()


def test_redis_is_empty_after_it_was_killed(redis_server: Redis) -> None:
    with redis_server.client() as client:
        client.set("key", "value")

    with redis_server.down():
        unreachable = not accepts(redis_server.port)

    with Client.from_url(redis_server.tcp_url) as client:
        assert client.get("key") is None
    assert unreachable


def test_a_durable_message_survives_that_rabbitmq_is_killed(rabbitmq: RabbitMq) -> None:
    publish(rabbitmq, "still there")

    rabbitmq.kill9()
    rabbitmq.restart()

    assert fetch(rabbitmq) == "still there"


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
    command = "nohup setsid sleep 987 >/dev/null 2>&1 </dev/null & echo $!"
    as_root = f"sudo -S sh -c '{command}'"

    pids = {
        int(ssh(here, known_hosts, line, given=f"{here.password}\n").stdout)
        for line in (command, as_root)
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


def test_a_delaying_proxy_delays(redis_server: Redis, tcp_proxy: Callable[[int], TcpProxy]) -> None:
    proxy = tcp_proxy(redis_server.port)
    with Client.from_url(redis_server.url_at(proxy.port)) as client:
        client.ping()
        proxy.set_mode(Mode.DELAY, delay=0.2)

        begun = time.monotonic()
        client.ping()
        taken = time.monotonic() - begun

    assert 0.4 <= taken < 2


def test_what_a_black_hole_swallowed_arrives_once_it_is_gone(
    redis_server: Redis, tcp_proxy: Callable[[int], TcpProxy]
) -> None:
    proxy = tcp_proxy(redis_server.port)
    with Client.from_url(redis_server.url_at(proxy.port), socket_timeout=0.3, retry=None) as client:
        client.ping()
        proxy.set_mode(Mode.BLACKHOLE)

        with pytest.raises(RedisTimeoutError):
            client.incr("swallowed")
        proxy.set_mode(Mode.PASS)

        assert wait_until(lambda: client.get("swallowed")) == b"1"


def test_a_resetting_proxy_tears_down_open_and_new_connections(
    redis_server: Redis, tcp_proxy: Callable[[int], TcpProxy]
) -> None:
    proxy = tcp_proxy(redis_server.port)
    with Client.from_url(redis_server.url_at(proxy.port), retry=None) as client:
        client.ping()

        proxy.set_mode(Mode.RESET)
        for _ in ("open", "new"):
            with pytest.raises(RedisConnectionError, match="reset"):
                client.ping()
        proxy.set_mode(Mode.PASS)

        assert client.ping()
        assert proxy.accepted >= 3


def test_a_quiet_page_is_shown(visitor: Visitor, site: str) -> None:
    page = visitor.open_page(site)

    page.goto("/quiet")

    assert page.inner_text("h1") == "Hello"


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/error", "console: broken"),
        ("/exception", "exception: thrown"),
        ("/inline", "console: CSP: script-src-elem refuses inline"),
        ("/elsewhere", "request to elsewhere: http://elsewhere.invalid/x.png"),
        ("/missing", "console: Failed to load resource"),
    ],
)
def test_a_page_that_complains_is_heard(
    visitor: Visitor, site: str, path: str, complaint: str
) -> None:
    page = visitor.open_page(site)

    page.goto(path)
    page.wait_for_load_state("networkidle")

    heard = visitor.problems.copy()
    visitor.problems.clear()
    assert any(problem.startswith(complaint) for problem in heard), heard


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


def ask(url: str, statement: str = "SELECT DATABASE()") -> object:
    engine = create_engine(url)
    with engine.connect() as connection:
        answer: object = connection.execute(text(statement)).scalar()
    engine.dispose()
    return answer


def publish(rabbitmq: RabbitMq, body: str) -> None:
    with amqp.Connection(f"127.0.0.1:{rabbitmq.port}", confirm_publish=True) as connection:
        channel = connection.channel()
        channel.queue_declare("durable", durable=True, auto_delete=False)
        channel.basic_publish(amqp.Message(body, delivery_mode=2), routing_key="durable")


def fetch(rabbitmq: RabbitMq) -> str:
    with amqp.Connection(f"127.0.0.1:{rabbitmq.port}") as connection:
        return str(connection.channel().basic_get("durable", no_ack=True).body)


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


def traces(folder: Path) -> set[str]:
    return {
        *(str(child.pid) for child in psutil.Process().children(recursive=True)),
        *(path.name for path in folder.iterdir()),
        *(path.name for path in Path("/etc/sudoers.d").iterdir()),
        *(user.pw_name for user in pwd.getpwall()),
    }


PAGES = {
    "/quiet": "<h1>Hello</h1>",
    "/error": "<script src=/error.js></script>",
    "/error.js": "console.error('broken')",
    "/exception": "<script src=/exception.js></script>",
    "/exception.js": "throw new Error('thrown')",
    "/inline": "<script>document.title = 'ran'</script>",
    "/elsewhere": "<img src=http://elsewhere.invalid/x.png>",
}


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path, "")
        self.send_response(200 if body else 404)
        kind = "text/javascript" if self.path.endswith(".js") else "text/html"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", "script-src 'self'")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href=data:,>" * (kind == "text/html"))
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def known_hosts(ssh_hosts: SshHosts, tmp_path: Path) -> Path:
    path = tmp_path / "known_hosts"
    path.write_text(ssh_hosts.known_hosts)
    return path


@pytest.fixture
def own_tmp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
