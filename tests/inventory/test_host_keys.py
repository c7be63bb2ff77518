import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core.errors import AopsError
from aops.inventory import addresses, host_keys, keyscan, known_hosts, services, tasks
from aops.inventory.keyscan import Scan, ScanProblem
from aops.inventory.models import Host, HostKey, Inventory, KeyTrust
from tests.factories import make_group, make_host, make_inventory
from tests.inventory.keys import public_key
from tests.services.sshd import SshHosts


def test_a_task_fetches_the_keys_of_a_real_server(session: Session, ssh_hosts: SshHosts) -> None:
    server = ssh_hosts.hosts[0]
    variables = f"ansible_host: {server.address}\nansible_port: {server.port}\n"
    host = make_host("web1", variables=variables)
    host_keys.request_keys(host)

    tasks.scan_host_keys.run(host.id)

    key = session.scalars(select(HostKey)).one()
    assert known_hosts.line(key.address, key.key_type, key.public_key) == (
        f"{server.known_hosts_line}\n"
    )
    assert key.trust is KeyTrust.OFFERED
    session.refresh(host)
    assert host.key_scan_requested_at is None
    assert host.keys_scanned_at is not None


def test_a_task_for_a_host_that_is_gone_does_nothing(session: Session) -> None:
    tasks.scan_host_keys.run(999_999)

    assert session.scalars(select(HostKey)).all() == []


def test_no_transaction_is_open_while_the_network_is_waited_for(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = make_host("web1", variables="")
    host_keys.request_keys(host)
    open_ones: list[bool] = []

    def scan(_address: str | None, _port: int) -> Scan:
        open_ones.append(session.in_transaction())
        return Scan(problem=ScanProblem.NO_ANSWER)

    monkeypatch.setattr(keyscan, "scan", scan)

    tasks.scan_host_keys.run(host.id)

    assert open_ones == [False]
    session.refresh(host)
    assert host.key_scan_error == "no_answer"


def test_asking_for_keys_wakes_a_worker_and_is_audited(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr("aops.core.celery.send", lambda *message: sent.append(message))
    host = make_host("web1", variables="")
    session.commit()

    host_keys.request_keys(host)
    before_commit = list(sent)
    session.commit()

    assert before_commit == []
    assert ("inventory.scan_host_keys", host.id) in sent
    actions = session.scalars(select(AuditEntry.action)).all()
    assert "host.keys_requested" in actions


def test_a_fetch_leaves_the_hosts_version_alone(session: Session) -> None:
    host = make_host("web1", variables="")
    before = (host.version, host.updated_at)

    host_keys.request_keys(host)
    _scan(host, Scan(keys=(public_key("a"),)))

    session.refresh(host)
    assert (host.version, host.updated_at) == before


def test_a_fetch_replaces_offers_and_keeps_what_is_accepted(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("rsa", "ssh-rsa"), public_key("old"))))
    accepted = _key(session, "rsa", "ssh-rsa")
    host_keys.accept_host_key(accepted, "arthur")

    _scan(host, Scan(keys=(public_key("new"),)))

    found = {(key.fingerprint, key.trust) for key in host_keys.keys_of(host)}
    assert found == {
        (public_key("rsa", "ssh-rsa").fingerprint, KeyTrust.ACCEPTED),
        (public_key("new").fingerprint, KeyTrust.OFFERED),
    }


def test_a_fetch_that_fails_keeps_everything(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("a"),)))

    _scan(host, Scan(problem=ScanProblem.NO_ANSWER))

    assert len(host_keys.keys_of(host)) == 1
    session.refresh(host)
    assert host.key_scan_error == "no_answer"


def test_runs_get_exactly_the_accepted_keys_of_enabled_hosts(session: Session) -> None:
    inventory = make_inventory()
    host = make_host("web1", inventory=inventory, variables="ansible_port: 2222")
    disabled = make_host("web2", inventory=inventory, variables="", enabled=False)
    _scan(host, Scan(keys=(public_key("a"), public_key("b", "ssh-rsa"))))
    _scan(disabled, Scan(keys=(public_key("c"),)))
    for seed in ("a", "c"):
        host_keys.accept_host_key(_key(session, seed), "arthur")

    text_ = services.known_hosts_for(inventory.id)

    assert text_ == f"[web1]:2222 ssh-ed25519 {public_key('a').text}\n"


def test_accepting_names_who_did_it_and_is_audited(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("a"),)))
    key = _key(session, "a")

    host_keys.accept_host_key(key, "arthur")

    assert (key.trust, key.trusted_by) == (KeyTrust.ACCEPTED, "arthur")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "host_key.updated")).one()
    assert public_key("a").fingerprint in entry.object_name
    assert '["offered", "accepted"]' in entry.changes


