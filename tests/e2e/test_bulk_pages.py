"""Bulk actions and the approval of SSH keys, in a real browser and through a real worker."""

from playwright.sync_api import Page, expect
from sqlalchemy import select

from aops.core.database import session
from aops.inventory import services
from aops.inventory.models import Host
from tests import factories
from tests.e2e.stack import Stack
from tests.e2e.test_browser import AXE, RULES, sign_in
from tests.services.chromium import Visitor
from tests.services.sshd import SshHosts


def test_ticked_hosts_get_a_label_after_a_confirmation(embedded: Stack, page: Page) -> None:
    inventory_id = make_inventory(embedded, "ticked", "bulk1", "bulk2", "bulk3")
    sign_in(page, embedded, "arthur")
    page.goto(f"{embedded.url}/hosts/?inventory={inventory_id}")
    expect(page.locator("#action_form")).to_be_hidden()

    page.get_by_label("Select bulk1").check()
    page.get_by_label("Select bulk3").check()
    expect(page.locator("#action_form")).to_contain_text("2 selected")
    violations = page_violations(page)
    page.get_by_label("What to do").select_option("add-label")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Label").fill("browser")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#bulk-plan")).to_contain_text("Will get the label: 2.")
    violations += page_violations(page)
    page.get_by_role("button", name="Add a label: 2 hosts").click()

    expect(page.locator(".alert-success")).to_contain_text("2")
    page.get_by_role("link", name="browser").first.click()
    expect(page.locator("tbody .row-title")).to_have_text(["bulk1", "bulk3"])
    assert violations == []


def test_all_that_match_are_deleted_without_javascript(embedded: Stack, visitor: Visitor) -> None:
    inventory_id = make_inventory(embedded, "matching", *(f"many{n:02}" for n in range(30)), "kept")
    page = visitor.open_page(javascript=False)
    sign_in(page, embedded, "arthur")
    page.goto(f"{embedded.url}/hosts/?inventory={inventory_id}&search=many&page_size=25")

    page.get_by_label("All 30 that match").check()
    page.get_by_label("What to do").select_option("delete")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Delete: 30 hosts").click()

    expect(page.locator(".alert-success")).to_contain_text("30")
    assert hosts_of(embedded, inventory_id) == ["kept"]


def test_keys_are_fetched_from_many_hosts_and_approved_together(
    embedded: Stack, page: Page, ssh_hosts: SshHosts
) -> None:
    servers = {f"sshd{number}": server for number, server in enumerate(ssh_hosts.hosts)}
    variables = {
        name: f"ansible_host: {server.address}\nansible_port: {server.port}\n"
        for name, server in servers.items()
    }
    inventory_id = make_inventory(embedded, "keys", **variables)
    sign_in(page, embedded, "arthur")
    here = f"{embedded.url}/host-keys/?inventory={inventory_id}"

    page.goto(f"{here}&keys=unknown")
    page.get_by_role("button", name=f"Fetch from all {len(servers)} hosts").click()
    page.locator("dialog[open]").get_by_role("button", name="Fetch from all").click()
    expect(page.locator(".alert-success")).to_be_visible()
    page.goto(f"{here}&keys=to_check")
    expect(page.locator("input[name=key_id]")).to_have_count(len(servers), timeout=30_000)
    for server in servers.values():
        expect(page.locator("tbody")).to_contain_text(server.fingerprint)
    violations = page_violations(page)
    page.get_by_label("Select all rows").check()
    page.get_by_role("button", name="Accept").click()

    expect(page.locator(".alert-success")).to_contain_text(str(len(servers)))
    with embedded.database():
        known = services.known_hosts_for(inventory_id).splitlines()
    assert sorted(known) == sorted(server.known_hosts_line for server in servers.values())
    assert violations == []


def page_violations(page: Page) -> list[object]:
    """Look for what keeps people out."""
    page.evaluate(AXE.read_text())
    return page.evaluate("rules => axe.run(rules)", RULES)["violations"]


def make_inventory(stack: Stack, name: str, *names: str, **variables: str) -> int:
    """Make an inventory with these hosts."""
    with stack.database():
        inventory = factories.make_inventory(name=f"bulk {name}")
        for host in names:
            factories.make_host(host, inventory=inventory)
        for host, text in variables.items():
            factories.make_host(host, inventory=inventory, variables=text)
        return inventory.id


def hosts_of(stack: Stack, inventory_id: int) -> list[str]:
    """Name the hosts that are there now."""
    with stack.database():
        found = select(Host.name).where(Host.inventory_id == inventory_id).order_by(Host.name)
        return list(session().scalars(found))
