from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from aops.core.database import database_time
from aops.jobs import lifecycle, services
from aops.jobs.models import Job, JobStatus, Pulse
from aops.jobs.sink import COUNTS
from aops.jobs.store import store
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient
from tests.inventory.sources.scripts import make_source


def test_a_waiting_job_says_why_it_waits(client: ConsoleClient, oscar: User) -> None:
    job = factories.make_job()
    client.sign_in(oscar)

    page = client.get(f"/jobs/{job.id}/")

    assert "No worker is running" in page.select_one("#job-summary").text
    assert "Cancel job" in page.select_one("#job-actions").text


@pytest.mark.parametrize(
    ("ahead", "free", "sentence"),
    [
        (0, 1, "within seconds"),
        (0, 0, "Every worker is busy"),
        (1, 1, "1 job is before it"),
        (2, 1, "2 jobs are before it"),
    ],
)
def test_the_sentence_fits_the_queue(
    *, ahead: int, free: int, sentence: str, session: Session, client: ConsoleClient, oscar: User
) -> None:
    template = factories.make_template()
    jobs = [factories.make_job(template=template) for _ in range(ahead + 1)]
    session.add(Pulse(name="worker", node="a", seen_at=database_time(), free_slots=free))
    client.sign_in(oscar)

    page = client.get(f"/jobs/{jobs[-1].id}/")

    assert sentence in page.select_one("#job-summary").text


def test_a_running_job_shows_its_output_and_where_polling_goes_on(
    client: ConsoleClient, oscar: User, running: Job
) -> None:
    print_line(running, 1, "\x1b[0;32mok: [web1]\x1b[0m <b>&")
    client.sign_in(oscar)

    page = client.get(f"/jobs/{running.id}/")

    panel = page.select_one("#log")
    assert panel["data-poll"] == f"/jobs/{running.id}/log"
    assert panel["data-cursor"].startswith("1.running")
    assert page.select_one("#L1 .ansi-fg-2").text == "ok: [web1]"
    assert "<b>&" in panel.text


def test_a_page_without_javascript_reloads_itself_until_the_job_ends(
    session: Session, client: ConsoleClient, oscar: User, running: Job
) -> None:
    client.sign_in(oscar)
    before = client.fetch(f"/jobs/{running.id}/").text
    lifecycle.finish(running.id, 1, JobStatus.SUCCESSFUL)
    session.commit()

    after = client.fetch(f"/jobs/{running.id}/").text

    assert '<meta http-equiv="refresh"' in before
    assert '<meta http-equiv="refresh"' not in after
    assert "data-poll" not in after


def test_a_poll_gives_only_what_is_new(
    session: Session, client: ConsoleClient, oscar: User, running: Job
) -> None:
    client.sign_in(oscar)
    print_line(running, 1, "first")
    session.commit()
    first = poll(client, running, "0")
    print_line(running, 2, "second")
    session.commit()

    second = poll(client, running, first.headers["X-Aops-Cursor"])

    assert "first" in first.text
    assert "first" not in second.text
    assert "second" in second.text
    assert 'id="L2"' in second.text
    assert "X-Aops-Finished" not in second.headers


def test_a_poll_without_news_is_answered_with_nothing(
    session: Session, client: ConsoleClient, oscar: User, running: Job
) -> None:
    client.sign_in(oscar)
    print_line(running, 1, "first")
    session.commit()
    cursor = poll(client, running, "0").headers["X-Aops-Cursor"]

    answer = poll(client, running, cursor, code=304)

    assert answer.data == b""
    assert answer.headers["X-Aops-Cursor"] == cursor
    assert "X-Aops-Finished" not in answer.headers


def test_a_cancel_is_news_even_without_output(
    session: Session, client: ConsoleClient, oscar: User, running: Job
) -> None:
    client.sign_in(oscar)
    cursor = poll(client, running, "0").headers["X-Aops-Cursor"]
    services.cancel(running)
    session.commit()

    answer = poll(client, running, cursor)

    assert "Canceling" in answer.text
    assert '<template data-replace="#job-summary">' in answer.text