def test_a_changed_key_is_accepted_only_when_that_is_said(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("old"),)))
    host_keys.accept_host_key(_key(session, "old"), "arthur")
    _scan(host, Scan(keys=(public_key("new"),)))
    new = _key(session, "new")

    with pytest.raises(AopsError, match="differs"):
        host_keys.accept_host_key(new, "arthur")
    before = services.known_hosts_for(host.inventory_id)
    host_keys.accept_host_key(new, "arthur", replace=True)

    assert public_key("old").text in before
    assert services.known_hosts_for(host.inventory_id) == (
        f"web1 ssh-ed25519 {public_key('new').text}\n"
    )


def test_a_key_of_another_type_is_changed_where_the_accepted_one_is_gone(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("old"),)))
    host_keys.accept_host_key(_key(session, "old"), "arthur")
    _scan(host, Scan(keys=(public_key("new", "ssh-rsa"),)))
    new = _key(session, "new", "ssh-rsa")

    many = host_keys.accept_many([new.id], "arthur")
    with pytest.raises(AopsError, match="differs"):
        host_keys.accept_host_key(new, "arthur")
    before = services.known_hosts_for(host.inventory_id)
    host_keys.accept_host_key(new, "arthur", replace=True)

    assert many == (0, 1)
    assert before == f"web1 ssh-ed25519 {public_key('old').text}\n"
    assert services.known_hosts_for(host.inventory_id) == (
        f"web1 ssh-rsa {public_key('new', 'ssh-rsa').text}\n"
    )


def test_a_type_that_is_shown_beside_the_accepted_key_is_only_new(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("a"),)))
    host_keys.accept_host_key(_key(session, "a"), "arthur")
    _scan(host, Scan(keys=(public_key("b", "ssh-rsa"), public_key("a"))))
    added = _key(session, "b", "ssh-rsa")

    rivals = host_keys.rivals_of(added)
    many = host_keys.accept_many([added.id], "arthur")

    assert rivals == []
    assert many == (1, 0)


def test_a_key_that_is_shown_again_is_no_longer_contradicted(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("a"),)))
    host_keys.accept_host_key(_key(session, "a"), "arthur")
    _scan(host, Scan(keys=(public_key("b", "ssh-rsa"),)))

    _scan(host, Scan(keys=(public_key("a"), public_key("b", "ssh-rsa"))))

    assert host_keys.rivals_of(_key(session, "b", "ssh-rsa")) == []


def test_the_key_of_another_address_contradicts_nothing(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("a"),)))
    host_keys.accept_host_key(_key(session, "a"), "arthur")
    host.variables = "ansible_port: 2222"
    session.flush()

    _scan(host, Scan(keys=(public_key("b", "ssh-rsa"),)))

    assert host_keys.rivals_of(_key(session, "b", "ssh-rsa")) == []


def test_a_clock_that_was_set_back_hides_no_change(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("a"),)))
    accepted = _key(session, "a")
    host_keys.accept_host_key(accepted, "arthur")
    earlier = accepted.seen_at - timedelta(hours=1)
    monkeypatch.setattr("aops.core.clock.now", lambda: earlier)

    _scan(host, Scan(keys=(public_key("b", "ssh-rsa"),)))

    assert host_keys.rivals_of(_key(session, "b", "ssh-rsa")) == [accepted]


def test_a_run_trusts_no_other_type_where_a_key_is_accepted(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("a"), public_key("b", "ssh-rsa"))))
    host_keys.accept_host_key(_key(session, "a"), "arthur")
    before = services.known_hosts_for(host.inventory_id)

    line = known_hosts.line("web1", "ssh-rsa", public_key("b", "ssh-rsa").text)
    services.record_new_keys(host.inventory_id, before + line)

    assert services.known_hosts_for(host.inventory_id) == before
    assert host_keys.rivals_of(_key(session, "b", "ssh-rsa")) == [_key(session, "a")]


def test_a_forgotten_key_is_unknown_to_runs(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("a"),)))
    host_keys.accept_host_key(_key(session, "a"), "arthur")

    host_keys.forget_host_key(_key(session, "a"))

    assert services.known_hosts_for(host.inventory_id) == ""


