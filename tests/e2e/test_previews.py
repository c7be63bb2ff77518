from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests import factories
from tests.e2e.stack import Stack
from tests.e2e.test_browser import look_at, mark_document, sign_in
from tests.faults.scene import Scene, factories_name
from tests.services.chromium import Visitor


def test_a_pattern_is_answered_while_it_is_typed(scene: Scene, page: Page) -> None:
    shop = make_shop(scene)
    asked: list[str] = []
    page.on("request", lambda one: "matching-hosts" in one.url and asked.append(one.url))
    sign_in(page, scene.stack, "oscar")
    page.goto(f"{scene.stack.url}/templates/{shop.template_id}/launch")
    mark_document(page)
    live = page.locator("[aria-live=polite].preview-live")
    button = page.locator("#launch-form button.btn-primary")

    page.locator("#limit").press_sequentially("web*:!web1", delay=20)
    expect(live).to_have_text("19 of 21 hosts")
    expect(button).to_have_text(re.compile("Launch on 19 hosts"))
    page.locator("#limit").fill("@/etc/passwd")
    expect(live).to_contain_text("control node")
    expect(page.locator(".preview .host-list li")).to_have_count(0)
    page.locator("#limit").fill("")
    page.locator("#host_filter").select_option(label=shop.filter_name)
    expect(live).to_have_text("2 of 21 hosts")

    assert page.locator(".preview .host-list li").all_inner_texts() == ["db1", "web1"]
    assert len(asked) <= 4, "it asks for every key"
    button.click()
    page.wait_for_url("**/jobs/*/")
    expect(page.locator("main")).to_contain_text(f"2 hosts of filter “{shop.filter_name}”")
    job_id = int(page.url.rstrip("/").split("/")[-1])
    scene.wait_for_end(job_id)
    assert scene.stack.job(job_id).hosts_total == 2


def test_a_late_answer_does_not_replace_a_newer_one(scene: Scene, page: Page) -> None:
    shop = make_shop(scene)
    sign_in(page, scene.stack, "alice")
    page.goto(f"{scene.stack.url}/groups/details/?id={shop.group_id}")
    page.route("**/matching-hosts?*pattern=web*", lambda route: slowly(page, route))
    field = page.get_by_label("Host names or a pattern")

    with page.expect_request("**/matching-hosts?*pattern=web*"):
        field.fill("web*")
    field.fill("db1")

    live = page.locator(".preview-live")
    expect(live).to_have_text("1 of 21 hosts")
    page.wait_for_timeout(800)
    expect(live).to_have_text("1 of 21 hosts")


def test_a_filter_is_answered_while_it_is_typed(scene: Scene, page: Page) -> None:
    make_shop(scene)
    sign_in(page, scene.stack, "alice")
    page.goto(f"{scene.stack.url}/filters/new/")
    live = page.locator(".preview-live")

    page.locator("#query").fill("name ~ web*")
    expect(live).to_contain_text(re.compile(r"\d+ of \d+ hosts"))
    page.locator("#query").fill("name ~")

    expect(live).to_have_text("At character 7: a value was expected.")


def test_without_javascript_the_button_shows_the_hosts(scene: Scene, visitor: Visitor) -> None:
    page = visitor.open_page(javascript=False)
    shop = make_shop(scene)
    sign_in(page, scene.stack, "oscar")
    page.goto(f"{scene.stack.url}/templates/{shop.template_id}/launch")

    page.locator("#limit").fill("db*")
    page.get_by_role("button", name="Show the hosts again").click()

    assert page.locator(".host-list li").all_inner_texts() == ["db1"]
    expect(page.locator("#launch-form button.btn-primary")).to_contain_text("Launch on 1 host")


@pytest.mark.parametrize("dark", [False, True])
def test_the_pages_of_filters_are_accessible(scene: Scene, visitor: Visitor, dark: bool) -> None:
    page = visitor.open_page(size=(390, 844) if dark else (1366, 800), dark=dark)
    shop = make_shop(scene)
    sign_in(page, scene.stack, "alice")

    problems = []
    for path in ("/filters/", "/filters/new/", f"/templates/{shop.template_id}/launch"):
        page.goto(scene.stack.url + path)
        problems += look_at(page, path, by_axe=True)

    assert problems == []


@dataclass(frozen=True)
class Shop:
    """An inventory of 21 hosts, a template on it, and a filter that finds two of them."""

    inventory_id: int
    group_id: int
    template_id: int
    filter_name: str


def make_shop(scene: Scene) -> Shop:
    with scene.stack.database():
        inventory = factories.make_inventory(name=factories_name("inventory"))
        for name in ["db1", *(f"web{number}" for number in range(1, 21))]:
            factories.make_host(name, inventory=inventory)
        playbook = factories.make_playbook(name=factories_name("playbook"))
        template = factories.make_template(
            name=factories_name("template"), inventory=inventory, playbook=playbook
        )
        name = factories_name("filter")
        factories.make_filter("name in (web1, db1)", name=name)
        group = factories.make_group("some", inventory=inventory)
        return Shop(inventory.id, group.id, template.id, name)


def slowly(page: Page, route: Route) -> None:
    page.wait_for_timeout(600)
    with contextlib.suppress(Error):  # the page no longer wants it
        route.continue_()


@pytest.fixture
def scene(embedded: Stack) -> Scene:
    return Scene(embedded)
