from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from aops.inventory.models import Host
from tests import factories
from tests.e2e.stack import PASSWORD, Stack
from tests.faults.scene import ONE_BY_ONE, Scene
from tests.services.chromium import Visitor

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa"]}

CANARY = "<script>window.__xss=1</script>"
NAUGHTY = [
    CANARY,
    '"><img src=x onerror=window.__xss=1>',
    "'; window.__xss=1; //",
    "{{ 7 * 191 }}",
    "javascript:window.__xss=1",
    "Ω≈ç√∫ 田中さん ✋🏿 ı̧",
    "%s%n ${7*191} <%= 7*191 %>",
]
HOSTILE = r"""
- name: Say what a hostile host would
  ansible.builtin.debug:
    msg: "{{ escape }}[31m<script>window.__xss=1</script>{{ link }}{{ image }}"
  vars:
    image: "<img src=x onerror=window.__xss=1>"
    escape: "\e"
    link: "\e]8;;javascript:window.__xss=1\e\\link"
"""


def test_output_appears_by_itself_and_is_followed_to_its_end(scene: Scene, page: Page) -> None:
    polls = watch_polls(page)
    template_id = scene.template(ONE_BY_ONE % (80, 0.05))
    sign_in(page, scene.stack, "oscar")

    page.goto(f"{scene.stack.url}/templates/{template_id}/launch")
    page.get_by_role("button", name="Launch on 1 host").click()
    page.wait_for_url("**/jobs/*/")
    mark_document(page)
    expect(page.locator("#log")).to_contain_text("number 3.", timeout=30_000)
    expect(page.locator("#log")).to_contain_text("PLAY RECAP", timeout=60_000)
    expect(page.locator("#log-status")).to_have_text("Finished.", timeout=15_000)
    expect(page.locator("#job-summary .badge").first).to_have_text("Successful")

    assert page.evaluate("window.sameDocument") is True
    assert at_end(page)
    number = len(polls)
    page.wait_for_timeout(2500)
    assert len(polls) == number, "it goes on polling"


def test_a_reader_who_scrolls_back_is_left_alone(scene: Scene, page: Page) -> None:
    sign_in(page, scene.stack, "oscar")
    job_id = scene.start(ONE_BY_ONE % (150, 0.05), until="number 30.")
    page.goto(f"{scene.stack.url}/jobs/{job_id}/")
    page.locator("#log").evaluate("log => log.scrollTop = 0")

    expect(page.locator("#log-jump")).to_be_visible(timeout=15_000)
    assert page.locator("#log").evaluate("log => log.scrollTop") == 0
    page.locator("#log-jump").click()

    assert at_end(page)
    scene.wait_for_end(job_id)


def test_a_job_is_canceled_from_its_page(scene: Scene, page: Page) -> None:
    sign_in(page, scene.stack, "oscar")
    job_id = scene.start("- ansible.builtin.command: sleep 600", until="TASK")
    page.goto(f"{scene.stack.url}/jobs/{job_id}/")

    page.get_by_role("button", name="Cancel job").click()
    page.locator("dialog[open]").get_by_role("button", name="Cancel job").click()

    badge = page.locator("#job-summary .badge").first
    expect(badge).to_have_text("Canceled", timeout=20_000)
    expect(page.locator("#log-status")).to_have_text("Finished.", timeout=10_000)


def test_the_whole_job_works_without_javascript(scene: Scene, visitor: Visitor) -> None:
    page = visitor.open_page(javascript=False)
    template_id = scene.template(ONE_BY_ONE % (40, 0.1))
    sign_in(page, scene.stack, "oscar")

    page.goto(f"{scene.stack.url}/templates/{template_id}/launch")
    page.get_by_role("button", name="Launch on 1 host").click()
    page.wait_for_url("**/jobs/*/")

    assert "http-equiv" in page.content()
    expect(page.locator("#log")).to_contain_text("PLAY RECAP", timeout=60_000)
    expect(page.locator("#job-summary .badge").first).to_have_text("Successful", timeout=15_000)
    page.wait_for_timeout(500)
    assert 'http-equiv="refresh"' not in page.content()


