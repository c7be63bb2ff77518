"""An import as a person sees it: in a real browser, through a real worker."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from aops.inventory import rows
from tests import factories
from tests.e2e.stack import Stack
from tests.e2e.test_browser import AXE, RULES, sign_in
from tests.services.chromium import Visitor

INVENTORY = """\
[web]
web1 rack=7
web[2:3]

[web:vars]
http_port=80
"""


def test_an_inventory_is_imported_after_its_preview_was_seen(
    embedded: Stack, page: Page, tmp_path: Path
) -> None:
    inventory_id = make_inventory(embedded, "imported", "web1", "old1", "old2")
    file = tmp_path / "hosts.ini"
    file.write_text(INVENTORY)
    sign_in(page, embedded, "arthur")
    page.goto(f"{embedded.url}/inventories/details/?id={inventory_id}")

    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("is removed (replace)").check()
    page.get_by_role("button", name="Show what would change").click()
    expect(page.locator("#changes-hosts_added li")).to_have_count(2, timeout=30_000)
    expect(page.locator("#changes-hosts_changed")).to_contain_text("rack")
    page.evaluate(AXE.read_text())
    violations = page.evaluate("rules => axe.run(rules)", RULES)["violations"]
    before = hosts_of(embedded, inventory_id)
    page.get_by_role("button", name="Import").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("2 hosts are removed")
    dialog.get_by_role("button", name="Remove 2 hosts").click()
    expect(page.get_by_text("Confirmed by arthur")).to_be_visible(timeout=30_000)

    assert violations == []
    assert before == ["old1", "old2", "web1"]
    assert hosts_of(embedded, inventory_id) == ["web1", "web2", "web3"]


def test_escaping_from_the_question_removes_nothing(embedded: Stack, page: Page) -> None:
    inventory_id = make_inventory(embedded, "kept", "old1")
    sign_in(page, embedded, "arthur")
    page.goto(f"{embedded.url}/imports/into/{inventory_id}/")
    page.get_by_label("Or paste it here").fill("new1\n")
    page.get_by_label("is removed (replace)").check()
    page.get_by_role("button", name="Show what would change").click()

    page.get_by_role("button", name="Import").click(timeout=30_000)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("The import was discarded")).to_be_visible()

    assert hosts_of(embedded, inventory_id) == ["old1"]


def test_an_import_works_without_javascript_and_says_what_is_wrong(
    embedded: Stack, visitor: Visitor
) -> None:
    inventory_id = make_inventory(embedded, "plain")
    page = visitor.open_page(javascript=False)
    sign_in(page, embedded, "arthur")
    page.goto(f"{embedded.url}/imports/into/{inventory_id}/")

    page.get_by_label("Or paste it here").fill("[web\nweb1\n")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was changed", timeout=30_000)
    expect(page.get_by_label("Or paste it here")).to_have_value("[web\nweb1\n")
    page.get_by_label("Or paste it here").fill("[web]\nweb1\n")
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_role("button", name="Import").click(timeout=30_000)
    expect(page.get_by_text("Confirmed by arthur")).to_be_visible(timeout=30_000)

    assert hosts_of(embedded, inventory_id) == ["web1"]


def test_a_file_that_is_too_large_is_not_sent_and_what_was_typed_stays(
    embedded: Stack, page: Page, tmp_path: Path
) -> None:
    inventory_id = make_inventory(embedded, "not sent")
    file = tmp_path / "hosts.ini"
    file.write_bytes(b"#" * (33 << 20))
    sign_in(page, embedded, "arthur")
    page.goto(f"{embedded.url}/imports/into/{inventory_id}/")
    field, message = page.get_by_label("File"), page.locator("#file-too-large")
    page.get_by_label("Or paste it here").fill("web1")

    field.set_input_files(file)
    page.get_by_role("button", name="Show what would change").click()

    expect(message).to_contain_text("larger than 32 MiB, so it was not sent")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-describedby", "file-help file-too-large")
    expect(page.get_by_label("Or paste it here")).to_have_value("web1")
    field.set_input_files([])
    expect(message).to_be_hidden()
    expect(field).to_have_attribute("aria-describedby", "file-help")


@pytest.mark.parametrize("megabytes", [40, 100])
def test_a_file_that_is_too_large_gets_a_sentence_without_javascript(
    megabytes: int, embedded: Stack, visitor: Visitor, tmp_path: Path
) -> None:
    inventory_id = make_inventory(embedded, f"too large {megabytes}")
    file = tmp_path / "hosts.ini"
    file.write_bytes(b"#" * (megabytes << 20))
    page = visitor.open_page(javascript=False)
    sign_in(page, embedded, "arthur")
    page.goto(f"{embedded.url}/imports/into/{inventory_id}/")

    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Show what would change").click()

    expect(page.locator("main .alert").first).to_contain_text("at most 32 MiB", timeout=60_000)


def make_inventory(stack: Stack, name: str, *hosts: str) -> int:
    """Make an inventory of bare hosts."""
    with stack.database():
        inventory = factories.make_inventory(name=name)
        for host in hosts:
            factories.make_host(host, inventory=inventory, variables="")
        return inventory.id


def hosts_of(stack: Stack, inventory_id: int) -> list[str]:
    """Name its hosts, in their order."""
    with stack.database():
        return [*rows.load_all(inventory_id).hosts]
