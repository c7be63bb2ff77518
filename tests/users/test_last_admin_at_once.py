"""Two administrators who take each other's rights at the same moment: one of them stays."""

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from aops.audit.models import AuditEntry
from aops.core.database import db
from aops.core.errors import AopsError
from aops.core.permissions import Role
from aops.users import services
from aops.users.models import SignInFailure, User
from tests.console import form_values
from tests.factories import PASSWORD, make_user

MEETING_SECONDS = 0.5
"""SQLite lets only one in, so that they cannot meet there."""


def demote(user: User) -> None:
    user.role = Role.OPERATOR
    services.settle_access(user)


def deactivate(user: User) -> None:
    user.active = False
    services.settle_access(user)


def remove(user: User) -> None:
    services.refuse_deletion(user)
    db.session.delete(user)


MOVES = tuple(itertools.combinations_with_replacement((demote, deactivate, remove), 2))


@pytest.mark.parametrize("moves", MOVES, ids=lambda moves: " and ".join(m.__name__ for m in moves))
def test_the_last_administrator_survives_whatever_two_do_to_each_other(
    two: tuple[Flask, int, int], moves: tuple[Callable[[User], None], ...]
) -> None:
    app, ada, ben = two
    meeting = threading.Barrier(2)

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda move, whom: act(app, meeting, move, whom), moves, (ada, ben)))

    assert sorted(sentence[:32] for sentence in said) == ["", "This is the last active administ"]
    assert len(admins(app)) == 1


def test_of_two_pages_that_are_sent_at_once_only_one_is_saved(
    two: tuple[Flask, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, ada, ben = two
    meeting = threading.Barrier(2)
    settle = services.settle_access
    monkeypatch.setattr(services, "settle_access", lambda user: (meet(meeting), settle(user)))
    pages = (
        filled_in(signed_in(app, "ada"), ben, {"role": "viewer"}),
        filled_in(signed_in(app, "ben"), ada, {"active": None}),
    )

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda send: send(), pages))

    assert sorted(answers) == [False, True]
    assert len(admins(app)) == 1


def act(app: Flask, meeting: threading.Barrier, move: Callable[[User], None], whom: int) -> str:
    """Do what a page does, over a connection of its own; give the refusal."""
    with app.app_context():
        try:
            user = db.session.get_one(User, whom)
            meet(meeting)
            with db.session.no_autoflush:
                move(user)
            db.session.commit()
        except AopsError as refused:
            db.session.rollback()
            return str(refused)
        finally:
            db.session.remove()
    return ""


def meet(meeting: threading.Barrier) -> None:
    """Wait until both are here, where both can be."""
    with contextlib.suppress(threading.BrokenBarrierError):
        meeting.wait(MEETING_SECONDS)


def signed_in(app: Flask, username: str) -> FlaskClient:
    """Open a browser of its own in which somebody is signed in."""
    browser = app.test_client()
    values = form_values(form(browser, "/sign-in"))
    answer = browser.post("/sign-in", data=values | {"username": username, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def filled_in(
    browser: FlaskClient, whom: int, changes: dict[str, str | None]
) -> Callable[[], bool]:
    """Open and fill in somebody's page; give what sends it and tells whether it was saved."""
    url = f"/users/edit/?id={whom}"
    values = form_values(form(browser, url)) | changes
    sent = {name: value for name, value in values.items() if value is not None}

    def send() -> bool:
        answer = browser.post(url, data=sent)
        return answer.status_code == 302 and "/sign-in" not in answer.location

    return send


def form(browser: FlaskClient, url: str) -> BeautifulSoup:
    """Give a page's main form."""
    found = BeautifulSoup(browser.get(url).text, "html5lib").select_one("main form[method=post i]")
    assert found is not None, url
    return found


def admins(app: Flask) -> list[int]:
    """Give who may still administer."""
    with app.app_context():
        query = select(User.id).where(User.role == Role.ADMIN, User.active)
        return list(db.session.scalars(query))


@pytest.fixture
def two(app: Flask) -> Iterator[tuple[Flask, int, int]]:
    """Two administrators, really stored, and nobody else who is one."""
    with app.app_context():
        ids = [make_user(name, Role.ADMIN).id for name in ("ada", "ben")]
        db.session.commit()
    assert admins(app) == ids
    yield app, *ids
    with app.app_context():
        for model in (User, SignInFailure, AuditEntry):
            db.session.execute(delete(model))
        db.session.commit()