def test_keys_that_a_run_accepted_are_kept(session: Session) -> None:
    inventory = make_inventory(accept_new_host_keys=True)
    group = make_group("g", inventory=inventory, variables="ansible_port: 2222\n")
    make_host("web1", inventory=inventory, variables="ansible_host: 10.0.0.1", groups=[group])
    make_host("WEB2", inventory=inventory, variables="")
    lines = (
        known_hosts.line("[10.0.0.1]:2222", "ssh-ed25519", public_key("a").text)
        + f"web2,10.0.0.9 ssh-ed25519 {public_key('b').text}\n"
        + known_hosts.line("jumphost", "ssh-ed25519", public_key("c").text)
        + "# comment\n|1|hashed= ssh-ed25519 AAAA\n@revoked web2 ssh-rsa AAAA\n"
        + "web2 ssh-ed25519 not-base64\nweb2 ssh-rsa "
        + f"{public_key('d').text}\nweb2\n\n"
    )

    services.record_new_keys(inventory.id, lines)
    services.record_new_keys(inventory.id, lines)

    keys = session.scalars(select(HostKey).order_by(HostKey.id)).all()
    assert [(key.host.name, key.address, key.trust) for key in keys] == [
        ("web1", "[10.0.0.1]:2222", KeyTrust.ACCEPTED),
        ("WEB2", "web2", KeyTrust.ACCEPTED),
    ]
    assert {key.trusted_by for key in keys} == {host_keys.ACCEPTED_BY_RUN}


def test_a_run_never_replaces_a_key_that_was_accepted(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("old"),)))
    host_keys.accept_host_key(_key(session, "old"), "arthur")

    line = known_hosts.line("web1", "ssh-ed25519", public_key("new").text)
    services.record_new_keys(host.inventory_id, line)

    assert _key(session, "new").trust is KeyTrust.OFFERED
    assert public_key("new").text not in services.known_hosts_for(host.inventory_id)


@pytest.mark.parametrize(
    "address", ["[localhost,*]:33922", "web*", "web1,web2", "!web1", "|1|a=", "@cert-authority *"]
)
@pytest.mark.parametrize("trust", list(KeyTrust))
def test_a_stored_key_for_a_pattern_of_hosts_reaches_no_run(
    trust: KeyTrust, address: str, session: Session
) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("a"), public_key("b", "ssh-rsa"))))
    stored, good = host_keys.keys_of(host)
    stored.address, stored.trust = address, trust
    host_keys.accept_host_key(good, "arthur")

    text_ = services.known_hosts_for(host.inventory_id)

    assert text_ == known_hosts.line("web1", good.key_type, good.public_key)


def test_a_host_called_like_a_list_gets_no_keys(session: Session) -> None:
    host = make_host("localhost,*", variables="ansible_port: 33922")
    host_keys.request_keys(host)

    tasks.scan_host_keys.run(host.id)
    _scan(host, Scan(keys=(public_key("a"),)))
    line = f"localhost,*,,[localhost,*]:33922 ssh-ed25519 {public_key('b').text}\n"
    services.record_new_keys(host.inventory_id, line)

    assert host_keys.keys_of(host) == []


def test_why_a_fetch_from_a_host_called_like_a_list_brought_nothing(session: Session) -> None:
    host = make_host("localhost,*", variables="ansible_port: 33922")
    host_keys.request_keys(host)

    tasks.scan_host_keys.run(host.id)

    session.refresh(host)
    assert host.key_scan_error == ScanProblem.BAD_ADDRESS


@pytest.mark.parametrize("address", ["a,b", "*", "[a,*]:22", "a b", "!a", "|a", "#a", "@a"])
def test_no_line_of_known_hosts_is_written_for_several_hosts(address: str) -> None:
    with pytest.raises(ValueError, match=re.escape(address)):
        known_hosts.line(address, "ssh-ed25519", public_key("a").text)


def test_keys_go_with_their_host(session: Session) -> None:
    host = make_host("web1", variables="")
    _scan(host, Scan(keys=(public_key("a"),)))

    session.delete(host)
    session.flush()

    assert session.scalar(text("select count(*) from host_keys")) == 0


def test_addresses_are_asked_for_one_host_too(session: Session) -> None:
    inventory = make_inventory(variables="ansible_port: 2022\n")
    outer = make_group("outer", inventory=inventory, variables="ansible_host: 10.0.0.1\n")
    inner = make_group("inner", inventory=inventory, parents=[outer])
    host = make_host("web1", inventory=inventory, variables="", enabled=False, groups=[inner])
    lost = make_host("web2", inventory=inventory, variables="ansible_host: '{{ x }}'")

    assert services.connection_address(host) == ("10.0.0.1", 2022)
    assert services.connection_address(lost) is None
    assert session.get_one(Inventory, inventory.id) is inventory


def _scan(host: Host, scan: Scan) -> None:
    host_keys.store_scan(host.id, addresses.connection_of(host), scan)


def _key(session: Session, seed: str, key_type: str = "ssh-ed25519") -> HostKey:
    wanted = public_key(seed, key_type).fingerprint
    return session.scalars(select(HostKey).where(HostKey.fingerprint == wanted)).one()
