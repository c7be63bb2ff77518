from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.orm import Session

from aops.core import typed_text
from aops.inventory.models import Inventory
from aops.users.models import User, UserSession
from tests import factories
from tests.console import ConsoleClient

TEXT = '[web]\nweb1 note="</textarea><script>alert(1)</script>"\n'


def test_text_of_a_form_that_came_without_a_session_is_given_back(
    app: Flask, shop: Inventory
) -> None:
    data = {"text": TEXT, "name": "web1", "csrf_token": "stale"}

    answer = app.test_client().post(_import(shop), data=data)

    page = BeautifulSoup(answer.text, "html5lib")
    assert answer.status_code == 400
    assert _areas(page) == {"text": TEXT, "name": "web1"}
    assert all(area.has_attr("readonly") for area in page.select("textarea"))
    assert "alert(1)" not in "".join(script.text for script in page.select("script"))


def test_the_way_to_sign_in_leaves_the_text_where_it_is_and_leads_to_the_form(
    app: Flask, shop: Inventory
) -> None:
    headers = {"Referer": f"http://localhost{_import(shop)}?a=1"}

    answer = app.test_client().post(_import(shop), data={"text": TEXT}, headers=headers)

    link = BeautifulSoup(answer.text, "html5lib").select_one(".plain-actions a")
    assert (link["target"], link["rel"]) == ("_blank", ["noopener"])
    assert link["href"] == f"/sign-in?next={_import(shop)}?a%3D1"


def test_a_session_that_ended_on_the_server_gives_the_text_back_too(
    client: ConsoleClient, session: Session, arthur: User, shop: Inventory
) -> None:
    client.sign_in(arthur)
    form = client.get(_import(shop)).select_one("main form")
    token = form.select_one("[name=csrf_token]")["value"]
    session.execute(delete(UserSession))
    session.commit()

    answer = client.post_raw(_import(shop), {"text": TEXT, "csrf_token": token}, code=403)

    assert _areas(BeautifulSoup(answer.text, "html5lib")) == {"text": TEXT}


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("/sign-in", {"username": "victor", "password": "hunter22"}),
        ("/account/", {"current_password": "hunter22", "display_name": "Victor"}),
        ("/credentials/new/?type=machine", {"name": "hunter22", "private_key": "hunter22"}),
        ("/inventories/new/", {"password": "hunter22", "vault_password": "hunter22"}),
        ("/inventories/new/", {"csrf_token": "hunter22", "private_key": "hunter22"}),
        ("/inventories/new/", {"description": "hunter22" * 130_000}),
    ],
)
def test_secrets_and_endless_texts_never_come_back(
    app: Flask, url: str, data: dict[str, str]
) -> None:
    answer = app.test_client().post(url, data=data)

    assert answer.status_code == 400
    assert "hunter22" not in answer.text


def test_what_another_site_sent_is_not_shown(app: Flask, shop: Inventory) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}

    answer = app.test_client().post(_import(shop), data={"text": TEXT}, headers=headers)

    assert answer.status_code == 400
    assert "web1" not in answer.text


def test_all_fields_together_stay_below_the_limit(app: Flask) -> None:
    third = "x" * (typed_text.MOST_CHARACTERS // 2)
    data = {"one": third, "two": third, "three": third}

    answer = app.test_client().post("/inventories/new/", data=data)

    assert [*_areas(BeautifulSoup(answer.text, "html5lib"))] == ["one", "two"]


def _import(inventory: Inventory) -> str:
    return f"/imports/into/{inventory.id}/"


def _areas(page: BeautifulSoup) -> dict[str, str]:
    return {
        page.select_one(f"label[for={area['id']}]").text: area.text.removeprefix("\n")
        for area in page.select("textarea")
    }


@pytest.fixture
def shop(session: Session) -> Inventory:
    shop = factories.make_inventory(name="shop")
    session.commit()
    return shop
