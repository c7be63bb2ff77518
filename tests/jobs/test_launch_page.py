from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.inventory.models import Inventory
from aops.jobs.models import Job, JobTemplate
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient, form_values
from tests.inventory.sources.scripts import make_source

ASK_ALL = {"ask_limit": True, "ask_tags": True, "ask_vars": True, "ask_modes": True}


def test_the_page_says_what_a_launch_would_touch(
    client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    client.sign_in(oscar)

    page = client.get(f"/templates/{template.id}/launch")

    assert hosts_on(page) == ["db1", "web1", "web2"]
    assert "Launch on 3 hosts" in page.select_one("button.btn-primary").text


@pytest.mark.parametrize("refreshes", [True, False])
def test_the_page_says_when_sources_are_refreshed_first(
    client: ConsoleClient, oscar: User, template: JobTemplate, *, refreshes: bool
) -> None:
    make_source(template.inventory, refresh_on_launch=refreshes)
    client.sign_in(oscar)

    page = client.get(f"/templates/{template.id}/launch")

    assert ("Its dynamic sources are refreshed first" in page.text) is refreshes


def test_the_limit_can_be_tried_before_it_is_used(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    client.sign_in(oscar)

    answer = client.submit(launch_url(template), {"limit": "web*", "preview": "1"}, code=200)

    page = client._checked(answer)
    assert hosts_on(page) == ["web1", "web2"]
    assert "Launch on 2 hosts" in page.text
    assert session.scalars(select(Job)).all() == []


def test_a_launch_leads_to_its_job(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    client.sign_in(oscar)

    answer = client.submit(launch_url(template), {"limit": "web1", "check_mode": "y"})

    job = session.scalars(select(Job)).one()
    assert answer.headers["Location"] == f"/jobs/{job.id}/"
    assert (job.limit, job.check_mode, job.launched_by_name) == ("web1", True, "oscar")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "job.launched")).one()
    assert entry.actor_name == "oscar"


def test_a_double_click_launches_one_job(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    client.sign_in(oscar)
    form = form_values(client.get(launch_url(template)).select_one("main form"))

    answers = [client.post_raw(launch_url(template), form, code=302) for _ in range(2)]

    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(session.scalars(select(Job)).all()) == 1


def test_each_page_launches_a_job_of_its_own(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    client.sign_in(oscar)

    client.submit(launch_url(template), {})
    client.submit(launch_url(template), {})

    assert len(session.scalars(select(Job)).all()) == 2


def test_a_refused_form_keeps_its_key(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    client.sign_in(oscar)
    key = client.get(launch_url(template)).select_one("[name=launch_key]")["value"]

    answer = client.submit(launch_url(template), {"limit": "none", "launch_key": key}, code=200)

    assert client._checked(answer).select_one("[name=launch_key]")["value"] == key


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("limit", "nothing*", "matches"),
        ("limit", "@/etc/shadow", "file of the control node"),
        ("limit", "--list-hosts", "dash"),
        ("limit", "~web.", "authors"),
        ("limit", "x" * 5_000, "At most 4000"),
        ("tags", "@/etc/shadow", "is no tag"),
        ("skip_tags", "--vault-password-file=/etc/shadow", "is no tag"),
        ("launch_vars", "ansible_ssh_common_args: -oProxyCommand=id", "own variables"),
        ("launch_vars", 'a: \'{{ lookup("pipe", "id") }}\'', "holds a template"),
        ("launch_vars", "a: [1", "column"),
        ("launch_vars", "@/etc/shadow", "cannot start any token"),
        ("launch_vars", "a: !!python/object:os.system id", "tag"),
    ],
)
def test_what_an_operator_types_is_data_or_is_refused_at_its_field(
    *,
    field: str,
    value: str,
    sentence: str,
    session: Session,
    client: ConsoleClient,
    oscar: User,
    template: JobTemplate,
) -> None:
    client.sign_in(oscar)

    answer = client.submit(launch_url(template), {field: value}, code=200)

    page = client._checked(answer)
    assert sentence in page.select_one(f"#{field}-error").text
    typed = page.select_one(f"#{field}")
    assert (typed.text.strip() or typed.get("value")) == value
    assert session.scalars(select(Job)).all() == []


def test_an_operator_cannot_change_what_the_template_fixes(
    session: Session, client: ConsoleClient, oscar: User, inventory: Inventory
) -> None:
    template = factories.make_template(
        inventory=inventory, limit="web1", tags="safe", **dict.fromkeys(ASK_ALL, False)
    )
    client.sign_in(oscar)
    page = client.get(launch_url(template))
    assert not page.select("#limit, #tags, #skip_tags, #launch_vars, #check_mode, #verbosity")

    client.submit(
        launch_url(template),
        {"limit": "all", "tags": "evil", "launch_vars": "a: 1", "verbosity": "4"},
    )

    job = session.scalars(select(Job)).one()
    assert (job.limit, job.tags, job.launch_vars, job.verbosity) == ("web1", "safe", "", 0)


def test_a_fixed_limit_that_matches_nothing_is_said_on_the_page(
    client: ConsoleClient, oscar: User, inventory: Inventory
) -> None:
    template = factories.make_template(
        inventory=inventory, limit="gone", **dict.fromkeys(ASK_ALL, False)
    )
    client.sign_in(oscar)

    page = client.get(launch_url(template))

    assert "No enabled host" in page.text


def test_a_job_is_run_again_with_what_it_was_launched_with(
    session: Session, client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    client.sign_in(oscar)
    client.submit(launch_url(template), {"limit": "web2", "tags": "deploy", "launch_vars": "a: 1"})
    first = session.scalars(select(Job)).one()

    client.submit(f"{launch_url(template)}?from={first.id}", {})

    again = session.scalars(select(Job).where(Job.id != first.id)).one()
    assert (again.limit, again.tags, again.launch_vars) == ("web2", "deploy", "a: 1")
    assert again.relaunch_of_id == first.id


@pytest.mark.parametrize("source", ["0", "-1", "x", "987654", "1; DROP TABLE jobs"])
def test_a_job_that_is_no_job_of_the_template_is_not_run_again(
    source: str, client: ConsoleClient, oscar: User, template: JobTemplate
) -> None:
    client.sign_in(oscar)

    page = client.get(launch_url(template), query_string={"from": source})

    assert "As in job" not in page.text


def test_templates_that_an_author_typed_are_not_an_operators_to_repeat(
    session: Session,
    client: ConsoleClient,
    oscar: User,
    arthur: User,
    template: JobTemplate,
) -> None:
    first = factories.make_job(
        template=template, launch_vars="a: '{{ 1 }}'", launch_vars_templated=True
    )
    client.sign_in(oscar)

    answer = client.submit(f"{launch_url(template)}?from={first.id}", {}, code=200)

    assert "holds a template" in answer.text


def hosts_on(page: Any) -> list[str]:
    return [item.text for item in page.select(".host-list li")]


def launch_url(template: JobTemplate) -> str:
    return f"/templates/{template.id}/launch"


@pytest.fixture
def inventory(session: Session) -> Inventory:
    inventory = factories.make_inventory()
    for name in ("db1", "web1", "web2"):
        factories.make_host(name, inventory=inventory)
    return inventory


@pytest.fixture
def template(inventory: Inventory) -> JobTemplate:
    return factories.make_template(inventory=inventory, **ASK_ALL)
