from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core.errors import AopsError
from aops.inventory.filters.models import HostFilter
from aops.inventory.models import Host, Inventory
from aops.jobs import history, limits, runspec, services
from aops.jobs.models import JobTemplate
from aops.jobs.services import Choices
from aops.users.models import User
from tests import factories


def test_a_filter_and_a_limit_narrow_together_and_the_job_keeps_the_names(
    template: JobTemplate, web: HostFilter, oscar: User, session: Session
) -> None:
    choices = Choices(limit="*:!web3", host_filter=web)

    job = services.launch(template, oscar, choices, launch_key="k")

    assert (job.limit, job.limit_hosts, job.target_name) == ("web1\nweb2", 2, "Web servers")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "job.launched")).one()
    assert json.loads(entry.changes)["limit"] == "2 hosts of filter “Web servers”"


def test_a_limit_alone_stays_a_pattern(template: JobTemplate, oscar: User) -> None:
    job = services.launch(template, oscar, Choices(limit="web*"), launch_key="k")

    assert (job.limit, job.limit_hosts, job.target_name) == ("web*", 0, "")


def test_the_run_gets_the_names_literally(
    template: JobTemplate, web: HostFilter, oscar: User
) -> None:
    job = services.launch(template, oscar, Choices(host_filter=web), launch_key="k")

    options = runspec.prepare(job).spec.options

    assert (options.limit, options.limit_hosts) == ("", ("web1", "web2", "web3"))


def test_hosts_that_are_gone_never_become_patterns(
    template: JobTemplate, oscar: User, session: Session
) -> None:
    odd = factories.make_host("web*", inventory=template.inventory)
    job = services.launch(template, oscar, Choices(hosts=("web*", "db1")), launch_key="k")
    session.delete(odd)
    session.flush()

    assert runspec.prepare(job).spec.options.limit_hosts == ("db1",)
    session.query(Host).filter_by(name="db1").one().enabled = False
    session.flush()
    with pytest.raises(AopsError, match="None of the hosts"):
        runspec.prepare(job)


@pytest.mark.parametrize("name", ["!web", "&web", "@web"])
def test_names_that_ansible_cannot_be_told_are_refused(
    name: str, template: JobTemplate, oscar: User
) -> None:
    factories.make_host(name, inventory=template.inventory)

    with pytest.raises(AopsError, match=f"of these names: “{name}”"):
        services.launch(template, oscar, Choices(hosts=(name,)), launch_key="k")


@pytest.mark.parametrize("name", ["a b", "a,b", "a:b", "x*", "~re", "host@home"])
def test_names_that_look_like_patterns_are_kept_as_they_are(
    name: str, template: JobTemplate, oscar: User
) -> None:
    factories.make_host(name, inventory=template.inventory)

    job = services.launch(template, oscar, Choices(hosts=(name,)), launch_key="k")

    assert runspec.prepare(job).spec.options.limit_hosts == (name,)
    assert limits.shown(job) == name


@pytest.mark.parametrize(
    ("query", "limit", "field", "sentence"),
    [
        ("name ~ nothing*", "", "host_filter", "“F” finds no enabled host of the inventory “Shop”"),
        ("name ~ db*", "web*", "host_filter", "that the limit allows"),
        ("enabled = no", "", "host_filter", "finds no enabled host"),
        ("name ~ web*", "gone", "limit", "No enabled host"),
        ("name ~ web*", "@x", "limit", "control node"),
    ],
)
def test_what_finds_no_host_is_refused_at_its_field(
    *, query: str, limit: str, field: str, sentence: str, template: JobTemplate, oscar: User
) -> None:
    saved = factories.make_filter(query, name="F")

    with pytest.raises(AopsError, match=sentence) as refusal:
        services.launch(template, oscar, Choices(limit, saved), launch_key="k")

    assert refusal.value.field == field


