"""Saving, restoring and racing for playbooks."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from aops.core.actor import Actor, acting_as
from aops.core.errors import AopsError
from aops.playbooks import services
from aops.playbooks.models import Playbook, PlaybookRevision
from aops.users.models import User
from tests.factories import PLAYBOOK, make_playbook, make_revision

OTHER = PLAYBOOK.replace("hello", "goodbye")


def test_a_first_save_is_revision_one(session: Session, arthur: User) -> None:
    playbook = Playbook(name="deploy")
    session.add(playbook)

    with acting_as(Actor(name="Arthur", user_id=arthur.id)):
        saved = services.save(playbook, PLAYBOOK, "the beginning")
    session.flush()

    assert saved is not None
    assert (saved.number, saved.message, saved.author_name) == (1, "the beginning", "Arthur")
    assert saved.author_id == arthur.id
    assert services.newest_revision(playbook) is saved


def test_a_changed_text_is_the_next_revision(session: Session) -> None:
    playbook = make_playbook()

    services.save(playbook, OTHER)
    session.flush()

    assert [one.number for one in services.revisions_of(playbook)] == [2, 1]
    assert newest_text(playbook) == OTHER


@pytest.mark.parametrize(
    "same",
    [PLAYBOOK, PLAYBOOK.replace("\n", "\r\n"), PLAYBOOK.rstrip("\n"), PLAYBOOK + "\n\n"],
    ids=["as it was", "CRLF", "no last line end", "blank lines at the end"],
)
def test_the_same_text_makes_no_revision(session: Session, same: str) -> None:
    playbook = make_playbook()
    session.commit()

    saved = services.save(playbook, same)
    session.flush()

    assert saved is None
    assert playbook.version == 1
    assert len(services.revisions_of(playbook)) == 1


def test_what_is_no_playbook_is_refused_at_its_field(session: Session) -> None:
    playbook = make_playbook()

    with pytest.raises(AopsError, match="Line 1, column 3") as refused:
        services.save(playbook, "- tasks: []\n")

    assert refused.value.field == "content"


def test_a_message_has_an_end(session: Session) -> None:
    playbook = make_playbook()

    with pytest.raises(AopsError) as refused:
        services.save(playbook, OTHER, "x" * 256)

    assert refused.value.field == "message"


def test_restoring_makes_a_new_revision(session: Session) -> None:
    playbook = make_playbook()
    services.save(playbook, OTHER)
    session.flush()

    services.restore(services.find_revision(playbook, 1))
    session.flush()

    newest = services.newest_revision(playbook)
    assert (newest.number, newest.content) == (3, PLAYBOOK)
    assert newest.message == "Restored revision 1"


def test_restoring_the_newest_does_nothing(session: Session) -> None:
    playbook = make_playbook()

    assert services.restore(services.newest_revision(playbook)) is None


def test_lists_do_not_load_the_texts(session: Session) -> None:
    playbook, other = make_playbook(), make_playbook()
    make_revision(playbook, OTHER, number=2)
    make_revision(playbook, PLAYBOOK, number=3)
    session.commit()
    numbers = {playbook.id: 3, other.id: 1}
    session.expunge_all()

    newest = services.newest_revisions(session.scalars(select(Playbook)))

    assert {key: row.number for key, row in newest.items()} == numbers
    with pytest.raises(InvalidRequestError):
        getattr(newest[max(numbers)], "content")  # noqa: B009 - reading is the point


def test_older_revisions_are_read_in_pages(session: Session) -> None:
    playbook = make_playbook()
    for number in range(2, 8):
        make_revision(playbook, PLAYBOOK + f"# {number}\n", number)

    first = services.revisions_of(playbook, limit=3)
    second = services.revisions_of(playbook, before=first[-1].number, limit=3)

    assert [one.number for one in [*first, *second]] == [7, 6, 5, 4, 3, 2]


def test_deleting_a_playbook_deletes_its_revisions(session: Session) -> None:
    playbook = make_playbook()
    session.commit()

    session.delete(playbook)
    session.commit()

    assert session.scalars(select(PlaybookRevision)).all() == []


def test_of_two_who_save_at_once_the_second_is_told(session: Session) -> None:
    playbook = make_playbook()
    session.commit()
    assert playbook.version == 1  # as it was read
    session.execute(update(Playbook.__table__).values(version=2))  # type: ignore[arg-type]

    services.save(playbook, OTHER)

    with pytest.raises(StaleDataError):
        session.flush()


def newest_text(playbook: Playbook) -> str:
    newest = services.newest_revision(playbook)
    assert newest is not None
    return newest.content
