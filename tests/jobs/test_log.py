from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from aops.jobs import lifecycle, log
from aops.jobs.models import Job, JobHost, JobOutput
from aops.jobs.store import store
from tests import factories

NONSENSE = ["", "x", "-1", "1e9", "٣", "9" * 5_000, "0.running.0.9", "\x00", "…", " 1"]


def print_lines(job: Job, pieces: int, *, lines: int = 10, width: int = 10) -> None:
    for seq in range(1, pieces + 1):
        first = (seq - 1) * lines + 1
        text = "".join(f"{n:0{width}}\n" for n in range(first, first + lines))
        piece = {"kind": "output", "seq": seq, "first_line": first, "line_count": lines}
        store(job.id, 1, [piece | {"text": text, "cut": 0}])


def test_polling_gives_what_follows_and_then_nothing(session: Session, job: Job) -> None:
    print_lines(job, 5)

    assert [piece.seq for piece in log.after(job.id, 0)] == [1, 2, 3, 4, 5]
    assert [piece.seq for piece in log.after(job.id, 3)] == [4, 5]
    assert log.after(job.id, 5) == []


def test_one_poll_does_not_give_everything(session: Session, job: Job) -> None:
    print_lines(job, 6, lines=10, width=99)

    first = log.after(job.id, 0, characters=2_500)

    assert [piece.seq for piece in first] == [1, 2, 3]
    assert [piece.seq for piece in log.after(job.id, 3, characters=2_500)] == [4, 5, 6]


def test_a_nul_does_not_make_a_piece_look_small(session: Session, job: Job) -> None:
    for seq in (1, 2, 3):
        piece = {"kind": "output", "seq": seq, "first_line": seq, "line_count": 1, "cut": 0}
        store(job.id, 1, [piece | {"text": "\x00" + "x" * 5_000 + "\n"}])

    assert [piece.seq for piece in log.after(job.id, 0, characters=4_000)] == [1]


def test_a_piece_is_never_split(session: Session, job: Job) -> None:
    print_lines(job, 2, lines=1, width=1_000)

    assert [piece.seq for piece in log.after(job.id, 0, characters=1)] == [1]


def test_a_short_output_is_shown_whole(session: Session, job: Job) -> None:
    print_lines(job, 3)
    session.refresh(job)

    window = log.window(job)

    assert "".join(piece.text for piece in window.pieces) == "".join(log.whole(job.id))
    assert (window.last_seq, window.hidden_before, window.has_more) == (3, 0, False)


def test_of_a_long_output_the_end_is_shown(
    session: Session, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PAGE_CHARACTERS", 500)
    print_lines(job, 20)
    session.refresh(job)

    window = log.window(job)

    assert window.last_seq == 20
    assert not window.has_more
    assert 0 < window.hidden_before == window.pieces[0].first_line - 1
    assert 250 <= sum(len(piece.text) for piece in window.pieces) <= 700


@pytest.mark.parametrize(("line", "first"), [(1, 1), (10, 1), (11, 11), (95, 91), (200, 191)])
def test_a_window_can_be_moved_to_a_line(
    line: int, first: int, session: Session, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PAGE_CHARACTERS", 300)
    print_lines(job, 20)
    session.refresh(job)

    window = log.window(job, line)

    assert window.pieces[0].first_line == first
    assert window.has_more == (window.last_seq < 20)


@pytest.mark.parametrize("line", [0, -5, 10**6, 10**30])
def test_a_line_that_does_not_exist_shows_something_all_the_same(
    line: int, session: Session, job: Job
) -> None:
    print_lines(job, 2)
    session.refresh(job)

    assert log.window(job, line).pieces


def test_a_job_without_output_has_an_empty_window(session: Session, job: Job) -> None:
    assert log.window(job) == log.Window([], 0, 0, has_more=False)
    assert list(log.whole(job.id)) == []


@pytest.mark.parametrize("cursor", NONSENSE)
def test_a_nonsense_cursor_is_no_error(cursor: str, session: Session, job: Job) -> None:
    print_lines(job, 1)

    log.after(job.id, log.Cursor.read(cursor).seq)


def test_a_cursor_is_read_as_it_was_written(session: Session, job: Job) -> None:
    print_lines(job, 1)
    session.refresh(job)
    cursor = log.cursor_of(job, 1)

    assert log.Cursor.read(str(cursor)) == cursor
    assert cursor.is_current(job)


def test_a_new_state_is_news_at_once(session: Session, job: Job) -> None:
    cursor = log.cursor_of(job, 0)
    lifecycle.request_cancel(job.id)
    session.flush()
    session.refresh(job)

    assert not cursor.is_current(job)
    assert cursor.wants_summary(job)


def test_the_summary_follows_the_lines_after_a_while(
    session: Session, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = log.cursor_of(job, 0)
    print_lines(job, 1)
    session.refresh(job)
    seen = replace(cursor, seq=1)

    at_once = seen.wants_summary(job)
    monkeypatch.setattr(log, "_stretch", lambda: cursor.summary[1] + 1)

    assert not at_once
    assert seen.wants_summary(job)
    assert log.cursor_of(job, 1).is_current(job)


def test_a_download_gives_all_of_it_in_order(session: Session, job: Job) -> None:
    print_lines(job, 450, lines=2)

    assert "".join(log.whole(job.id)) == "".join(f"{n:010}\n" for n in range(1, 901))


def test_hosts_with_trouble_come_first(session: Session, job: Job) -> None:
    for name, failed, unreachable in (("a", 0, 0), ("b", 0, 1), ("c", 2, 0), ("d", 0, 0)):
        session.add(JobHost(job_id=job.id, host=name, failed=failed, unreachable=unreachable))
    session.flush()

    assert [row.host for row in log.hosts_of(job.id)] == ["c", "b", "a", "d"]
    assert [row.host for row in log.hosts_of(job.id, limit=2)] == ["c", "b"]


def test_the_output_of_another_job_is_never_shown(session: Session, job: Job) -> None:
    other = factories.make_job()
    session.add(
        JobOutput(job_id=other.id, seq=1, attempt=1, first_line=1, line_count=1, text="other\n")
    )
    session.flush()
    print_lines(job, 1)

    assert "other" not in "".join(log.whole(job.id))


@pytest.fixture
def job(session: Session) -> Job:
    job = factories.make_job()
    lifecycle.claim(job.id, "here")
    session.refresh(job)
    return job
