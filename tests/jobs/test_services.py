from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core import celery, references
from aops.core.database import db
from aops.core.errors import AopsError, InUse
from aops.core.permissions import Role
from aops.credentials.models import CredentialType
from aops.jobs import lifecycle, services
from aops.jobs.models import Job, JobStatus, JobTemplate
from aops.jobs.services import Choices
from aops.users.models import User
from tests import factories

TEMPLATED = 'greeting: \'{{ lookup("pipe", "id") }}\''
ASK_ALL = {"ask_limit": True, "ask_tags": True, "ask_vars": True, "ask_modes": True}
ASK_NOTHING = dict.fromkeys(ASK_ALL, False)
EVERYTHING = Choices(
    limit="web*",
    tags="deploy",
    skip_tags="slow",
    launch_vars="a: 1",
    verbosity=3,
    check_mode=True,
    diff_mode=True,
)


def launch(template: JobTemplate, user: User, choices: Choices | None = None, **given: Any) -> Job:
    key = given.pop("launch_key", None) or services.new_launch_key()
    return services.launch(template, user, choices or Choices(), launch_key=key, **given)


def test_a_launch_is_a_waiting_job_with_all_that_it_will_need(
    session: Session, oscar: User
) -> None:
    credential = factories.make_credential()
    template = factories.make_template(
        credentials=[credential],
        extra_vars="colour: red",
        forks=9,
        timeout=60,
        become=True,
    )

    job = launch(template, oscar)

    assert (job.status, job.attempt) == (JobStatus.PENDING, 0)
    assert (job.name, job.playbook_name) == (template.name, template.playbook.name)
    assert (job.inventory_name, job.launched_by_name) == (template.inventory.name, "oscar")
    assert (job.forks, job.timeout, job.become, job.extra_vars) == (9, 60, True, "colour: red")
    assert job.credentials == [credential]
    assert job.revision.playbook_id == template.playbook_id
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "job.launched")).one()
    assert (entry.object_id, entry.object_type) == (job.id, "job")


def test_a_launch_wakes_a_worker_only_after_it_is_stored(
    session: Session, oscar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(celery, "send", sent.append)
    template = factories.make_template()
    session.commit()

    launch(template, oscar)
    assert sent == []
    session.commit()

    assert sent == ["jobs.dispatch"]


def test_a_launch_that_is_rolled_back_wakes_nobody(
    session: Session, oscar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(celery, "send", sent.append)
    template = factories.make_template()
    session.commit()

    launch(template, oscar)
    session.rollback()
    session.commit()

    assert sent == []


def test_the_newest_revision_is_run(session: Session, oscar: User) -> None:
    template = factories.make_template()
    newest = factories.make_revision(template.playbook, number=2)

    assert launch(template, oscar).revision == newest


def test_a_form_that_is_sent_twice_is_one_job(session: Session, oscar: User) -> None:
    template = factories.make_template()
    key = services.new_launch_key()

    jobs = [launch(template, oscar, launch_key=key) for _ in range(3)]

    assert len({job.id for job in jobs}) == 1
    assert session.scalar(select(func.count()).select_from(Job)) == 1
    lines = select(func.count()).where(AuditEntry.action == "job.launched")
    assert session.scalar(lines) == 1


def test_a_form_that_arrives_twice_at_the_same_moment_is_one_job(committed: Flask) -> None:
    with committed.app_context():
        template_id = factories.make_template().id
        user_id = factories.make_user("oscar", Role.OPERATOR).id
        db.session.commit()
    together = threading.Barrier(8)

    def send(_number: int) -> int:
        with committed.app_context():
            template = db.session.get(JobTemplate, template_id)
            user = db.session.get(User, user_id)
            db.session.commit()
            together.wait()
            job_id = launch(template, user, launch_key="the-same").id
            db.session.commit()
            return job_id

    with ThreadPoolExecutor(8) as threads:
        job_ids = set(threads.map(send, range(8)))

    assert len(job_ids) == 1


def test_a_launch_key_of_any_length_is_taken(session: Session, oscar: User) -> None:
    template = factories.make_template()

    first = launch(template, oscar, launch_key="x" * 5_000)

    assert launch(template, oscar, launch_key="x" * 5_000) == first


def test_a_template_that_is_deleted_meanwhile_is_a_sentence(session: Session, oscar: User) -> None:
    template = factories.make_template()
    session.commit()
    session.refresh(template)
    _ = template.playbook, template.inventory, template.credentials
    session.connection().execute(
        JobTemplate.__table__.delete().where(JobTemplate.__table__.c.id == template.id)
    )

    with pytest.raises(AopsError, match="deleted meanwhile"):
        launch(template, oscar)


def test_what_the_template_asks_for_is_taken_from_the_person(session: Session, oscar: User) -> None:
    inventory = factories.make_host("web1").inventory
    template = factories.make_template(inventory=inventory, **ASK_ALL)

    job = launch(template, oscar, EVERYTHING)

    assert Choices.of(job) == EVERYTHING


def test_what_the_template_does_not_ask_for_is_taken_from_it(session: Session, oscar: User) -> None:
    template = factories.make_template(tags="own", verbosity=1, diff_mode=True, **ASK_NOTHING)

    job = launch(template, oscar, EVERYTHING)

    assert Choices.of(job) == Choices.of(template)
    assert (job.tags, job.verbosity, job.launch_vars) == ("own", 1, "")


@pytest.mark.parametrize("asked", sorted(ASK_ALL))
def test_each_thing_is_asked_for_on_its_own(asked: str, session: Session, oscar: User) -> None:
    inventory = factories.make_host("web1").inventory
    template = factories.make_template(inventory=inventory, **(ASK_NOTHING | {asked: True}))

    job = launch(template, oscar, EVERYTHING)

    changed = {name for name, value in vars(Choices.of(job)).items() if value}
    assert (
        changed
        == {
            "ask_limit": {"limit"},
            "ask_tags": {"tags", "skip_tags"},
            "ask_vars": {"launch_vars"},
            "ask_modes": {"verbosity", "check_mode", "diff_mode"},
        }[asked]
    )


def test_what_an_operator_types_is_never_a_template(session: Session, oscar: User) -> None:
    template = factories.make_template(ask_vars=True)

    with pytest.raises(AopsError, match="holds a template") as refusal:
        launch(template, oscar, Choices(launch_vars=TEMPLATED))

    assert refusal.value.field == "launch_vars"
    assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_an_author_may_type_a_template(session: Session, arthur: User) -> None:
    template = factories.make_template(ask_vars=True)

    job = launch(template, arthur, Choices(launch_vars=TEMPLATED))

    assert job.launch_vars_templated


def test_the_templates_own_variables_may_be_templates_for_an_operator_too(
    session: Session, oscar: User
) -> None:
    template = factories.make_template(extra_vars=TEMPLATED)

    job = launch(template, oscar)

    assert (job.extra_vars, job.launch_vars_templated) == (TEMPLATED, False)


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("db*", "matches"),
        ("web1:!web1", "matches"),
        ("@/etc/shadow", "file of the control node"),
        ("--list-hosts", "dash"),
        ("~web.", "for authors"),
        ("web1\nweb2", "one line"),
    ],
)
def test_a_limit_that_is_no_choice_of_hosts_is_refused(
    limit: str, sentence: str, session: Session, oscar: User
) -> None:
    template = factories.make_template(inventory=factories.make_host("web1").inventory)

    with pytest.raises(AopsError, match=sentence) as refusal:
        launch(template, oscar, Choices(limit=limit))

    assert refusal.value.field == "limit"


