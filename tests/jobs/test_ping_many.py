from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.core.errors import AopsError
from aops.inventory.models import Host, HostLabel
from aops.jobs import ping, ping_many, targets
from aops.jobs.models import Job, JobStatus
from aops.users.models import User
from tests.console import ConsoleClient, form_values
from tests.factories import (
    make_credential,
    make_group,
    make_host,
    make_inventory,
    make_job,
    make_template,
)


def test_ticked_hosts_are_pinged_by_one_job_after_a_confirmation(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    web1, web2, web3 = _hosts("web1", "web2", "web3")
    web3.enabled = False
    make_host("web4", inventory=web1.inventory)
    client.sign_in(oscar)

    page = _ask(client, host=[web1.id, web2.id, web3.id])
    before = session.scalars(select(Job)).all()
    answer = _confirm(client, page)

    assert "2 hosts" in page.h1.text
    assert "2 hosts" in page.select_one(".save-bar .btn-primary").text
    assert "1 disabled host is left out" in page.select_one(".form .panel-head").text
    assert page.select_one("#bulk-names").text.strip() == "web1, web2"
    assert before == []
    [job] = session.scalars(select(Job)).all()
    assert answer.headers["Location"] == f"/jobs/{job.id}/"
    assert (job.name, job.status) == ("Ping 2 hosts", JobStatus.PENDING)
    assert (job.limit, job.limit_hosts, job.forks) == ("web1\nweb2", 2, 2)
    assert job.revision.content == ping.CONTENT


@pytest.mark.parametrize(
    "choice",
    [
        {"all": "1", "where": "search=web"},
        {"all": "1", "where": "label=prod"},
        {"all": "1", "where": "group=blue"},
        {"names": "web1\nweb2 nobody"},
        {"pattern": "web*", "inventory": "{inventory}"},
    ],
    ids=repr,
)
def test_hosts_chosen_in_any_way_are_pinged(
    choice: dict[str, str], client: ConsoleClient, oscar: User, session: Session
) -> None:
    web1, web2, db1 = _hosts("web1", "web2", "db1")
    make_group("blue", inventory=web1.inventory, hosts=[web1, web2])
    for host in (web1, web2):
        host.labels = [HostLabel(name="prod")]
    client.sign_in(oscar)

    filled = {name: text.format(inventory=db1.inventory_id) for name, text in choice.items()}
    page = _ask(client, **filled)
    _confirm(client, page)

    assert targets.pinned(session.scalars(select(Job)).one()) == ["web1", "web2"]
    assert ("nobody" in page.text) is ("names" in choice)


def test_hosts_of_several_inventories_get_a_job_each_with_their_own_credentials(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    [web1] = _hosts("web1")
    db1 = make_host("db1", inventory=make_inventory(name="Warehouse"))
    login = make_credential()
    make_job(template=make_template(inventory=web1.inventory, credentials=[login]))
    client.sign_in(oscar)

    answer = _confirm(client, _ask(client, host=[web1.id, db1.id]))

    assert answer.headers["Location"] == "/jobs/"
    jobs = session.scalars(select(Job).where(Job.name.like("Ping %"))).all()
    logins = {(job.inventory_name, job.limit): [*job.credentials] for job in jobs}
    assert logins == {
        (web1.inventory.name, "web1"): [login],
        ("Warehouse", "db1"): [],
    }
    assert "2 pings were launched" in client.get("/jobs/").select_one(".alert-success").text


def test_hosts_that_changed_meanwhile_are_shown_again(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    [web1] = _hosts("web1")
    client.sign_in(oscar)
    page = _ask(client, all="1", where="search=web")
    make_host("web2", inventory=web1.inventory)
    session.commit()

    again = BeautifulSoup(_confirm(client, page, code=200).text, "html5lib")
    launched = session.scalars(select(Job)).all()
    _confirm(client, again)

    assert "Nothing was launched" in again.select_one(".alert-warning").text
    assert "2 hosts" in again.h1.text
    assert launched == []
    assert session.scalars(select(Job)).one().limit == "web1\nweb2"


def test_the_same_confirmation_sent_twice_is_one_job(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    [web1] = _hosts("web1")
    client.sign_in(oscar)
    page = _ask(client, host=[web1.id])

    first, second = _confirm(client, page), _confirm(client, page)

    assert first.headers["Location"] == second.headers["Location"]
    assert len(session.scalars(select(Job)).all()) == 1


def test_two_credentials_that_log_in_are_refused_at_their_field(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    [web1] = _hosts("web1")
    both = [str(make_credential().id), str(make_credential().id)]
    client.sign_in(oscar)

    name = f"of-{web1.inventory_id}-credentials"
    answer = _confirm(client, _ask(client, host=[web1.id]), code=200, **{name: both})

    page = BeautifulSoup(answer.text, "html5lib")
    assert "both log in to hosts" in page.select_one(f"#{name}-error").text
    assert session.scalars(select(Job)).all() == []


@pytest.mark.parametrize(
    "data", [{}, {"host": ["x", "99999999999"]}, {"all": "1", "where": "search=nothing"}], ids=repr
)
def test_no_host_is_no_ping(data: dict[str, Any], client: ConsoleClient, oscar: User) -> None:
    client.sign_in(oscar)

    client.post("/jobs/ping/", data)

    assert "Choose at least one" in client.get("/hosts/").select_one(".alert-danger").text


def test_disabled_hosts_alone_are_refused(client: ConsoleClient, oscar: User) -> None:
    [web1] = _hosts("web1")
    web1.enabled = False
    client.sign_in(oscar)

    answer = client.post("/jobs/ping/", {"host": [web1.id], "where": "search=web"})

    assert answer.headers["Location"] == "/hosts/?search=web"
    assert "enabled" in client.get("/hosts/").select_one(".alert-danger").text


def test_hosts_of_too_many_inventories_are_refused(
    client: ConsoleClient, oscar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ping_many, "MAX_INVENTORIES", 1)
    hosts = [make_host("web1"), make_host("web2")]
    client.sign_in(oscar)

    client.post("/jobs/ping/", {"host": [host.id for host in hosts]})

    assert "2 inventories" in client.get("/hosts/").select_one(".alert-danger").text


def test_a_name_that_ansible_reads_as_an_exclusion_is_refused(oscar: User) -> None:
    odd = make_host("!web1")

    with pytest.raises(AopsError, match="!web1"):
        ping.ping_hosts(odd.inventory, ["!web1"], oscar, [], launch_key="key")


def test_many_hosts_get_more_time_but_not_without_end(oscar: User) -> None:
    inventory = make_inventory()

    times = [
        ping.ping_hosts(
            inventory, [f"web{n}" for n in range(number)], oscar, [], launch_key=str(number)
        ).timeout
        for number in (1, 20, 21, 10_000, 200_000)
    ]

    assert times == [120, 120, 135, 120 + 499 * 15, 4 * 3600]


@pytest.mark.parametrize("kind", ["groups", "inventories"])
def test_all_hosts_of_a_group_or_an_inventory_are_pinged_from_its_page(
    kind: str, client: ConsoleClient, oscar: User, session: Session
) -> None:
    web1, web2 = _hosts("web1", "web2")
    inner = make_group("inner", inventory=web1.inventory, hosts=[web1, web2])
    outer = make_group("outer", inventory=web1.inventory, children=[inner])
    key = outer.id if kind == "groups" else web1.inventory_id
    client.sign_in(oscar)

    button = client.get(f"/{kind}/details/?id={key}").select_one("a[href^='/jobs/ping/']")
    _confirm(client, client.get(button["href"]))

    assert session.scalars(select(Job)).one().limit == "web1\nweb2"


@pytest.mark.parametrize("kind", ["groups", "inventories"])
def test_where_no_host_is_there_is_no_button(kind: str, client: ConsoleClient, oscar: User) -> None:
    inventory = make_inventory()
    key = make_group("empty", inventory=inventory).id if kind == "groups" else inventory.id
    client.sign_in(oscar)

    page = client.get(f"/{kind}/details/?id={key}")

    assert page.select("a[href^='/jobs/ping/']") == []


@pytest.mark.parametrize("kind", ["groups", "inventories"])
def test_a_viewer_finds_no_button(kind: str, client: ConsoleClient, victor: User) -> None:
    [web1] = _hosts("web1")
    group = make_group("blue", inventory=web1.inventory, hosts=[web1])
    key = group.id if kind == "groups" else web1.inventory_id
    client.sign_in(victor)

    page = client.get(f"/{kind}/details/?id={key}")

    assert page.select("a[href^='/jobs/ping/']") == []


def test_a_ping_of_many_can_be_repeated_from_its_page(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    web1, web2, web3 = _hosts("web1", "web2", "web3")
    login = make_credential()
    names = ["web1", "web2", "web3"]
    first = ping.ping_hosts(web1.inventory, names, oscar, [login], launch_key="key")
    first.status = JobStatus.FAILED
    web2.enabled = False
    session.delete(web3)
    client.sign_in(oscar)

    button = client.get(f"/jobs/{first.id}/").select_one("a[href^='/jobs/ping/']")
    page = client.get(button["href"])
    _confirm(client, page)

    second = session.scalars(select(Job).order_by(Job.id.desc())).first()
    assert "web3" in page.select_one("#bulk-unknown").text
    assert (second.relaunch_of_id, second.limit) == (first.id, "web1")
    assert [*second.credentials] == [login]


def test_a_viewer_is_refused_and_not_offered_it(client: ConsoleClient, victor: User) -> None:
    [web1] = _hosts("web1")
    client.sign_in(victor)

    client.post("/hosts/bulk/", {"action": "ping", "host": [web1.id]}, code=403)
    client.post("/jobs/ping/", {"host": [web1.id]}, code=403)

    assert client.get("/hosts/").select("option[value=ping]") == []


def test_an_operator_finds_it_among_the_bulk_actions(client: ConsoleClient, oscar: User) -> None:
    _hosts("web1")
    client.sign_in(oscar)

    for url in ("/hosts/", "/hosts/bulk/"):
        assert client.get(url).select_one("option[value=ping]") is not None


def _hosts(*names: str) -> list[Host]:
    inventory = make_inventory()
    return [make_host(name, inventory=inventory) for name in names]


def _ask(client: ConsoleClient, **data: Any) -> BeautifulSoup:
    """Follow the bulk action to the page that asks, as a browser does: with the form."""
    sent = {"action": "ping"} | data
    answer = client.post("/hosts/bulk/", sent, code=307)
    return BeautifulSoup(client.post(answer.headers["Location"], sent, code=200).text, "html5lib")


def _confirm(client: ConsoleClient, page: BeautifulSoup, code: int = 302, **data: Any) -> Any:
    form = page.select_one("main form[method=post]")
    values = form_values(form)
    values["host"] = [field["value"] for field in form.select("input[name=host]")]
    return client.post_raw(form["action"], values | data, code)
