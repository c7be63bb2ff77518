from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event
from sqlalchemy.orm import Session

from aops.core import clock
from aops.core.database import db
from aops.inventory.models import Host
from aops.jobs import host_runs
from aops.jobs.models import Job
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import (
    make_group,
    make_host,
    make_host_result,
    make_inventory,
    make_job,
    make_job_host,
    make_job_result,
    make_playbook,
    make_template,
)


def test_an_unreachable_host_says_so_first_with_the_message_and_the_job(
    client: ConsoleClient, victor: User
) -> None:
    host, job = a_run("web1", unreachable=1)
    make_host_result(
        host,
        job,
        last_status="unreachable",
        last_ok_at=clock.now() - timedelta(days=2),
        failed_job_id=job.id,
        failed_at=clock.now(),
        failed_task="Gathering Facts",
        failed_message="Connection timed out <now>",
    )
    client.sign_in(victor)

    page = page_of(client, host)

    alert = page.select_one("main .alert-danger")
    assert "could not reach this host" in alert.h2.text
    assert "Gathering Facts" in alert.text
    assert "Connection timed out <now>" in alert.pre.text
    assert alert.a["href"] == f"/jobs/{job.id}/"
    assert page.select_one(".figure .badge").text.strip() == "unreachable"


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("ssh: WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! IT IS", "has changed"),
        ("No ED25519 host key is known for h and you have", "No SSH key of this host is accepted"),
        (
            "Using a SSH password instead of a key is not possible because Host Key checking is",
            "that this host showed is not accepted",
        ),
    ],
)
def test_a_host_refused_for_its_key_says_what_to_do_and_leads_to_its_keys(
    message: str, hint: str, client: ConsoleClient, victor: User
) -> None:
    host, job = a_run("web1", unreachable=1)
    make_host_result(
        host,
        job,
        last_status="unreachable",
        failed_job_id=job.id,
        failed_at=clock.now(),
        failed_message=message,
    )
    client.sign_in(victor)

    page = page_of(client, host)

    alert = page.select_one("main .alert-danger")
    assert hint in alert.text
    assert page.select_one(alert.select_one("a[href='#keys']")["href"])


def test_a_host_that_is_well_again_shows_its_last_failure_quietly(
    client: ConsoleClient, victor: User
) -> None:
    host, job = a_run("web1")
    make_host_result(
        host, job, failed_job_id=999_999, failed_at=clock.now(), failed_message="it was full"
    )
    client.sign_in(victor)

    page = page_of(client, host)

    assert page.select("main .alert-danger") == []
    assert "it was full" in page.select_one("details .failure-text").text
    assert "999999" not in page.text, "a job that was deleted has no page"


def test_a_host_that_never_ran_says_so(client: ConsoleClient, victor: User) -> None:
    host = make_host("web1")
    client.sign_in(victor)

    page = page_of(client, host)

    assert "No run has reported on this host yet." in page.text
    assert page.select(".strip, .figures") == []


def test_the_strip_shows_the_last_runs_in_order_and_in_words(
    client: ConsoleClient, victor: User
) -> None:
    host, first = a_run("web1", unreachable=1)
    jobs = [first]
    for counts in ({"failed": 1, "changed": 2}, {"changed": 1}, {"ok": 5}):
        jobs.append(make_job(template=first.template))
        make_job_host(jobs[-1], "web1", **counts)
    make_job_host(make_job(template=first.template), "web2", failed=1)
    client.sign_in(victor)

    blocks = page_of(client, host).select(".strip a")

    name = first.name
    assert [block.text.strip() for block in blocks] == [
        f"#{job.id} {name}: {word}"
        for job, word in zip(jobs, ("unreachable", "failed", "changed", "ok"), strict=True)
    ]
    assert blocks[0]["href"] == f"/jobs/{first.id}/"
    assert "is-unreachable" in blocks[0]["class"]


def test_the_strip_ends_after_the_newest_twenty(session: Session) -> None:
    host, first = a_run("web1")
    jobs = [first, *(make_job(template=first.template) for _number in range(24))]
    for job in jobs[1:]:
        make_job_host(job, "web1")

    found = host_runs.last_runs(host)

    assert [run.job_id for run in found] == [job.id for job in reversed(jobs[-20:])]


def test_a_host_of_the_same_name_elsewhere_is_another_host(session: Session) -> None:
    host, _job = a_run("web1")
    twin = make_host("web1", inventory=make_inventory())

    assert len(host_runs.last_runs(host)) == 1
    assert host_runs.last_runs(twin) == []