def test_a_regular_expression_is_for_authors_and_for_their_templates(
    session: Session, oscar: User, arthur: User
) -> None:
    inventory = factories.make_host("web1").inventory
    template = factories.make_template(inventory=inventory, limit="~web.")

    by_template = launch(template, oscar, Choices(limit="~web."))
    by_author = launch(template, arthur, Choices(limit="~w.*"))

    assert (by_template.limit, by_author.limit) == ("~web.", "~w.*")


def test_disabled_hosts_are_not_counted(session: Session, oscar: User) -> None:
    host = factories.make_host("web1", enabled=False)
    template = factories.make_template(inventory=host.inventory)

    with pytest.raises(AopsError, match="No enabled host"):
        launch(template, oscar)


def test_tags_that_are_options_are_refused_at_their_field(session: Session, oscar: User) -> None:
    template = factories.make_template(ask_tags=True)

    with pytest.raises(AopsError) as refusal:
        launch(template, oscar, Choices(skip_tags="--vault-password-file=/etc/shadow"))

    assert refusal.value.field == "skip_tags"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"limit": "@/etc/shadow"}, "limit"),
        ({"limit": "~("}, "limit"),
        ({"tags": "@file"}, "tags"),
        ({"skip_tags": "-e"}, "skip_tags"),
        ({"extra_vars": "- a"}, "extra_vars"),
        ({"extra_vars": "a-b: 1"}, "extra_vars"),
    ],
)
def test_a_template_that_could_not_run_is_refused_at_the_field_to_blame(
    values: dict[str, Any], field: str, session: Session
) -> None:
    template = factories.make_template(**values)

    with pytest.raises(AopsError) as refusal:
        services.check_template(template)

    assert refusal.value.field == field


def test_a_template_with_two_machine_credentials_is_refused(session: Session) -> None:
    both = [factories.make_credential(), factories.make_credential()]
    template = factories.make_template(credentials=both)

    with pytest.raises(AopsError) as refusal:
        services.check_template(template)

    assert refusal.value.field == "credentials"


def test_a_template_with_a_vault_and_a_machine_credential_is_fine(session: Session) -> None:
    vault = factories.make_credential(type=CredentialType.VAULT, vault_id="prod", password=None)

    services.check_template(
        factories.make_template(credentials=[factories.make_credential(), vault])
    )


def test_what_a_template_uses_cannot_be_deleted(session: Session) -> None:
    credential = factories.make_credential()
    template = factories.make_template(name="Deploy", credentials=[credential])

    for used in (template.playbook, template.inventory, credential):
        with pytest.raises(InUse, match="template “Deploy”"):
            references.refuse_if_used(used)


def test_what_an_open_job_uses_cannot_be_deleted(session: Session, oscar: User) -> None:
    credential = factories.make_credential()
    template = factories.make_template(name="Deploy", credentials=[credential])
    job = launch(template, oscar)
    used = template.playbook, template.inventory, credential
    template.credentials = []
    job.template = None
    session.flush()
    session.delete(template)
    session.flush()

    for thing in used:
        with pytest.raises(InUse, match=f"job #{job.id} Deploy"):
            references.refuse_if_used(thing)
    lifecycle.cancel_waiting(job.id)
    for thing in used:
        references.refuse_if_used(thing)


def test_history_outlives_what_it_was_about(session: Session, oscar: User) -> None:
    template = factories.make_template(name="Deploy")
    job = launch(template, oscar)
    lifecycle.cancel_waiting(job.id)
    playbook, inventory = template.playbook, template.inventory
    session.commit()

    for thing in (template, playbook, inventory, oscar):
        session.delete(thing)
        session.commit()

    session.refresh(job)
    assert (job.name, job.launched_by_name) == ("Deploy", "oscar")
    assert (job.playbook_name, job.inventory_name) == (playbook.name, inventory.name)
    assert (job.template_id, job.playbook_id, job.inventory_id) == (None, None, None)
