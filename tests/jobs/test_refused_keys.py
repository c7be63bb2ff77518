from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.inventory import host_keys, refused_keys
from aops.inventory.key_overview import overview
from aops.inventory.keyscan import Scan
from aops.inventory.models import Host, HostKey, KeyTrust
from aops.inventory.tasks import scan_host_keys
from aops.jobs import delivery, lifecycle, outcomes
from aops.jobs.models import Job
from aops.jobs.sink import COUNTS
from aops.jobs.spool import Record
from tests import factories
from tests.inventory.keys import public_key

CHANGED = "ssh: WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! IT IS"
UNKNOWN = "No ED25519 host key is known for h and you have"
WITH_PASSWORD = "Using a SSH password instead of a key is not possible because Host Key"


@pytest.mark.parametrize("message", [CHANGED, UNKNOWN, WITH_PASSWORD])
def test_the_keys_of_a_host_that_a_run_refused_are_asked_for(
    message: str, session: Session, running: Job
) -> None:
    delivery.deliver(running.id, 1, [failures(web1=message, web2="no space left"), END])

    assert waiting(session) == ["web1"]
    [line] = session.scalars(select(AuditEntry).where(AuditEntry.action == ASKED))
    assert line.object_name == running.inventory_name
    assert f"#{running.id}" in str(line.changes)


def test_a_changed_key_is_shown_beside_the_accepted_one_and_stays_unaccepted(
    session: Session, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = session.scalars(select(Host).where(Host.name == "web1")).one()
    monkeypatch.setattr("aops.inventory.keyscan.scan", lambda *_: Scan((public_key("old"),)))
    host_keys.request_keys(host)
    scan_host_keys.run()
    host_keys.accept_host_key(session.scalars(select(HostKey)).one(), "alice")
    monkeypatch.setattr("aops.inventory.keyscan.scan", lambda *_: Scan((public_key("new"),)))

    delivery.deliver(running.id, 1, [failures(web1=CHANGED), END])
    scan_host_keys.run()

    session.refresh(host)
    assert [key.trust for key in host_keys.keys_of(host)] == [KeyTrust.ACCEPTED, KeyTrust.OFFERED]
    assert len(overview(host).changed) == 1


def test_the_end_of_a_run_that_is_told_twice_asks_once(session: Session, running: Job) -> None:
    delivery.deliver(running.id, 1, [failures(web1=CHANGED), END])
    host = session.scalars(select(Host).where(Host.name == "web1")).one()
    session.refresh(running)
    outcomes.publish(running.id)
    host.key_scan_requested_at = None
    host.keys_scanned_at = running.finished_at + timedelta(seconds=1)
    session.flush()

    outcomes.publish(running.id)

    assert waiting(session) == []
    assert len(session.scalars(select(AuditEntry).where(AuditEntry.action == ASKED)).all()) == 1


def test_no_more_hosts_of_a_run_are_asked_for_than_fit(
    session: Session, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refused_keys, "MAX_HOSTS", 1)

    delivery.deliver(running.id, 1, [failures(web1=CHANGED, web2=CHANGED), END])

    assert waiting(session) == ["web1"]


ASKED = "inventory.keys_requested"

END: Record = {
    "kind": "result",
    "outcome": "failed",
    "exit_code": 4,
    "reason": "",
    "known_hosts": "",
    "isolated": True,
    "cut": 0,
}


def failures(**messages: str) -> Record:
    counts = dict.fromkeys(COUNTS, 0) | {"unreachable": 1}
    return {
        "kind": "hosts",
        "hosts": dict.fromkeys(messages, counts),
        "failures": {host: ["Gathering Facts", text] for host, text in messages.items()},
    }


def waiting(session: Session) -> list[str]:
    query = select(Host.name).where(Host.key_scan_requested_at.is_not(None))
    return list(session.scalars(query.order_by(Host.name)))


@pytest.fixture
def running(session: Session) -> Job:
    inventory = factories.make_host("web1", variables="").inventory
    factories.make_host("web2", inventory=inventory, variables="")
    job = factories.make_job(template=factories.make_template(inventory=inventory))
    session.commit()
    assert lifecycle.claim(job.id, "here") == 1
    return job
