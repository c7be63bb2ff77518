from __future__ import annotations

import json

import pytest
from sqlalchemy.orm import Session

from aops.jobs import lifecycle, services
from aops.jobs.models import Job, JobTemplate
from aops.jobs.runspec import prepare
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient


def test_a_template_says_whether_known_facts_are_used(
    client: ConsoleClient, arthur: User, template: JobTemplate
) -> None:
    client.sign_in(arthur)
    url = f"/templates/edit/?id={template.id}"

    client.submit(url, {"use_fact_cache": "y"})

    assert template.use_fact_cache
    assert "24 hours" in client.get(url).text
    page = client.get(f"/templates/details/?id={template.id}").text
    assert " ".join(page.split("Use known facts")[1].split())[:3] == "Yes"


@pytest.mark.parametrize("used", [True, False])
def test_a_job_keeps_what_its_template_said(
    used: bool, session: Session, arthur: User, template: JobTemplate
) -> None:
    template.use_fact_cache = used

    job = _launch(template, arthur)

    template.use_fact_cache = not used
    session.commit()
    assert job.use_fact_cache is used


def test_a_run_starts_with_the_facts_of_its_hosts(
    session: Session, arthur: User, template: JobTemplate
) -> None:
    template.use_fact_cache = True
    job = _launch(template, arthur)

    facts = prepare(_claimed(session, job)).spec.facts

    assert facts is not None
    assert facts.keys() == {"web1"}
    assert json.loads(facts["web1"])["ansible_kernel"] == "6.12"


def test_a_run_that_does_not_ask_starts_with_none(
    session: Session, arthur: User, template: JobTemplate
) -> None:
    job = _launch(template, arthur)

    assert prepare(_claimed(session, job)).spec.facts is None


def _launch(template: JobTemplate, user: User) -> Job:
    choices = services.Choices.of(template)
    return services.launch(template, user, choices, launch_key=services.new_launch_key())


def _claimed(session: Session, job: Job) -> Job:
    session.commit()
    lifecycle.claim(job.id, "here")
    session.refresh(job)
    return job


@pytest.fixture
def template(session: Session) -> JobTemplate:
    host = factories.make_host("web1")
    factories.make_host("web2", inventory=host.inventory)
    factories.make_facts(host)
    template = factories.make_template(inventory=host.inventory)
    session.commit()
    return template
