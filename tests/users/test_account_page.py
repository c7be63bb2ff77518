from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.users.models import User, UserSession
from tests.console import ConsoleClient
from tests.factories import PASSWORD, make_user

NEW = "another long passphrase"


def test_a_display_name_is_shown_everywhere(client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor)

    client.submit("/account", {"display_name": "Viktor <b>Ω</b>"})

    assert "Viktor <b>Ω</b>" in client.get("/account").select_one("nav").text


def test_a_display_name_of_5000_characters_is_refused_at_its_field(
    client: ConsoleClient, victor: User
) -> None:
    client.sign_in(victor)

    answer = client.submit("/account", {"display_name": "n" * 5_000}, code=200)

    assert "5000 characters" in answer.text


def test_nobody_makes_themselves_an_administrator(
    client: ConsoleClient, session: Session, victor: User
) -> None:
    client.sign_in(victor)

    client.submit("/account", {"display_name": "V", "role": "admin", "username": "root"})

    session.refresh(victor)
    assert (victor.role, victor.username) == ("viewer", "victor")


def test_a_new_password_signs_other_browsers_out_and_keeps_this_one(
    client: ConsoleClient, app: Flask, session: Session, victor: User
) -> None:
    other = ConsoleClient(app, session).sign_in(victor)
    client.sign_in(victor)

    _change(client, PASSWORD, NEW)

    client.get("/account")
    other.fetch("/account", 302)


def test_only_the_new_password_works_afterwards(
    client: ConsoleClient, app: Flask, session: Session, victor: User
) -> None:
    client.sign_in(victor)
    _change(client, PASSWORD, NEW)

    other = ConsoleClient(app, session)
    other.submit("/sign-in", {"username": "victor", "password": PASSWORD}, code=403)
    other.sign_in(victor, NEW)


def test_the_current_password_is_asked_for(client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor)

    answer = _change(client, "wrong", NEW, code=200)

    assert "not your current password" in answer.text


def test_two_different_new_passwords_are_refused(client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor)

    answer = client.submit(
        "/account/password",
        {"current_password": PASSWORD, "password": NEW, "repeated": NEW + "x"},
        code=200,
    )

    assert "differ" in answer.text


def test_a_weak_password_is_refused_and_the_old_one_stays(
    client: ConsoleClient, app: Flask, session: Session, victor: User
) -> None:
    client.sign_in(victor)

    answer = _change(client, PASSWORD, "short", code=200)

    assert "too short" in answer.text
    ConsoleClient(app, session).sign_in(victor)


def test_a_one_time_password_must_be_changed_before_anything_else(
    client: ConsoleClient, session: Session
) -> None:
    dora = make_user("dora", must_change_password=True)
    client.sign_in(dora)

    everywhere = {
        client.fetch(url, 302).headers["Location"] for url in ("/", "/account", "/audit/")
    }
    _change(client, PASSWORD, NEW)

    assert everywhere == {"/account/password"}
    session.refresh(dora)
    assert not dora.must_change_password
    client.get("/account")


def test_another_browser_can_be_signed_out(
    client: ConsoleClient, app: Flask, session: Session, victor: User
) -> None:
    other = ConsoleClient(app, session).sign_in(victor)
    client.sign_in(victor)
    oldest = session.scalars(select(UserSession).order_by(UserSession.id)).first()

    client.post(f"/account/sessions/{oldest.id}/end")

    other.fetch("/account", 302)
    client.get("/account")


def test_everywhere_else_can_be_signed_out(
    client: ConsoleClient, app: Flask, session: Session, victor: User
) -> None:
    others = [ConsoleClient(app, session).sign_in(victor) for _ in range(2)]
    client.sign_in(victor)

    client.post("/account/sessions/end-others")

    for other in others:
        other.fetch("/account", 302)
    client.get("/account")


def test_nobody_signs_somebody_else_out(
    client: ConsoleClient, app: Flask, session: Session, victor: User, alice: User
) -> None:
    admin = ConsoleClient(app, session).sign_in(alice)
    hers = session.scalars(select(UserSession)).one()
    client.sign_in(victor)

    client.post(f"/account/sessions/{hers.id}/end", code=404)

    admin.get("/account")


def test_sessions_are_listed_in_words(client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor)

    page = client.get("/account")

    assert "This browser" in page.text
    assert "127.0.0.1" in page.text


def _change(client: ConsoleClient, old: str, new: str, code: int = 302):
    return client.submit(
        "/account/password",
        {"current_password": old, "password": new, "repeated": new},
        code,
    )
