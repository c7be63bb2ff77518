from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from aops.core import clock
from aops.core.database import database_time, db
from aops.inventory import host_keys, key_scans, keyscan, tasks
from aops.inventory.keyscan import Scan, ScanProblem
from aops.inventory.models import Host, HostKey
from aops.worker import celery
from tests.factories import make_group, make_host, make_inventory
from tests.inventory.keys import public_key
from tests.services.sshd import SshHosts


def test_the_keys_of_many_real_servers_are_fetched_by_one_message(
    session: Session, ssh_hosts: SshHosts
) -> None:
    inventory = make_inventory()
    hosts = [
        make_host(
            f"web{number}",
            inventory=inventory,
            variables=f"ansible_host: {server.address}\nansible_port: {server.port}\n",
        )
        for number, server in enumerate(ssh_hosts.hosts)
    ]
    make_host("not-asked", inventory=inventory, variables="")
    host_keys.request_many([host.id for host in hosts])

    tasks.scan_host_keys.run()

    found = set(session.scalars(select(HostKey.fingerprint)))
    lines = [server.known_hosts_line for server in ssh_hosts.hosts]
    assert len(found) == len(set(lines))
    assert not session.scalars(select(Host.id).where(Host.key_scan_requested_at.is_not(None))).all()
    assert session.scalars(select(Host.name).where(Host.keys_scanned_at.is_(None))).all() == [
        "not-asked"
    ]


def test_the_scheduler_takes_up_what_no_message_reached(session: Session, scans: list[str]) -> None:
    host = make_host("web1", variables="")
    host.key_scan_requested_at = clock.now() - timedelta(hours=1)
    session.flush()
    entry = celery.conf.beat_schedule["host keys"]

    assert entry["task"] == host_keys.SCAN_TASK
    tasks.scan_host_keys.run()

    assert scans == ["web1"]
    assert host.key_scan_requested_at is None


def test_hosts_that_waited_longest_come_first_and_no_more_than_fit(session: Session) -> None:
    inventory = make_inventory()
    now = clock.now()
    for number in range(5):
        asked = now - timedelta(minutes=number)
        make_host(f"web{number}", inventory=inventory, variables="", key_scan_requested_at=asked)

    batch = key_scans.take(limit=2)

    assert [session.get_one(Host, key).name for key in batch] == ["web3", "web4"]
    assert sorted(connection.address for connection in batch.values()) == ["web3", "web4"]


def test_addresses_follow_the_groups(session: Session) -> None:
    inventory = make_inventory(variables="ansible_port: 2022\n")
    host = make_host("web1", inventory=inventory, variables="")
    make_group("g", inventory=inventory, variables="ansible_host: 10.0.0.1\n", hosts=[host])
    host_keys.request_many([host.id])

    [connection] = key_scans.take().values()

    assert (connection.address, connection.port) == ("10.0.0.1", 2022)


def test_what_a_worker_took_up_no_other_takes_until_it_counts_as_dead(session: Session) -> None:
    host = make_host("web1", variables="")
    host_keys.request_many([host.id])

    first = key_scans.take()
    second = key_scans.take()
    busy = key_scans.is_busy()
    host.key_scan_claimed_at = database_time() - key_scans.LEASE - timedelta(seconds=1)
    session.flush()
    third = key_scans.take()

    assert list(first) == list(third) == [host.id]
    assert second == {}
    assert key_scans.take_one(host.id) == {}
    assert busy


def test_while_one_worker_is_at_it_the_others_stay_free_for_jobs(
    session: Session, scans: list[str]
) -> None:
    inventory = make_inventory()
    hosts = [make_host(name, inventory=inventory, variables="") for name in ("web1", "web2")]
    host_keys.request_many([host.id for host in hosts])
    key_scans.take(limit=1)

    tasks.scan_host_keys.run()

    assert scans == []


def test_one_host_that_somebody_looks_at_is_not_kept_waiting(
    session: Session, scans: list[str]
) -> None:
    inventory = make_inventory()
    hosts = [make_host(name, inventory=inventory, variables="") for name in ("web1", "web2")]
    host_keys.request_many([host.id for host in hosts])
    key_scans.take(limit=1)

    tasks.scan_host_keys.run(hosts[1].id)

    assert scans == ["web2"]


def test_a_long_queue_goes_on_with_another_message(
    session: Session, scans: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("aops.core.celery.send", lambda *message: sent.append(message))
    monkeypatch.setattr(key_scans, "MAX_SECONDS", 0)
    host = make_host("web1", variables="")
    host_keys.request_many([host.id])
    session.commit()
    sent.clear()

    tasks.scan_host_keys.run()

    assert scans == []
    assert sent == [(host_keys.SCAN_TASK,)]


def test_one_bad_answer_does_not_hold_up_the_others(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = make_inventory()
    for name in ("bad", "good"):
        make_host(name, inventory=inventory, variables="", key_scan_requested_at=clock.now())

    def scan(address: str, _port: int) -> Scan:
        if address == "bad":
            return Scan(problem=ScanProblem.NO_ANSWER)
        return Scan(keys=(public_key("a"),))

    monkeypatch.setattr(keyscan, "scan", scan)

    tasks.scan_host_keys.run()

    errors = dict(session.execute(select(Host.name, Host.key_scan_error)).all())
    assert errors == {"bad": "no_answer", "good": ""}
    assert session.scalars(select(HostKey.address)).all() == ["good"]


def test_taking_up_costs_the_same_for_few_and_many(session: Session) -> None:
    inventory = make_inventory()
    hosts = [make_host(f"web{number}", inventory=inventory, variables="") for number in range(42)]

    numbers = []
    for some in (hosts[:2], hosts[2:]):
        host_keys.request_many([host.id for host in some])
        seen: list[str] = []
        event.listen(
            db.engine, "before_cursor_execute", note := lambda *call, s=seen: s.append(call)
        )
        key_scans.take()
        event.remove(db.engine, "before_cursor_execute", note)
        numbers.append(len(seen))

    assert numbers[0] == numbers[1]


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def scan(address: str, _port: int) -> Scan:
        asked.append(address)
        return Scan(problem=ScanProblem.NO_ANSWER)

    monkeypatch.setattr(keyscan, "scan", scan)
    return asked
