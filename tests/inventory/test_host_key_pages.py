from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.core import clock
from aops.inventory import addresses, host_keys, services
from aops.inventory.keyscan import Scan, ScanProblem
from aops.inventory.models import Host, HostKey, KeyTrust
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import make_host
from tests.inventory.keys import public_key


def test_the_page_waits_for_the_keys_and_then_offers_them(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    host = make_host("web1", variables="")
    client.sign_in(arthur)
    quiet = client.get(f"/hosts/details/?id={host.id}")

    client.post(f"/hosts/{host.id}/keys/fetch/")
    waiting = client.get(f"/hosts/details/?id={host.id}")
    _scan(host, public_key("a"))
    session.commit()
    ready = client.get(f"/hosts/details/?id={host.id}")

    assert "None yet" in quiet.select_one("#keys").text
    assert waiting.select_one("meta[http-equiv=refresh]") is not None
    assert "Fetching" in waiting.select_one("#keys [role=status]").text
    assert ready.select_one("meta[http-equiv=refresh]") is None
    assert public_key("a").fingerprint in ready.select_one("#keys").text


def test_the_page_loads_itself_again_where_the_address_leads_to_the_keys(
    client: ConsoleClient, arthur: User
) -> None:
    host = make_host("web1", variables="")
    client.sign_in(arthur)

    answer = client.post(f"/hosts/{host.id}/keys/fetch/")
    address, _, fragment = answer.location.partition("#")
    meta = client.get(f"{address}&url=%2Fhosts%2F%22").select_one("meta[http-equiv=refresh]")

    assert fragment == "keys"
    assert meta["content"] == f"2; url={address}&url=%2Fhosts%2F%22"


def test_the_page_says_when_no_worker_answers(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    host = make_host("web1", variables="")
    host.key_scan_requested_at = clock.now() - timedelta(minutes=2)
    client.sign_in(arthur)

    page = client.get(f"/hosts/details/?id={host.id}")

    assert page.select_one("meta[http-equiv=refresh]") is None
    assert "No worker has answered" in page.select_one("#keys .alert").text


@pytest.mark.parametrize("problem", [problem for problem in ScanProblem if problem])
def test_the_page_says_why_a_fetch_brought_nothing(
    problem: ScanProblem, client: ConsoleClient, arthur: User
) -> None:
    host = make_host("web1", variables="")
    host_keys.store_scan(host.id, addresses.connection_of(host), Scan(problem=problem))
    client.sign_in(arthur)

    page = client.get(f"/hosts/details/?id={host.id}")

    sentence = page.select_one("#keys .alert").text.split("No keys could be fetched.")[1]
    assert len(sentence.strip()) > 20


def test_one_key_is_accepted_and_another_rejected(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    host = make_host("web1", variables="")
    _scan(host, public_key("a"), public_key("b", "ssh-rsa"))
    good, bad = session.scalars(select(HostKey).order_by(HostKey.id)).all()
    client.sign_in(arthur)

    client.post(f"/hosts/keys/{good.id}/accept/")
    client.post(f"/hosts/keys/{bad.id}/forget/")

    key = session.scalars(select(HostKey)).one()
    assert (key.trust, key.trusted_by) == (KeyTrust.ACCEPTED, "arthur")
    assert public_key("a").text in services.known_hosts_for(host.inventory_id)


def test_all_new_keys_are_accepted_at_once_but_only_those_that_were_shown(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    host = make_host("web1", variables="")
    _scan(host, public_key("a"), public_key("b", "ssh-rsa"))
    shown = session.scalars(select(HostKey.id)).all()
    client.sign_in(arthur)
    page = client.get(f"/hosts/details/?id={host.id}")
    _scan(host, public_key("a"), public_key("b", "ssh-rsa"), public_key("c", "ssh-dss"))
    session.commit()

    fields = page.select("form[action$='/keys/accept/'] input[name=key_id]")
    client.post(f"/hosts/{host.id}/keys/accept/", {"key_id": [field["value"] for field in fields]})

    accepted = select(HostKey.id).where(HostKey.trust == KeyTrust.ACCEPTED)
    assert sorted(session.scalars(accepted)) == sorted(shown)


def test_a_changed_key_is_shown_loudly_and_needs_a_tick(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    host = make_host("web1", variables="")
    _scan(host, public_key("old"))
    host_keys.accept_host_key(session.scalars(select(HostKey)).one(), "arthur")
    _scan(host, public_key("new"))
    new = session.scalars(select(HostKey).where(HostKey.trust == KeyTrust.OFFERED)).one()
    client.sign_in(arthur)

    page = client.get(f"/hosts/details/?id={host.id}")
    client.post(f"/hosts/keys/{new.id}/accept/")
    untouched = services.known_hosts_for(host.inventory_id)
    client.post(f"/hosts/{host.id}/keys/accept/", {"key_id": [str(new.id)]})
    still = services.known_hosts_for(host.inventory_id)
    client.post(f"/hosts/keys/{new.id}/accept/", {"replace": "1"})

    warning = page.select_one("#keys .alert-danger")
    assert "CHANGED" in warning.text
    assert public_key("old").fingerprint in warning.text
    assert public_key("new").fingerprint in warning.text
    assert warning.select_one("input[name=replace][required]") is not None
    assert public_key("old").text in untouched
    assert still == untouched
    assert public_key("new").text in services.known_hosts_for(host.inventory_id)
    assert public_key("old").text not in services.known_hosts_for(host.inventory_id)


def test_a_host_whose_name_is_no_address_says_what_to_do(
    client: ConsoleClient, arthur: User
) -> None:
    host = make_host("a,b", variables="")
    client.sign_in(arthur)

    page = client.get(f"/hosts/details/?id={host.id}")

    assert "“a,b” is no host name or IP address. Set ansible_host." in page.text
    assert "Set ansible_host to the host name" in page.select_one("#keys .alert-warning").text
    assert "None yet." not in page.select_one("#keys").text
    assert page.select("#keys form") == []


def test_a_local_host_needs_no_key(client: ConsoleClient, arthur: User) -> None:
    host = make_host("web1", variables="ansible_connection: local")
    client.sign_in(arthur)

    page = client.get(f"/hosts/details/?id={host.id}")

    assert "no key is needed" in page.select_one("#keys").text
    assert page.select("#keys form") == []


def test_an_operator_sees_fingerprints_and_decides_nothing(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    host = make_host("web1", variables="")
    _scan(host, public_key("a"))
    key = session.scalars(select(HostKey)).one()
    client.sign_in(oscar)

    page = client.get(f"/hosts/details/?id={host.id}")
    client.post(f"/hosts/keys/{key.id}/accept/", code=403)
    client.post(f"/hosts/keys/{key.id}/forget/", code=403)
    client.post(f"/hosts/{host.id}/keys/accept/", code=403)

    assert public_key("a").fingerprint in page.select_one("#keys").text
    assert page.select("#keys form") == []
    session.refresh(key)
    assert key.trust is KeyTrust.OFFERED


def test_the_list_tells_which_hosts_wait_for_a_decision(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    for name in ("accepted", "offered"):
        _scan(make_host(name, variables=""), public_key(name))
    key = session.scalars(select(HostKey).where(HostKey.address == "accepted")).one()
    host_keys.accept_host_key(key, "arthur")
    client.sign_in(arthur)

    page = client.get("/hosts/")

    cells = [cell.text.strip() for cell in page.select("td.col-keys")]
    assert cells == ["accepted", "1 to check"]


def _scan(host: Host, *keys: object) -> None:
    host_keys.store_scan(host.id, addresses.connection_of(host), Scan(keys=keys))
