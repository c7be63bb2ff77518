"""Refreshes from the question to the stored result, with real scripts in the real sandbox."""

from __future__ import annotations

import psutil
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.credentials.models import Credential, CredentialType
from aops.inventory import generation
from aops.inventory.models import Host
from aops.inventory.sources import claims, refreshing, tasks
from aops.inventory.sources.models import (
    InventorySource,
    RefreshStatus,
    SourceHost,
    SourceKind,
    SourceRefresh,
)
from tests import factories
from tests.inventory.sources.scripts import PYTHON, make_source, printing

SECRET = "canary-of-a-source-4711"

TALKATIVE = f"""{PYTHON}
import json, os, subprocess, sys
quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
subprocess.Popen(["sleep", "86399"], start_new_session=True, **quiet)
print("asking with", os.environ["CLOUD_TOKEN"], file=sys.stderr)
print("as json", json.dumps(os.environ["CLOUD_TOKEN"]), file=sys.stderr)
print("names:", sorted(name for name in os.environ if "AOPS" in name), file=sys.stderr)
hosts = {{"web1": {{"rack": "A", "size": 3}}, "web2": {{}}}}
print(json.dumps({{"_meta": {{"hostvars": hosts}}, "web": {{"hosts": list(hosts)}}}}))
"""

BAD = {
    "exits": f"{PYTHON}\nimport os, sys\nsys.exit('no: ' + os.environ['CLOUD_TOKEN'])\n",
    "is no JSON": "#!/bin/sh\necho hello\n",
    "gives no hosts": printing({"_meta": {"hostvars": {}}, "web": {"hosts": []}}),
    "sleeps": "#!/bin/sh\nsleep 86398 & sleep 86398\n",
    "floods": "#!/bin/sh\nyes flood-of-a-source | head -c 1000000000\n",
    "floods on the side": "#!/bin/sh\nyes flood-of-a-source | head -c 1000000000 >&2\nexit 1\n",
}


def test_a_script_fills_an_inventory_and_its_secrets_stay_hidden(session: Session) -> None:
    source = make_source(content=TALKATIVE, credentials=[cloud_key()])

    refresh = refreshed(session, source)

    assert refresh.status is RefreshStatus.SUCCESSFUL, refresh.error
    numbers = {name: refresh.counts[name] for name in ("hosts_added", "groups_added", "kept")}
    assert (refresh.hosts, numbers) == (2, {"hosts_added": 2, "groups_added": 1, "kept": 0})
    hosts = session.scalars(select(Host).order_by(Host.name)).all()
    assert [(one.name, one.variables) for one in hosts] == [
        ("web1", "rack: A\nsize: 3\n"),
        ("web2", ""),
    ]
    assert [str(group) for group in hosts[0].groups] == ["web"]
    assert {one.host_id for one in session.scalars(select(SourceHost))} == {one.id for one in hosts}
    assert "asking with ********" in refresh.output
    assert "names: []" in refresh.output
    assert SECRET not in refresh.output
    assert source.credentials[0].last_used_at is not None
    assert not still_running("sleep", "86399")


def test_a_bad_answer_changes_nothing_and_says_why(session: Session) -> None:
    source = make_source(credentials=[cloud_key()], timeout=3)
    factories.make_host("mine", inventory=source.inventory)
    before = generation.of(source.inventory_id)

    refreshes = {}
    for name, script in BAD.items():
        source.content = script
        refreshes[name] = refreshed(session, source)

    for name, refresh in refreshes.items():
        assert refresh.status is RefreshStatus.FAILED, name
        assert refresh.error, name
        assert refresh.changes is None, name
        assert len(refresh.output) < 50_000, name
        assert SECRET not in refresh.output + refresh.error, name
    assert "no: ********" in refreshes["exits"].output + refreshes["exits"].error
    assert generation.of(source.inventory_id) == before
    assert [host.name for host in session.scalars(select(Host))] == ["mine"]
    assert source.refreshed_at is None
    assert not still_running("sleep", "86398")
    assert not still_running("yes", "flood-of-a-source")


def test_a_plugin_is_asked_as_ansible_asks_it(session: Session) -> None:
    source = make_source(
        kind=SourceKind.PLUGIN,
        content="plugin: ansible.builtin.generator\n"
        "hosts:\n  name: 'web{{ number }}'\nlayers:\n  number: [1, 2]\n",
    )

    refresh = refreshed(session, source)

    assert refresh.status is RefreshStatus.SUCCESSFUL, refresh.error
    assert session.scalars(select(Host.name).order_by(Host.name)).all() == ["web1", "web2"]


def test_a_credential_that_cannot_be_read_fails_the_refresh(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = cloud_key()
    source = make_source(credentials=[credential])
    credential.type = CredentialType.MACHINE
    session.flush()

    refresh = refreshed(session, source)

    assert refresh.status is RefreshStatus.FAILED
    assert "holds no environment variables" in refresh.error


def test_a_mistake_of_our_own_ends_the_refresh_too(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source()

    def broken(_question: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(refreshing, "ask", broken)

    refresh = refreshed(session, source)

    assert refresh.status is RefreshStatus.FAILED
    assert "aops itself failed" in refresh.error
    assert source.refreshing_id is None


def test_a_second_process_leaves_the_work_to_the_first(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source()
    claims.request(source.id, "alice")
    session.commit()

    with tasks._alone():
        tasks.refresh_waiting()
    waiting = claims.waiting_of(source.id)
    monkeypatch.setattr(tasks, "_carry", lambda *_: None)
    tasks.refresh_waiting()

    assert waiting is not None
    assert claims.waiting_of(source.id) is None


def test_the_scheduled_look_asks_for_what_is_due_and_does_it(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source(interval_minutes=10)
    session.commit()
    carried = []
    monkeypatch.setattr(tasks, "_carry", lambda claim, _started: carried.append(claim.source_id))

    tasks.look_after_sources.run()

    assert carried == [source.id]


def refreshed(session: Session, source: InventorySource) -> SourceRefresh:
    """Ask for a refresh, have a worker do it, and give it."""
    number = claims.request(source.id, "oscar")
    session.commit()
    assert tasks.refresh_next()
    return session.get_one(SourceRefresh, number, populate_existing=True)


def cloud_key() -> Credential:
    return factories.make_credential(
        type=CredentialType.ENVIRONMENT,
        username="",
        password=None,
        environment=f"CLOUD_TOKEN={SECRET}\n",
    )


def still_running(*command: str) -> bool:
    return any(
        tuple(process.info["cmdline"] or ())[: len(command)] == command
        for process in psutil.process_iter(["cmdline"])
    )