def test_polling_ends_when_the_job_has_ended_and_all_of_it_was_given(
    session: Session,
    client: ConsoleClient,
    oscar: User,
    running: Job,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.sign_in(oscar)
    for seq in range(1, 8):
        print_line(running, seq, "x" * 60_000)
    lifecycle.finish(running.id, 1, JobStatus.FAILED, reason="why not", exit_code=2)
    session.commit()

    first = poll(client, running, "0")
    second = poll(client, running, first.headers["X-Aops-Cursor"])
    third = poll(client, running, second.headers["X-Aops-Cursor"], code=304)

    assert "X-Aops-Finished" not in first.headers
    assert second.headers["X-Aops-Finished"] == "1"
    assert third.headers["X-Aops-Finished"] == "1"
    assert "why not" in second.text


@pytest.mark.parametrize("cursor", ["", "x", "9" * 5_000, "-1", "1\r\nX-Evil: 1", "0.<b>.0", "٣"])
def test_a_cursor_that_makes_no_sense_starts_from_the_beginning(
    cursor: str, session: Session, client: ConsoleClient, oscar: User, running: Job
) -> None:
    client.sign_in(oscar)

    answer = poll(client, running, cursor)

    assert "<b>" not in answer.headers["X-Aops-Cursor"]
    assert "X-Evil" not in answer.headers


def test_counts_are_shown_for_each_host(
    session: Session, client: ConsoleClient, oscar: User, running: Job
) -> None:
    zeros = dict.fromkeys(COUNTS, 0)
    counts = {"web1": zeros | {"ok": 3, "changed": 2}, "<db>": zeros | {"failed": 1}}
    store(running.id, 1, [{"kind": "hosts", "hosts": counts}])
    client.sign_in(oscar)

    page = client.get(f"/jobs/{running.id}/")

    rows = [[cell.text.strip() for cell in row.select("td")] for row in page.select("tbody tr")]
    assert rows == [
        ["<db>", "0", "0", "0", "1", "0", "0", "0"],
        ["web1", "3", "2", "0", "0", "0", "0", "0"],
    ]


def test_a_refused_host_key_is_named_with_what_to_do_and_hosts_lead_to_their_pages(
    client: ConsoleClient, victor: User, running: Job
) -> None:
    host = factories.make_host("web1", inventory=running.inventory)
    message = "ssh: WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! IT IS"
    factories.make_job_host(running, "web1", unreachable=1, message=message)
    factories.make_job_host(running, "gone")
    client.sign_in(victor)

    page = client.get(f"/jobs/{running.id}/")

    alert = page.select_one("#job-summary .alert-danger")
    assert "The SSH host key has changed" in alert.text
    assert "web1" in alert.text
    assert alert.a["href"] == f"/host-keys/?inventory={running.inventory_id}"
    assert [a["href"] for a in page.select("tbody a")] == [f"/hosts/details/?id={host.id}"]


def test_a_job_that_its_source_stopped_leads_to_the_source(
    session: Session, client: ConsoleClient, victor: User, running: Job
) -> None:
    source = make_source(running.inventory, name="cloud")
    make_source(running.inventory, name="other")
    reason = (
        "Nothing was run, because the source “cloud” of the inventory could not be refreshed: x"
    )
    lifecycle.refuse(running.id, 1, reason)
    client.sign_in(victor)

    page = client.get(f"/jobs/{running.id}/")

    links = [a["href"] for a in page.select("#job-summary .alert-danger a")]
    assert links == [f"/sources/details/?id={source.id}"]
    assert "cloud" in client.get(links[0]).select_one("h1").text


def test_a_reason_that_names_no_source_leads_nowhere(
    session: Session, client: ConsoleClient, victor: User, running: Job
) -> None:
    make_source(running.inventory, name="aops")
    lifecycle.refuse(running.id, 1, lifecycle.BROKEN)
    client.sign_in(victor)

    page = client.get(f"/jobs/{running.id}/")

    assert page.select("#job-summary .alert-danger a") == []


@pytest.mark.parametrize("status", [JobStatus.LOST, JobStatus.FAILED, JobStatus.TIMED_OUT])
def test_an_end_that_needs_explaining_is_explained(
    status: JobStatus, session: Session, client: ConsoleClient, oscar: User, running: Job
) -> None:
    lifecycle.finish(running.id, 1, status, reason=lifecycle.PROCESS_DIED, output_cut=1234)
    client.sign_in(oscar)

    page = client.get(f"/jobs/{running.id}/")

    assert "The process that carried this run died" in page.text
    assert "1234 characters of the output were too much" in page.text
    assert "Run again" in page.select_one("#job-actions").text
    assert "Cancel job" not in page.text


def test_a_run_without_a_sandbox_says_so(
    session: Session, client: ConsoleClient, oscar: User, running: Job
) -> None:
    lifecycle.finish(running.id, 1, JobStatus.SUCCESSFUL, isolated=False)
    client.sign_in(oscar)

    assert "not isolated" in client.get(f"/jobs/{running.id}/").text


def test_an_operator_cancels_a_job(
    session: Session, client: ConsoleClient, oscar: User, running: Job
) -> None:
    client.sign_in(oscar)

    client.post(f"/jobs/{running.id}/cancel")
    page = client.get(f"/jobs/{running.id}/")

    session.refresh(running)
    assert running.cancel_requested_by == "oscar"
    assert "is being ended" in page.text
    assert "Canceling" in page.select_one("#job-summary").text


def test_a_cancel_that_comes_too_late_says_so(
    session: Session, client: ConsoleClient, oscar: User, running: Job
) -> None:
    lifecycle.finish(running.id, 1, JobStatus.SUCCESSFUL)
    client.sign_in(oscar)

    client.post(f"/jobs/{running.id}/cancel")

    assert "nothing to cancel" in client.get(f"/jobs/{running.id}/").text


def test_a_viewer_can_neither_cancel_nor_run_again(
    session: Session, client: ConsoleClient, victor: User, running: Job
) -> None:
    client.sign_in(victor)

    page = client.get(f"/jobs/{running.id}/")
    client.post(f"/jobs/{running.id}/cancel", code=403)

    session.refresh(running)
    assert running.cancel_requested_at is None
    assert "Cancel job" not in page.text


def test_the_download_is_all_of_the_output_as_text(
    session: Session, client: ConsoleClient, victor: User, running: Job
) -> None:
    print_line(running, 1, "\x1b[31m红色\x1b[0m 😀 \x00")
    print_line(running, 2, "<script>")
    client.sign_in(victor)

    plain = client.fetch(f"/jobs/{running.id}/output.txt", buffered=True)
    coloured = client.fetch(f"/jobs/{running.id}/output.txt?colours=1", buffered=True)

    assert plain.text == "红色 😀 \x00\n<script>\n"
    assert coloured.text.startswith("\x1b[31m")
    assert plain.mimetype == "text/plain"
    assert plain.headers["Content-Disposition"].startswith("attachment")
    assert plain.headers["X-Content-Type-Options"] == "nosniff"


def test_a_long_output_leads_to_its_other_parts(
    session: Session,
    client: ConsoleClient,
    victor: User,
    running: Job,
) -> None:
    for seq in range(1, 14):
        print_line(running, seq, "x" * 50_000)
    lifecycle.finish(running.id, 1, JobStatus.SUCCESSFUL)
    client.sign_in(victor)

    end = client.get(f"/jobs/{running.id}/")
    start = client.get(f"/jobs/{running.id}/?line=1")

    assert "earlier lines are not shown" in end.text
    assert end.select_one("#L13")
    assert not end.select_one("#L1")
    assert start.select_one("#L1")
    assert "Show later lines" in start.text


def test_filters_live_in_the_address(session: Session, client: ConsoleClient, victor: User) -> None:
    template = factories.make_template()
    failed = factories.make_job(template=template, name="Deploy web", status=JobStatus.FAILED)
    factories.make_job(template=template, name="Backup", status=JobStatus.SUCCESSFUL)
    client.sign_in(victor)

    page = client.get("/jobs/?status=failed&name=deploy&launched_by=oscar")

    assert [link["href"] for link in page.select("a.row-title")] == [f"/jobs/{failed.id}/"]
    assert page.select_one("[name=name]")["value"] == "deploy"
    assert page.select_one("[name=status][value=failed]").has_attr("checked")
    assert not page.select_one("[name=status][value=lost]").has_attr("checked")


def test_the_history_can_be_leafed_through_with_its_filters(
    session: Session, client: ConsoleClient, victor: User
) -> None:
    template = factories.make_template()
    jobs = [factories.make_job(template=template, name="Deploy") for _ in range(60)]
    client.sign_in(victor)

    first = client.get("/jobs/?name=Deploy")
    older = next(link["href"] for link in first.select(".list-foot a") if "Older" in link.text)
    second = client.get(f"/jobs/{older}")

    assert "name=Deploy" in older
    assert len(first.select("a.row-title")) == 50
    assert [link["href"] for link in second.select("a.row-title")] == [
        f"/jobs/{job.id}/" for job in reversed(jobs[:10])
    ]
    assert "Newest" in second.text


def test_the_history_is_kept_new_only_while_a_job_on_it_goes_on(
    session: Session, client: ConsoleClient, oscar: User, running: Job
) -> None:
    client.sign_in(oscar)

    before = client.get("/jobs/").select_one("#job-list")
    lifecycle.finish(running.id, 1, JobStatus.SUCCESSFUL)
    session.commit()
    after = client.get("/jobs/").select_one("#job-list")

    assert before["data-reload"] == "5"
    assert not after.has_attr("data-reload")


def test_an_empty_history_says_what_to_do(client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor)

    assert "No jobs yet" in client.get("/jobs/").text
    assert "Nothing matches" in client.get("/jobs/?name=x").text


@pytest.mark.parametrize(
    "query",
    [
        "before=" + "9" * 3_000,
        "status=x",
        "since=x",
        "name=%00",
        "host=%ff%fe",
        "name=<b>\"'&before=x",
    ],
)
def test_a_hostile_query_is_no_error(query: str, client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor)

    client.get(f"/jobs/?{query}")


@pytest.mark.parametrize(
    ("isolation", "sentence"),
    [
        ("", None),
        ("off", "Runs are not isolated"),
        ("preferred: no bwrap", "Runs are not isolated"),
        ("required: no bwrap", "Jobs are refused"),
    ],
)
def test_every_page_says_when_runs_are_not_isolated(
    *,
    isolation: str,
    sentence: str | None,
    app: Flask,
    session: Session,
    client: ConsoleClient,
    victor: User,
) -> None:
    app.extensions.pop("banners", None)
    session.add(Pulse(name="worker", node="a", seen_at=database_time(), isolation=isolation))
    client.sign_in(victor)

    app.extensions.pop("banners", None)
    banners = [banner.text for banner in client.get("/jobs/").select(".banner")]

    app.extensions.pop("banners", None)
    assert [sentence in banner for banner in banners] == ([True] if sentence else [])


def print_line(job: Job, seq: int, text: str) -> None:
    piece = {"kind": "output", "seq": seq, "first_line": seq, "line_count": 1, "cut": 0}
    store(job.id, 1, [piece | {"text": f"{text}\n"}])


def poll(client: ConsoleClient, job: Job, cursor: str, code: int = 200) -> Any:
    return client.fetch(f"/jobs/{job.id}/log", code, query_string={"after": cursor})


@pytest.fixture
def running(session: Session) -> Job:
    job = factories.make_job()
    lifecycle.claim(job.id, "here")
    session.refresh(job)
    return job
