import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from aops.core.permissions import Role
from aops.users import services
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import make_user

ONE_TIME = re.compile(r"\b[a-z2-9]{5}(?:-[a-z2-9]{5}){3}\b")


def test_a_new_user_gets_a_one_time_password_that_is_shown_once(
    admin: ConsoleClient, app: Flask, session: Session
) -> None:
    answer = admin.submit("/users/new/", {"username": "Dora", "role": "operator"}, code=200)

    password = ONE_TIME.search(answer.text)[0]
    dora = services.find_user("dora")
    assert password not in admin.fetch("/users/").text
    assert password not in admin.fetch(f"/users/details/?id={dora.id}").text
    assert dora.role is Role.OPERATOR
    browser = ConsoleClient(app, session).sign_in(dora, password)
    assert browser.fetch("/", 302).headers["Location"] == "/account/password"


@pytest.mark.parametrize("username", ["alice", "ALICE", "with space", "n" * 5_000, ""])
def test_a_bad_username_is_refused_at_its_field(admin: ConsoleClient, username: str) -> None:
    answer = admin.submit("/users/new/", {"username": username, "role": "viewer"}, code=200)

    assert 'id="username-error"' in answer.text


def test_an_unknown_role_is_refused(admin: ConsoleClient) -> None:
    admin.submit("/users/new/", {"username": "dora", "role": "root"}, code=200)

    assert services.find_user("dora") is None


def test_a_reset_password_is_shown_once_and_signs_the_person_out(
    admin: ConsoleClient, app: Flask, session: Session, oscar: User
) -> None:
    browser = ConsoleClient(app, session).sign_in(oscar)

    answer = admin.post("/users/reset-password", {"id": oscar.id}, code=200)

    browser.fetch("/account", 302)
    browser.sign_in(oscar, ONE_TIME.search(answer.text)[0])


def test_resetting_needs_a_user(admin: ConsoleClient) -> None:
    admin.post("/users/reset-password", {"id": 999_999}, code=404)
    admin.post("/users/reset-password", {"id": "x"}, code=404)


def test_deactivating_signs_a_person_out(
    admin: ConsoleClient, app: Flask, session: Session, oscar: User
) -> None:
    browser = ConsoleClient(app, session).sign_in(oscar)
    page = admin.get(f"/users/edit/?id={oscar.id}")
    form = {
        "csrf_token": page.select_one("main [name=csrf_token]")["value"],
        "version": page.select_one("[name=version]")["value"],
        "role": "operator",
    }

    admin.post_raw(f"/users/edit/?id={oscar.id}", form, code=302)

    browser.fetch("/account", 302)


def test_a_role_can_be_changed(admin: ConsoleClient, session: Session, oscar: User) -> None:
    admin.submit(f"/users/edit/?id={oscar.id}", {"role": "author"})

    session.refresh(oscar)
    assert oscar.role is Role.AUTHOR


def test_the_last_admin_is_told_at_the_field(
    admin: ConsoleClient, session: Session, alice: User
) -> None:
    answer = admin.submit(f"/users/edit/?id={alice.id}", {"role": "viewer"}, code=200)

    session.refresh(alice)
    assert alice.role is Role.ADMIN
    assert 'id="role-error"' in answer.text or "last active administrator" in answer.text


def test_who_has_signed_in_cannot_be_deleted(
    admin: ConsoleClient, session: Session, alice: User
) -> None:
    make_user("second", Role.ADMIN)

    admin.post("/users/delete/", {"id": alice.id, "url": "/users/"})

    assert session.get(User, alice.id) is not None
    assert "Deactivate" in admin.get("/users/").text


def test_who_never_signed_in_can_be_deleted(
    admin: ConsoleClient, session: Session, oscar: User
) -> None:
    admin.post("/users/delete/", {"id": oscar.id, "url": "/users/"})

    assert services.find_user("oscar") is None


def test_no_hash_is_on_any_page(admin: ConsoleClient, alice: User) -> None:
    pages = [
        admin.fetch(url).text
        for url in ("/users/", f"/users/details/?id={alice.id}", f"/users/edit/?id={alice.id}")
    ]

    assert not any("argon2" in page or "password_hash" in page for page in pages)


@pytest.mark.parametrize(
    "query",
    [
        "search=argon2",
        "flt0_password_hash_contains=argon2",
        "flt0_password_hash_equals=x",
        "flt0_0=argon2",
        "sort=password_hash",
        "sort=99",
    ],
)
def test_the_hash_can_be_neither_searched_nor_filtered_nor_sorted_by(
    admin: ConsoleClient, query: str
) -> None:
    plain = admin.get("/users/").select("tbody tr")

    page = admin.get(f"/users/?{query}")

    rows = page.select("tbody tr")
    assert (rows == []) if query.startswith("search") else len(rows) == len(plain)


def test_users_cannot_be_exported(admin: ConsoleClient) -> None:
    admin.fetch("/users/export/csv/", 302)


@pytest.mark.parametrize("person", ["victor", "oscar", "arthur"])
def test_only_administrators_see_users(
    client: ConsoleClient, request: pytest.FixtureRequest, person: str
) -> None:
    client.sign_in(request.getfixturevalue(person))

    for url in ("/users/", "/users/new/", "/users/details/?id=1", "/users/edit/?id=1"):
        client.get(url, 403)
    client.post("/users/reset-password", {"id": 1}, code=403)


@pytest.fixture
def admin(client: ConsoleClient, alice: User) -> ConsoleClient:
    return client.sign_in(alice)