def test_nothing_that_a_host_or_a_person_writes_becomes_code(scene: Scene, page: Page) -> None:
    sign_in(page, scene.stack, "alice")
    with scene.stack.database():
        for name in NAUGHTY:
            inventory = factories.make_inventory(name=name, description=name)
            factories.make_template(name=name, description=name, inventory=inventory)
    job_id = scene.start(HOSTILE)
    scene.wait_for_end(job_id)

    seen = ""
    for path in ("/", "/inventories/", "/templates/", "/jobs/", f"/jobs/{job_id}/", "/audit/"):
        page.goto(scene.stack.url + path)
        assert page.evaluate("window.__xss") is None, path
        assert "1337" not in page.inner_text("main"), path
        seen += page.inner_text("main")

    assert CANARY in seen
    assert page.locator("#log a[href^='javascript'], #log img, #log script").count() == 0


def test_deleting_asks_first(scene: Scene, page: Page) -> None:
    with scene.stack.database():
        factories.make_inventory(name="to be deleted")
    sign_in(page, scene.stack, "alice")
    page.goto(f"{scene.stack.url}/inventories/?search=to+be+deleted")
    row = page.locator("tr", has_text="to be deleted")

    row.locator("[data-delete]").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    page.reload()
    expect(row).to_have_count(1)
    row.locator("[data-delete]").click()
    dialog.locator("[value=yes]").click()

    expect(row).to_have_count(0)


@pytest.mark.parametrize("look", ["light", "dark", "phone", "zh"])
def test_every_page_is_accessible_and_quiet(scene: Scene, visitor: Visitor, look: str) -> None:
    page = visitor.open_page(
        size=(390, 844) if look == "phone" else (1280, 800),
        dark=look == "dark",
        locale="zh-CN" if look == "zh" else "en-US",
    )
    job_id = scene.start("- ansible.builtin.command: /bin/false")
    scene.wait_for_end(job_id)
    page.goto(f"{scene.stack.url}/sign-in")
    problems = look_at(page, "/sign-in", by_axe=True)
    sign_in(page, scene.stack, "alice")

    for path in pages(scene, job_id):
        page.goto(scene.stack.url + path)
        problems += look_at(page, path, by_axe=look in {"light", "dark"})

    assert problems == []
    assert page.locator("html").get_attribute("lang") == ("zh-Hans-CN" if look == "zh" else "en")


def pages(scene: Scene, job_id: int) -> list[str]:
    """Name every kind of page that the console has."""
    job = scene.stack.job(job_id)
    models = {
        "inventories": job.inventory_id,
        "hosts": scene.stack.id_of(Host, inventory_id=job.inventory_id),
        "playbooks": job.playbook_id,
        "templates": job.template_id,
        "users": 1,
    }
    lists = ["/", "/jobs/", "/audit/", "/account/", "/account/password", "/groups/", "/groups/new/"]
    lists += ["/credentials/", "/credentials/new/", "/credentials/new/?type=machine"]
    lists += ["/credentials/new/?type=vault", f"/jobs/{job_id}/"]
    lists += [f"/templates/{job.template_id}/launch"]
    for name, key in models.items():
        lists += [f"/{name}/", f"/{name}/new/"]
        lists += [f"/{name}/edit/?id={key}", f"/{name}/details/?id={key}"]
    return lists


def look_at(page: Page, path: str, *, by_axe: bool) -> list[str]:
    """Ask axe, and whether the page is wider than its window."""
    problems = ask_axe(page, path) if by_axe else []
    if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
        problems.append(f"{path}: is wider than the window")
    return problems


def ask_axe(page: Page, path: str) -> list[str]:
    """List what axe finds; the page's policy would refuse it as a script's address."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
    return [
        f"{path}: {rule['id']} at {[node['target'] for node in rule['nodes']][:3]}"
        for rule in found
    ]


def sign_in(page: Page, stack: Stack, username: str) -> None:
    """Sign a person in, as a person does."""
    page.goto(f"{stack.url}/sign-in")
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def mark_document(page: Page) -> None:
    """Leave a mark that a reload would wipe out."""
    page.evaluate("window.sameDocument = true")


def watch_polls(page: Page) -> list[Request]:
    """Collect what the log page asks for."""
    polls: list[Request] = []
    page.on("request", lambda request: "/log?after=" in request.url and polls.append(request))
    return polls


def at_end(page: Page) -> bool:
    """Tell whether the last line is in view."""
    return page.locator("#log").evaluate(
        "log => log.scrollHeight - log.scrollTop - log.clientHeight < 40"
    )


@pytest.fixture
def scene(embedded: Stack) -> Scene:
    return Scene(embedded)
