import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core.actor import SYSTEM, current
from aops.core.permissions import Role
from aops.users.models import SignInFailure, User, UserSession
from tests.console import ConsoleClient
from tests.factories import PASSWORD, make_user


def test_a_person_signs_in_and_sees_their_account(client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor)

    page = client.get("/account")

    assert "victor" in page.text


def test_a_stranger_is_sent_to_sign_in_and_then_where_they_were_going(
    client: ConsoleClient, alice: User
) -> None:
    asked = client.fetch("/users/?search=bob", 302).headers["Location"]

    answer = client.submit(asked, {"username": "alice", "password": PASSWORD})

    assert asked.startswith("/sign-in?next=")
    assert answer.headers["Location"] == "/users/?search=bob"


def test_signing_in_never_leads_away(client: ConsoleClient, alice: User) -> None:
    form = "/sign-in?next=//evil.example"

    answer = client.submit(form, {"username": "alice", "password": PASSWORD})

    assert answer.headers["Location"] == "/"


def test_a_wrong_password_is_refused_and_counted(
    client: ConsoleClient, session: Session, victor: User
) -> None:
    answer = client.submit("/sign-in", {"username": "victor", "password": "wrong"}, code=403)

    assert "do not fit" in answer.text
    assert 'value="victor"' in answer.text
    assert session.get_one(SignInFailure, "user:victor").count == 1


def test_a_person_who_was_deactivated_cannot_sign_in(client: ConsoleClient) -> None:
    make_user("gone", active=False)

    answer = client.submit("/sign-in", {"username": "gone", "password": PASSWORD}, code=403)

    assert "do not fit" in answer.text


@pytest.mark.parametrize("username", ["n" * 5_000, "\x00", "<script>alert(1)</script>", "名字"])
def test_a_strange_name_is_refused_without_an_error(client: ConsoleClient, username: str) -> None:
    answer = client.submit("/sign-in", {"username": username, "password": "wrong"}, code=403)

    assert "<script>alert" not in answer.text


def test_an_empty_form_says_what_is_missing(client: ConsoleClient) -> None:
    answer = client.submit("/sign-in", {}, code=200)

    assert "Type your username." in answer.text
    assert "Type your password." in answer.text


def test_signing_in_without_a_token_is_refused(client: ConsoleClient, victor: User) -> None:
    client.post_raw("/sign-in", {"username": "victor", "password": PASSWORD}, code=400)


def test_a_cookie_from_before_signing_in_stays_a_strangers(
    client: ConsoleClient, app: Flask, victor: User
) -> None:
    client.get("/sign-in")
    before = _cookie(client)

    client.sign_in(victor)

    thief = _with_cookie(app, before)
    assert _cookie(client) != before
    assert thief.get("/account").status_code == 302


def test_a_stolen_cookie_is_dead_after_signing_out(
    client: ConsoleClient, app: Flask, victor: User
) -> None:
    client.sign_in(victor)
    thief = _with_cookie(app, _cookie(client))
    assert thief.get("/account").status_code == 200

    client.post("/sign-out")

    assert thief.get("/account").status_code == 302


def test_a_link_cannot_sign_anybody_out(client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor)

    client.fetch("/sign-out", 405)

    client.get("/account")


def test_a_session_ends_when_its_time_is_over(
    client: ConsoleClient, session: Session, victor: User
) -> None:
    client.sign_in(victor)
    row = session.scalars(select(UserSession)).one()
    row.expires_at = row.created_at
    session.commit()

    client.fetch("/account", 302)


def test_a_session_ends_when_the_person_is_deactivated(
    client: ConsoleClient, session: Session, victor: User
) -> None:
    client.sign_in(victor)
    victor.active = False
    session.commit()

    client.fetch("/account", 302)


def test_a_lost_right_is_missing_at_the_next_request(
    client: ConsoleClient, session: Session, alice: User
) -> None:
    client.sign_in(alice)
    client.get("/users/")
    alice.role = Role.VIEWER
    session.commit()

    client.get("/users/", 403)


def test_the_database_holds_no_token_and_the_cookie_no_row(
    client: ConsoleClient, session: Session, victor: User
) -> None:
    client.sign_in(victor)

    row = session.scalars(select(UserSession)).one()

    assert len(row.token_hash) == 64
    assert row.token_hash not in _cookie(client)


def test_lines_of_the_log_name_who_acted_and_nobody_acts_afterwards(
    client: ConsoleClient, session: Session, victor: User
) -> None:
    client.sign_in(victor)
    client.submit("/account", {"display_name": "Vic"})

    line = session.scalars(select(AuditEntry).where(AuditEntry.action == "user.updated")).one()

    assert (line.actor_name, line.source) == ("victor", "127.0.0.1")
    assert current() == SYSTEM


def test_who_is_signed_in_is_not_asked_again(client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor)

    answer = client.fetch("/sign-in?next=/account", 302)

    assert answer.headers["Location"] == "/account"


def test_a_stranger_chooses_a_language_by_a_cookie(client: ConsoleClient) -> None:
    answer = client.post("/language", {"locale": "zh_Hans_CN", "next": "/sign-in"})

    assert answer.headers["Location"] == "/sign-in"
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert client.get("/sign-in").html["lang"] == "zh-Hans-CN"


def test_a_signed_in_person_keeps_their_language(
    client: ConsoleClient, session: Session, victor: User
) -> None:
    client.sign_in(victor)

    client.post("/language", {"locale": "zh_Hans_CN", "next": "//evil.example"})

    session.refresh(victor)
    assert victor.locale == "zh_Hans_CN"
    assert client.get("/account").html["lang"] == "zh-Hans-CN"


def test_an_unknown_language_is_refused(client: ConsoleClient) -> None:
    client.post("/language", {"locale": "../../etc"}, code=400)


def _cookie(client: ConsoleClient) -> str:
    cookie = client._client.get_cookie("aops")
    assert cookie is not None
    return cookie.value


def _with_cookie(app: Flask, value: str):
    thief = app.test_client()
    thief.set_cookie("aops", value)
    return thief