def test_a_filter_that_is_no_filter_any_more_is_refused(template: JobTemplate, oscar: User) -> None:
    saved = factories.make_filter("a_fact_that_was_renamed = 1", name="F")

    with pytest.raises(AopsError, match="At character 1") as refusal:
        services.launch(template, oscar, Choices(host_filter=saved), launch_key="k")

    assert refusal.value.field == "host_filter"


def test_a_filter_of_another_inventory_does_not_fit(template: JobTemplate, oscar: User) -> None:
    other = factories.make_filter(inventory=factories.make_inventory(), name="Other")
    template.host_filter = other

    with pytest.raises(AopsError, match="another inventory") as refusal:
        services.check_template(template)
    with pytest.raises(AopsError, match="finds no enabled host"):
        services.launch(template, oscar, Choices(host_filter=other), launch_key="k")

    assert refusal.value.field == "host_filter"


def test_a_template_that_does_not_ask_uses_its_own_filter(
    template: JobTemplate, web: HostFilter, oscar: User
) -> None:
    template.host_filter, template.ask_limit = web, False
    everything = factories.make_filter("enabled = yes")

    job = services.launch(template, oscar, Choices(host_filter=everything), launch_key="k")

    assert (job.limit, job.target_name) == ("web1\nweb2\nweb3", "Web servers")


@pytest.mark.parametrize("asks", [True, False])
def test_a_job_is_run_again_on_the_hosts_that_it_had(
    asks: bool, template: JobTemplate, web: HostFilter, oscar: User, session: Session
) -> None:
    template.host_filter, template.ask_limit = web, asks
    first = services.launch(template, oscar, Choices.of(template), launch_key="k")
    web.query = "name ~ db*"
    session.flush()

    again = services.launch(
        template, oscar, Choices.of(first), launch_key="l", relaunch_of=first.id
    )

    assert again.limit == first.limit == "web1\nweb2\nweb3"
    assert again.target_name == "Web servers"


def test_the_history_shows_few_words_and_loads_no_names(
    template: JobTemplate, oscar: User, session: Session
) -> None:
    many = [f"web{number}.example.com" for number in range(10_000)]
    factories.make_job(
        template=template, limit="\n".join(many), limit_hosts=len(many), target_name="Web servers"
    )
    factories.make_job(template=template, limit="\n".join(many), limit_hosts=len(many))
    factories.make_job(template=template, limit="x" * 3_000)
    factories.make_job(template=template, limit="web*")
    session.expire_all()

    jobs = history.page(history.Filters()).jobs

    assert [limits.shown(job)[:50] for job in jobs] == [
        "web*",
        "x" * 50,
        "10,000 chosen hosts",
        "10,000 hosts of filter “Web servers”",
    ]
    assert all("limit" not in job.__dict__ for job in jobs)
    assert len(limits.shown(jobs[1])) == 201


def test_only_templates_use_a_filter_up(template: JobTemplate, web: HostFilter) -> None:
    template.host_filter = web

    assert services._users_of_filter(web) == [f"template “{template.name}”"]


def test_the_seal_is_another_one_for_other_hosts(template: JobTemplate, oscar: User) -> None:
    seals = {
        services.target_of(template, oscar, Choices(hosts=hosts)).seal
        for hosts in (("web1",), ("web2",), ("web1", "web2"), ("web2", "web1"))
    }

    assert len(seals) == 3


@pytest.fixture
def shop(session: Session) -> Inventory:
    shop = factories.make_inventory(name="Shop")
    for name in ("db1", "web1", "web2", "web3"):
        factories.make_host(name, inventory=shop)
    factories.make_host("web4", inventory=shop, enabled=False)
    return shop


@pytest.fixture
def web(session: Session) -> HostFilter:
    return factories.make_filter("name ~ web*", name="Web servers")


@pytest.fixture
def template(shop: Inventory) -> JobTemplate:
    return factories.make_template(inventory=shop, ask_limit=True)


@pytest.fixture(autouse=True)
def _nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "send_after_commit", lambda _name: None)
