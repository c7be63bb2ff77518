from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.inventory import addresses, host_keys, host_rows, services
from aops.inventory.keyscan import Scan, ScanProblem
from aops.inventory.models import Host, HostKey, Inventory, KeyTrust
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import make_host, make_inventory
from tests.inventory.keys import public_key


def test_the_page_sorts_hosts_by_what_is_to_be_done(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    _make_each_state()
    client.sign_in(arthur)

    tabs = [tab.text.split() for tab in client.get("/host-keys/").select(".tab")]
    hosts = {
        state: [
            link.text for link in client.get(f"/host-keys/?keys={state}").select("td .row-title")
        ]
        for state in ("to_check", "unknown", "accepted")
    }

    assert [tab[-1] for tab in tabs] == ["1", "1", "1", "2"]
    assert hosts == {
        "to_check": ["offered", "offered"],
        "unknown": ["unknown"],
        "accepted": ["accepted", "changed"],
    }


def test_ticked_keys_are_accepted_and_each_has_its_line_in_the_log(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    inventory = make_inventory()
    for name in ("web1", "web2", "web3"):
        _scan(make_host(name, inventory=inventory, variables=""), public_key(name))
    client.sign_in(arthur)

    page = client.get("/host-keys/?search=web")
    boxes = page.select("input[name=key_id]")
    fields = {"key_id": [box["value"] for box in boxes[:2]], "where": "search=web&keys=to_check"}
    answer = client.post("/host-keys/accept/", fields)

    assert len(boxes) == 3
    assert answer.headers["Location"] == "/host-keys/?search=web&keys=to_check"
    known = services.known_hosts_for(inventory.id)
    assert [public_key(name).text in known for name in ("web1", "web2", "web3")] == [
        True,
        True,
        False,
    ]
    lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "host_key.updated")).all()
    assert [line.actor_name for line in lines] == ["arthur", "arthur"]
    assert {line.object_name.split()[0] for line in lines} == {"web1", "web2"}
    assert "Keys that runs accept now: 2." in client.get("/host-keys/").text


