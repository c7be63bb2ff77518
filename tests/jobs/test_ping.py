from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core import references
from aops.core.errors import AopsError
from aops.credentials.models import CredentialType
from aops.jobs import ping, services
from aops.jobs.models import Job, JobStatus
from aops.playbooks import checks
from aops.playbooks import services as playbooks
from aops.playbooks.models import Playbook
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import (
    make_credential,
    make_host,
    make_inventory,
    make_job,
    make_playbook,
    make_template,
)


def test_a_ping_is_a_job_like_any_other(session: Session, oscar: User) -> None:
    host = make_host("web1")
    make_host("web2", inventory=host.inventory)
    credential = make_credential()

    job = ping.ping(host, oscar, [credential], launch_key="key")

    assert (job.name, job.limit, job.status) == ("Ping web1", "web1", JobStatus.PENDING)
    assert (job.inventory, job.credentials) == (host.inventory, [credential])
    assert (job.playbook_name, job.revision.content) == ("Ping", ping.CONTENT)
    assert (job.template_id, job.launched_by_name) == (None, "oscar")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "job.launched")).one()
    assert entry.object_name == f"#{job.id} Ping web1"


def test_what_a_ping_runs_is_a_playbook_that_may_be_saved() -> None:
    assert checks.problems_of(ping.CONTENT) == []
    assert playbooks.normalised(ping.CONTENT) == ping.CONTENT


def test_the_second_ping_runs_the_playbook_of_the_first(session: Session, oscar: User) -> None:
    host = make_host("web1")

    first = ping.ping(host, oscar, [], launch_key="one")
    second = ping.ping(host, oscar, [], launch_key="two")

    assert first.revision is second.revision
    assert len(session.scalars(select(Playbook)).all()) == 1


def test_the_same_form_sent_twice_is_one_ping(session: Session, oscar: User) -> None:
    host = make_host("web1")

    first = ping.ping(host, oscar, [], launch_key="one")
    again = ping.ping(host, oscar, [], launch_key="one")

    assert first is again
    assert len(session.scalars(select(Job)).all()) == 1


def test_what_somebody_wrote_into_the_playbook_is_never_run_as_a_ping(oscar: User) -> None:
    host = make_host("web1")
    builtin = ping.builtin_revision()
    playbooks.save(builtin.playbook, ping.CONTENT.replace("ping", "reboot"))

    job = ping.ping(host, oscar, [], launch_key="key")

    assert job.revision.content == ping.CONTENT
    assert playbooks.newest_revision(builtin.playbook).content != ping.CONTENT


def test_a_playbook_of_that_name_that_people_wrote_is_left_alone(
    session: Session, oscar: User
) -> None:
    theirs = make_playbook(name="Ping")

    job = ping.ping(make_host("web1"), oscar, [], launch_key="key")

    assert job.playbook_name == "Ping (2)"
    assert job.revision.content == ping.CONTENT
    assert playbooks.newest_revision(theirs).content != ping.CONTENT


def test_a_disabled_host_is_not_pinged(session: Session, oscar: User) -> None:
    host = make_host("web1", enabled=False)

    with pytest.raises(AopsError, match="web1 is disabled"):
        ping.ping(host, oscar, [], launch_key="key")

    assert session.scalars(select(Job)).all() == []


def test_two_credentials_that_log_in_are_refused(oscar: User) -> None:
    host = make_host("web1")

    with pytest.raises(AopsError, match="both log in to hosts") as refusal:
        ping.ping(host, oscar, [make_credential(), make_credential()], launch_key="key")

    assert refusal.value.field == "credentials"


def test_a_waiting_ping_keeps_what_it_uses(oscar: User) -> None:
    host, credential = make_host("web1"), make_credential()

    job = ping.ping(host, oscar, [credential], launch_key="key")

    for thing in (host.inventory, credential, job.revision.playbook):
        assert references.references_to(thing) == [f"job #{job.id} Ping web1"]


def test_the_page_proposes_what_the_last_template_logged_in_with(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    inventory = make_inventory()
    host = make_host("web1", inventory=inventory)
    older, newer, vault = (
        make_credential(),
        make_credential(),
        make_credential(type=CredentialType.VAULT, vault_id="v", password=None),
    )
    for credentials in ([older], [newer, vault]):
        make_job(template=make_template(inventory=inventory, credentials=credentials))
    make_job(template=make_template(credentials=[older]))
    client.sign_in(oscar)

    answer = client.submit(f"/jobs/ping/{host.id}/", {})

    job = session.scalars(select(Job).order_by(Job.id.desc())).first()
    assert set(job.credentials) == {newer, vault}
    assert answer.headers["Location"] == f"/jobs/{job.id}/"


def test_the_page_offers_no_credential_that_no_run_can_use(
    client: ConsoleClient, oscar: User
) -> None:
    host, usable = make_host("web1"), make_credential()
    other = make_credential(type=CredentialType.ENVIRONMENT, password=None)
    client.sign_in(oscar)

    page = client.get(f"/jobs/ping/{host.id}/")
    refused = client.submit(f"/jobs/ping/{host.id}/", {"credentials": [str(other.id)]}, code=200)

    offered = [option["value"] for option in page.select("select[name=credentials] option")]
    assert offered == [str(usable.id)]
    assert 'id="credentials-error"' in refused.text


def test_the_page_of_a_disabled_host_says_why_there_is_no_ping(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    host = make_host("web1", enabled=False)
    client.sign_in(oscar)

    page = client.get(f"/jobs/ping/{host.id}/")
    client.post(f"/jobs/ping/{host.id}/", code=200)

    assert "web1 is disabled" in page.select_one(".alert").text
    assert page.select("main form[method=post]") == []
    assert session.scalars(select(Job)).all() == []


def test_a_ping_that_ended_can_be_repeated_from_its_page(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    host, credential = make_host("web1"), make_credential()
    first = ping.ping(host, oscar, [credential], launch_key="key")
    first.status = JobStatus.SUCCESSFUL
    client.sign_in(oscar)

    button = client.get(f"/jobs/{first.id}/").select_one("a[href^='/jobs/ping/']")
    client.submit(button["href"], {})

    second = session.scalars(select(Job).order_by(Job.id.desc())).first()
    assert second.relaunch_of_id == first.id
    assert second.credentials == [credential]


@pytest.mark.parametrize(
    "change",
    [
        {"status": JobStatus.RUNNING},
        {"limit": "web2"},
        {"inventory_id": None},
        {"revision_id": None},
    ],
)
def test_a_ping_whose_host_is_gone_or_that_still_runs_is_not_repeated(
    change: dict[str, Any], client: ConsoleClient, oscar: User, session: Session
) -> None:
    job = ping.ping(make_host("web1"), oscar, [], launch_key="key")
    session.flush()
    session.query(Job).filter_by(id=job.id).update({"status": JobStatus.FAILED} | change)
    client.sign_in(oscar)

    page = client.get(f"/jobs/{job.id}/")

    assert "Ping again" not in page.text


def test_a_job_of_a_template_is_no_ping(oscar: User) -> None:
    host = make_host("web1")
    builtin = ping.builtin_revision()
    template = make_template(inventory=host.inventory, playbook=builtin.playbook)

    job = services.launch(template, oscar, services.Choices(limit="web1"), launch_key="key")

    assert ping.pinged_host(job) is None


def test_a_viewer_pings_nothing(client: ConsoleClient, victor: User) -> None:
    host = make_host("web1")
    client.sign_in(victor)

    client.get(f"/jobs/ping/{host.id}/", code=403)
    client.post(f"/jobs/ping/{host.id}/", code=403)
