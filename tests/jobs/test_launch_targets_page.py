from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.inventory.filters.models import HostFilter
from aops.inventory.models import Host, Inventory
from aops.jobs.models import Job, JobTemplate
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient, form_values


def test_the_page_proposes_the_templates_filter_and_shows_its_hosts(
    client: ConsoleClient, oscar: User, template: JobTemplate, web: HostFilter
) -> None:
    template.host_filter = web
    client.sign_in(oscar)

    page = client.get(launch_url(template))

    assert hosts_on(page) == ["web1", "web2"]
    assert page.select_one("#host_filter option[selected]").text == "Web servers"
    assert "Launch on 2 hosts" in page.select_one("button.btn-primary").text
    assert "2 of 3 hosts" in page.text


def test_a_launch_on_a_filter_runs_on_the_hosts_that_were_shown(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate, web: HostFilter
) -> None:
    template.host_filter = web
    client.sign_in(oscar)

    client.submit(launch_url(template), {})

    job = session.scalars(select(Job)).one()
    assert (job.limit, job.limit_hosts, job.target_name) == ("web1\nweb2", 2, "Web servers")
    page = client.get(f"/jobs/{job.id}/")
    assert "2 hosts of filter “Web servers”" in page.text
    assert "2 hosts of filter “Web servers”" in client.get("/jobs/").text


def test_hosts_that_changed_since_are_shown_before_anything_runs(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate, web: HostFilter
) -> None:
    template.host_filter = web
    client.sign_in(oscar)
    form = form_values(client.get(launch_url(template)).select_one("main form"))
    factories.make_host("web9", inventory=template.inventory)
    session.commit()

    page = client._checked(client.post_raw(launch_url(template), form, code=200))

    assert "there are 3 now" in page.text
    assert hosts_on(page) == ["web1", "web2", "web9"]
    assert session.scalars(select(Job)).all() == []
    client.post_raw(launch_url(template), form_values(page.select_one("main form")), code=302)
    assert session.scalars(select(Job)).one().limit_hosts == 3


def test_a_filter_chosen_without_a_look_at_its_hosts_is_shown_first(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate, web: HostFilter
) -> None:
    client.sign_in(oscar)

    page = client._checked(
        client.submit(launch_url(template), {"host_filter": str(web.id)}, code=200)
    )

    assert "Look at them, then launch again" in page.text
    assert hosts_on(page) == ["web1", "web2"]
    assert session.scalars(select(Job)).all() == []


def test_a_filter_that_was_deleted_meanwhile_does_not_widen_the_launch(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate, web: HostFilter
) -> None:
    client.sign_in(oscar)
    url = launch_url(template)
    page = client._checked(
        client.submit(url, {"host_filter": str(web.id), "preview": "1"}, code=200)
    )
    form = form_values(page.select_one("main form"))
    session.delete(web)
    session.commit()

    page = client._checked(client.post_raw(url, form, code=200))

    assert "not offered" in page.text
    assert session.scalars(select(Job)).all() == []