def test_results_by_task_are_those_of_the_last_run_on_the_host(
    client: ConsoleClient, victor: User
) -> None:
    host, old = a_run("web1")
    make_job_result(old, "web1", task="Long ago")
    job = make_job(template=old.template)
    make_job_host(job, "web1", failed=1)
    make_job_result(job, "web1", 1, task="Install")
    make_job_result(job, "web2", 2, task="Elsewhere")
    make_job_result(job, "web1", 3, task="Start", status="failed", message="no such service")
    client.sign_in(victor)

    table = page_of(client, host).select_one("#results")

    rows = [[cell.text.strip() for cell in row.select("td")] for row in table.select("tbody tr")]
    assert [row[:2] for row in rows] == [["Install", "ok"], ["Start", "failed"]]
    assert rows[1][3] == "no such service"
    assert table.has_attr("open"), "of a run that failed, they are what one came for"


def test_a_run_with_very_many_tasks_points_to_the_job(
    client: ConsoleClient, victor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_runs, "MAX_RESULTS", 2)
    host, job = a_run("web1")
    for seq in (1, 2, 3):
        make_job_result(job, "web1", seq)
    client.sign_in(victor)

    panel = page_of(client, host).select_one("#results")

    assert len(panel.select("tbody tr")) == 2
    assert panel.select_one("p a")["href"] == f"/jobs/{job.id}/"


def test_an_operator_may_ping_and_run_what_asks_for_the_limit(
    client: ConsoleClient, oscar: User
) -> None:
    host, job = a_run("web1")
    fixed = make_template(inventory=host.inventory, name="Everywhere", ask_limit=False)
    other = make_template(name="Elsewhere")
    client.sign_in(oscar)

    actions = page_of(client, host).select_one(".page-actions")
    launch = actions.select_one(".menu-item")
    field = client.get(launch["href"]).select_one("[name=limit]")

    assert actions.select_one(f"a[href='/jobs/ping/{host.id}/']") is not None
    assert [link.text for link in actions.select(".menu-item")] == [job.template.name]
    assert {fixed.name, other.name}.isdisjoint(actions.text.split())
    assert field["value"] == "web1"


@pytest.mark.parametrize("enabled", [True, False])
def test_who_may_not_launch_or_what_is_disabled_has_no_buttons(
    client: ConsoleClient, victor: User, oscar: User, *, enabled: bool
) -> None:
    host = make_host("web1", enabled=enabled)
    client.sign_in(victor if enabled else oscar)

    page = page_of(client, host)

    assert page.select_one(f"a[href='/jobs/ping/{host.id}/']") is None
    assert ("This host is disabled" in page.text) is not enabled


def test_the_page_asks_the_same_number_of_questions_however_much_there_is(
    client: ConsoleClient, oscar: User, session: Session
) -> None:
    small, big = make_host("small", variables=""), a_busy_host()
    client.sign_in(oscar)
    page_of(client, small)

    few, many = (count_queries(client, host) for host in (small, big))

    assert many <= few + 3, "the jobs' names and the results, which the small one has not"


def a_run(host: str, **counts: Any) -> tuple[Host, Job]:
    """A host and a job that reported on it."""
    row = make_host(host)
    job = make_job(template=make_template(inventory=row.inventory))
    make_job_host(job, host, **counts)
    return row, job


def a_busy_host() -> Host:
    """One in many groups, with many runs, tasks and variables."""
    host, job = a_run("big")
    host.variables = "".join(f"own_{number}: 1\n" for number in range(50))
    top = make_group("top", inventory=host.inventory, variables="a: 1\n")
    for number in range(20):
        group = make_group(f"g{number}", inventory=host.inventory, variables="a: 2\n")
        group.hosts, group.parents = [host], [top]
        other = make_job(template=make_template(inventory=host.inventory, playbook=make_playbook()))
        make_job_host(other, "big")
        make_job_result(other, "big", 1)
        make_job_result(other, "big", 2)
    make_host_result(host, job)
    return host


def count_queries(client: ConsoleClient, host: Host) -> int:
    statements = []
    engine = db.engine
    address = f"/hosts/details/?id={host.id}"

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    client.fetch(address)
    event.remove(engine, "before_cursor_execute", note)
    return len(statements)


def page_of(client: ConsoleClient, host: Host) -> BeautifulSoup:
    return client.get(f"/hosts/details/?id={host.id}")