def test_a_changed_key_has_no_box_and_is_not_accepted_among_others(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    inventory = _make_each_state()
    client.sign_in(arthur)
    before = services.known_hosts_for(inventory.id)
    offered = session.scalars(select(HostKey.id).where(HostKey.trust == KeyTrust.OFFERED)).all()

    page = client.get("/host-keys/?keys=changed")
    client.post("/host-keys/accept/", {"key_id": [str(key) for key in offered]})

    assert page.select("input[name=key_id]") == []
    warning = page.select_one(".changed-key").text
    assert public_key("old").fingerprint in warning
    assert public_key("new").fingerprint in warning
    after = services.known_hosts_for(inventory.id)
    assert set(before.splitlines()) < set(after.splitlines())
    assert public_key("new").text not in after
    assert "were left: 1." in client.get("/host-keys/").text


def test_a_key_of_another_type_instead_of_the_accepted_one_is_shown_as_changed_everywhere(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    host = make_host("web1", variables="")
    _scan(host, public_key("old"))
    [old] = host_keys.keys_of(host)
    host_keys.accept_host_key(old, "alice")
    _scan(host, public_key("new", "ssh-rsa"))
    client.sign_in(arthur)

    to_check = client.get("/host-keys/")
    changed = client.get("/host-keys/?keys=changed").select_one(".changed-key")
    own = client.get(f"/hosts/details/?id={host.id}").select_one("#keys .alert-danger")
    listed = host_rows.key_states([host.id])[host.id]

    assert to_check.select("td .row-title") == []
    for warning in (changed, own):
        assert "one of another type" in warning.text
        assert public_key("old").fingerprint in warning.text
        assert public_key("new", "ssh-rsa").fingerprint in warning.text
        assert warning.select_one("input[name=replace][required]") is not None
    assert (listed.accepted, listed.offered, listed.changed) == (1, 0, 1)


def test_a_changed_key_is_replaced_by_itself_and_only_with_a_tick(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    inventory = _make_each_state()
    new = session.scalars(
        select(HostKey).where(HostKey.fingerprint == public_key("new").fingerprint)
    ).one()
    client.sign_in(arthur)

    client.post(f"/host-keys/{new.id}/replace/")
    untouched = services.known_hosts_for(inventory.id)
    client.post(f"/host-keys/{new.id}/replace/", {"replace": "1"})

    assert public_key("old").text in untouched
    known = services.known_hosts_for(inventory.id)
    assert public_key("new").text in known
    assert public_key("old").text not in known


def test_two_keys_of_one_kind_for_one_address_are_not_both_accepted(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    host = make_host("web1", variables="")
    _scan(host, public_key("a"), public_key("b"))
    client.sign_in(arthur)

    keys = [str(key) for key in session.scalars(select(HostKey.id))]
    client.post("/host-keys/accept/", {"key_id": keys})

    trusts = session.scalars(select(HostKey.trust).order_by(HostKey.id)).all()
    assert trusts == [KeyTrust.ACCEPTED, KeyTrust.OFFERED]


def test_ticked_keys_are_rejected_and_accepted_ones_stay(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    _make_each_state()
    client.sign_in(arthur)

    keys = [str(key) for key in session.scalars(select(HostKey.id))]
    client.post("/host-keys/reject/", {"key_id": keys})

    assert set(session.scalars(select(HostKey.trust))) == {KeyTrust.ACCEPTED}


@pytest.mark.parametrize("verb", ["accept", "reject"])
@pytest.mark.parametrize("keys", [[], ["x"], ["-1"], ["9" * 40]])
def test_no_tick_is_no_decision(
    verb: str, keys: list[str], client: ConsoleClient, arthur: User
) -> None:
    client.sign_in(arthur)

    client.post(f"/host-keys/{verb}/", {"key_id": keys})

    assert "tick at least one" in client.get("/host-keys/").select_one(".alert-danger").text


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize(
    ("data", "asked"),
    [
        ({"all": "1", "where": "keys=unknown"}, {"unknown", "elsewhere"}),
        (
            {"all": "1", "where": "inventory={inventory}"},
            {"accepted", "changed", "offered", "unknown"},
        ),
        ({"host": "{offered}"}, {"offered"}),
    ],
)
def test_keys_are_fetched_from_ticked_hosts_or_all_that_match(
    data: dict[str, str], asked: set[str], client: ConsoleClient, arthur: User, session: Session
) -> None:
    inventory = _make_each_state()
    make_host("elsewhere")
    offered = session.scalars(select(Host).where(Host.name == "offered")).one()
    client.sign_in(arthur)

    ids = {"inventory": inventory.id, "offered": offered.id}
    client.post("/host-keys/fetch/", {name: text.format(**ids) for name, text in data.items()})
    page = client.get("/host-keys/")

    waiting = select(Host.name).where(Host.key_scan_requested_at.is_not(None))
    assert set(session.scalars(waiting)) == asked
    assert page.select_one("meta[http-equiv=refresh]") is not None
    assert "A worker is fetching" in page.text


def test_a_host_that_did_not_answer_says_why(client: ConsoleClient, arthur: User) -> None:
    host = make_host("web1", variables="")
    host_keys.store_scan(
        host.id, addresses.connection_of(host), Scan(problem=ScanProblem.UNKNOWN_NAME)
    )
    client.sign_in(arthur)

    page = client.get("/host-keys/?keys=unknown")

    assert "The name has no address" in page.select_one("tbody").text


def test_the_bulk_action_leads_to_the_keys_of_the_ticked_hosts(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    inventory = make_inventory()
    hosts = [make_host(name, inventory=inventory, variables="") for name in ("web1", "web2")]
    for host in hosts:
        _scan(host, public_key(host.name))
    client.sign_in(arthur)

    answer = client.post("/hosts/bulk/", {"action": "approve-keys", "host": [hosts[0].id]})
    page = client.get(answer.headers["Location"])

    assert [link.text for link in page.select("td .row-title")] == ["web1"]


def test_an_operator_sees_fingerprints_and_decides_nothing(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    _make_each_state()
    key = session.scalars(select(HostKey.id)).first()
    client.sign_in(oscar)

    page = client.get("/host-keys/")
    changed = client.get("/host-keys/?keys=changed")

    assert public_key("offered").fingerprint in page.text
    assert page.select("main form[method=post]") == changed.select("main form[method=post]") == []
    for url in ("accept/", "reject/", "fetch/", f"{key}/replace/"):
        client.post(f"/host-keys/{url}", {"key_id": [str(key)]}, code=403)


@pytest.mark.parametrize("key", ["999999", "99999999999999999999"])
def test_a_key_that_is_gone_is_answered_with_404(
    key: str, client: ConsoleClient, arthur: User
) -> None:
    client.sign_in(arthur)

    client.post(f"/host-keys/{key}/replace/", {"replace": "1"}, code=404)


def _make_each_state() -> Inventory:
    inventory = make_inventory()
    hosts: dict[str, Any] = {
        name: make_host(name, inventory=inventory, variables="")
        for name in ("unknown", "offered", "changed", "accepted")
    }
    _scan(hosts["offered"], public_key("offered"), public_key("rsa", "ssh-rsa"))
    _scan(hosts["accepted"], public_key("accepted"))
    _scan(hosts["changed"], public_key("old"))
    for name in ("accepted", "changed"):
        [key] = host_keys.keys_of(hosts[name])
        host_keys.accept_host_key(key, "alice")
    _scan(hosts["changed"], public_key("new"))
    return inventory


def _scan(host: Host, *keys: object) -> None:
    host_keys.store_scan(host.id, addresses.connection_of(host), Scan(keys=keys))


@pytest.fixture
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aops.core.celery.send", lambda *_message: None)