def test_a_filter_of_another_inventory_is_not_offered(
    client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    other = factories.make_filter(inventory=factories.make_inventory(), name="Elsewhere")
    client.sign_in(oscar)

    answer = client.submit(launch_url(template), {"host_filter": str(other.id)}, code=200)

    assert "Elsewhere" not in answer.text
    assert "not offered" in answer.text


def test_a_job_is_run_again_on_its_hosts_or_on_others(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    first = factories.make_job(
        template=template, limit="web1\nweb2", limit_hosts=2, target_name="Web servers"
    )
    client.sign_in(oscar)
    url = f"{launch_url(template)}?from={first.id}"

    page = client.get(url)
    client.submit(url, {})
    wider = client._checked(client.submit(url, {"only_chosen": "", "preview": "1"}, code=200))

    assert f"Only the 2 hosts of job #{first.id}" in page.text
    again = session.scalars(select(Job).where(Job.id != first.id)).one()
    assert (again.limit, again.target_name) == ("web1\nweb2", "Web servers")
    assert hosts_on(wider) == ["db1", "web1", "web2"]


def test_what_is_being_put_together_is_answered_with_number_and_seal(
    client: ConsoleClient, oscar: User, template: JobTemplate, web: HostFilter
) -> None:
    client.sign_in(oscar)
    url = f"/templates/{template.id}/matching-hosts"

    part = client.fetch(f"{url}?limit=*1&host_filter={web.id}&only_chosen=&hosts=").text
    bad = client.fetch(f"{url}?limit=@x&only_chosen=").text
    everything = client.fetch(f"{url}?only_chosen=&limit=").text

    assert "1 of 3 hosts" in part
    assert "Launch on 1 host" in part
    assert 'name="seen" value=""' not in part
    assert "control node" in bad
    assert "3 of 3 hosts" in everything


def test_a_misspelt_host_of_a_limit_is_named(
    client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    client.sign_in(oscar)

    page = client.get(f"{launch_url(template)}?limit=web1,xx")
    live = client.fetch(
        f"/templates/{template.id}/matching-hosts", query_string={"limit": "web1,xx"}
    ).text

    assert "Matches nothing: xx" in page.text
    assert "Matches nothing: xx" in live
    assert "1 of 3 hosts" in live


def test_chosen_hosts_lead_through_a_template_to_a_job(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    factories.make_template(name="Fixed", inventory=template.inventory, ask_limit=False)
    ids = ids_of(session, "web2", "db1", "web3")
    client.sign_in(oscar)

    offers = client._checked(client.post("/templates/run-on", {"host_ids": ids}, code=200))
    form = offers.select_one("main form")
    page = client._checked(client.post_raw(launch_url(template), form_values(form), code=200))
    client.post_raw(launch_url(template), form_values(page.select_one("#launch-form")), code=302)

    assert "2 hosts of Shop" in offers.text
    assert "1 disabled host is left out" in offers.text
    assert [button.text.strip() for button in form.select("button")] == [template.name]
    assert hosts_on(page) == ["db1", "web2"]
    assert "Only the 2 chosen hosts" in page.text
    job = session.scalars(select(Job)).one()
    assert (job.limit, job.target_name) == ("db1\nweb2", "")


def test_the_list_of_hosts_leads_there(
    client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    client.sign_in(oscar)

    answer = client.post(
        "/hosts/bulk/", {"action": "run", "all": "1", "where": "search=web"}, code=307
    )
    offers = client.post(answer.headers["Location"], {"all": "1", "where": "search=web"}, code=200)

    assert "2 hosts of Shop" in offers.text


@pytest.mark.parametrize("given", [{}, {"host_ids": "x,-1,,99999999999999999999"}, {"host": "7e9"}])
def test_without_hosts_there_is_nothing_to_run_on(
    given: dict[str, str], client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    client.sign_in(oscar)

    answer = client.post("/templates/run-on", given)

    assert "Choose at least one" in client.get(answer.headers["Location"]).text


def test_a_template_that_fixes_its_hosts_takes_no_chosen_ones(
    session: Session, client: ConsoleClient, oscar: User, shop: Inventory
) -> None:
    fixed = factories.make_template(inventory=shop, limit="db1", ask_limit=False)
    client.sign_in(oscar)

    client.submit(launch_url(fixed), {"hosts": ids_of(session, "web1"), "only_chosen": "y"})

    job = session.scalars(select(Job)).one()
    assert (job.limit, job.limit_hosts) == ("db1", 0)


def test_a_template_keeps_a_filter_of_its_inventory_only(
    session: Session, client: ConsoleClient, arthur: User, template: JobTemplate, web: HostFilter
) -> None:
    other = factories.make_filter(inventory=factories.make_inventory())
    client.sign_in(arthur)
    url = f"/templates/edit/?id={template.id}"

    page = client._checked(client.submit(url, {"host_filter": str(other.id)}, code=200))
    client.submit(url, {"host_filter": str(web.id)})

    assert "another inventory" in page.select_one("#host_filter-error").text
    assert template.host_filter is web
    assert "Web servers" in client.get(f"/templates/details/?id={template.id}").text


def hosts_on(page: Any) -> list[str]:
    return [item.text for item in page.select(".host-list li")]


def launch_url(template: JobTemplate) -> str:
    return f"/templates/{template.id}/launch"


def ids_of(session: Session, *names: str) -> str:
    known = dict(session.execute(select(Host.name, Host.id)).all())  # type: ignore[arg-type]
    return ",".join(str(known[name]) for name in names)


@pytest.fixture
def shop(session: Session) -> Inventory:
    shop = factories.make_inventory(name="Shop")
    for name in ("db1", "web1", "web2"):
        factories.make_host(name, inventory=shop)
    factories.make_host("web3", inventory=shop, enabled=False)
    return shop


@pytest.fixture
def web(session: Session) -> HostFilter:
    return factories.make_filter("name ~ web*", name="Web servers")


@pytest.fixture
def template(shop: Inventory) -> JobTemplate:
    return factories.make_template(inventory=shop, ask_limit=True)
