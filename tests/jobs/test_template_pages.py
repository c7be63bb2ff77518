from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core.permissions import Role
from aops.jobs.models import JobTemplate
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.AUTHOR, Role.ADMIN])
def test_each_role_sees_the_buttons_that_it_may_press(
    role: Role, client: ConsoleClient, template: JobTemplate
) -> None:
    client.sign_in(factories.make_user("somebody", role))

    listed = client.get("/templates/").text
    details = client.get(f"/templates/details/?id={template.id}")

    links = {link["href"] for link in details.select("main a[href]")}
    may_launch = role is not Role.VIEWER
    may_write = role in {Role.AUTHOR, Role.ADMIN}
    assert "Deploy" in listed
    assert ("Add template" in listed) == may_write
    assert (f"/templates/{template.id}/launch" in links) == may_launch
    assert any(link.startswith("/templates/edit/") for link in links) == may_write


def test_an_author_adds_a_template(
    session: Session, client: ConsoleClient, arthur: User, form: dict[str, Any]
) -> None:
    client.sign_in(arthur)

    client.submit("/templates/new/", form)

    template = session.scalars(select(JobTemplate).where(JobTemplate.name == "New")).one()
    assert (template.limit, template.forks, template.extra_vars) == ("web1", 7, "a: 1\n")
    assert [one.name for one in template.credentials] == ["login"]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "template.created")).one()
    assert entry.actor_name == "arthur"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "needs a name"),
        ("name", "Deploy", "already taken"),
        ("name", "x" * 5_000, "at most 200"),
        ("name", "two\nlines", "one line"),
        ("limit", "@/etc/shadow", "file of the control node"),
        ("limit", "x" * 5_000, "At most 4000"),
        ("tags", "--list-tasks", "is no tag"),
        ("skip_tags", "{{ x }}", "is no tag"),
        ("extra_vars", "a: [1", "column"),
        ("extra_vars", "- a", "not a mapping"),
        ("extra_vars", "a-b: 1", "variable name"),
        ("forks", "0", "from 1 to 200"),
        ("forks", "many", "integer"),
        ("timeout", "-1", "from 0"),
        ("playbook", "987654", "valid choice"),
        ("inventory", "987654", "valid choice"),
        ("verbosity", "9", "valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    *,
    field: str,
    value: str,
    sentence: str,
    client: ConsoleClient,
    arthur: User,
    template: JobTemplate,
    form: dict[str, Any],
) -> None:
    client.sign_in(arthur)

    answer = client.submit(
        "/templates/new/", form | {"description": "typed before", field: value}, code=200
    )

    page = client._checked(answer)
    assert sentence in page.select_one(f"#{field}-error").text
    assert page.select_one("#description")["value"] == "typed before"


def test_two_people_who_save_the_same_template_do_not_overwrite_each_other(
    session: Session, client: ConsoleClient, arthur: User, template: JobTemplate
) -> None:
    client.sign_in(arthur)
    url = f"/templates/edit/?id={template.id}"
    seen = client.get(url)
    version = seen.select_one("[name=version]")["value"]
    client.submit(url, {"description": "the first"})

    answer = client.submit(url, {"description": "the second", "version": version}, code=200)

    session.refresh(template)
    assert template.description == "the first"
    assert "Somebody else saved this" in answer.text
    assert "the second" in answer.text


def test_a_template_can_be_deleted_and_its_jobs_stay(
    session: Session, client: ConsoleClient, arthur: User, template: JobTemplate
) -> None:
    job = factories.make_job(template=template)
    client.sign_in(arthur)

    client.post("/templates/delete/", {"id": template.id})

    session.refresh(job)
    assert (job.template_id, job.name) == (None, "Deploy")


def test_markup_in_a_name_is_shown_as_text(client: ConsoleClient, arthur: User) -> None:
    hostile = "<script>alert(1)</script>\"'{{ 7 * 7 }}"
    template = factories.make_template(name=hostile, description=hostile, extra_vars=f"# {hostile}")
    client.sign_in(arthur)

    pages = [
        client.get(url)
        for url in (
            "/",
            "/templates/",
            f"/templates/details/?id={template.id}",
            f"/templates/edit/?id={template.id}",
            f"/templates/{template.id}/launch",
        )
    ]

    for page in pages:
        assert hostile in page.text or page.select_one("#name")["value"] == hostile
        assert not page.find("script", string="alert(1)")


@pytest.fixture
def template(session: Session) -> JobTemplate:
    return factories.make_template(name="Deploy")


@pytest.fixture
def form(session: Session) -> dict[str, Any]:
    credential = factories.make_credential(name="login")
    return {
        "name": "New",
        "playbook": factories.make_playbook().id,
        "inventory": factories.make_host("web1").inventory_id,
        "credentials": [credential.id],
        "limit": "web1",
        "forks": "7",
        "extra_vars": "a: 1\r\n",
    }
