"""Take the pictures of README.md and docs/: starts aops in a temporary folder and looks at it.

Usage: make screenshots
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.embedded import READY, Aops

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
PASSWORD = "a password for pictures only"  # noqa: S105
PICTURES = {"job": "/jobs/1", "launch": "/templates/1/launch"}
INVENTORY = """\
[web]
web[1:3].example.com rack=B7

[web:vars]
http_port=8080
ansible_connection=local

[db]
db1.example.com

[production:children]
web
db

[production:vars]
http_port=80
ntp_server=ntp.example.com
"""
QUERY = "group = production and not label = retired and name ~ web*"
BROWSER = {
    "executable_path": "/usr/bin/chromium",
    "args": ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
}


def main() -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory(prefix="aops-pictures-") as folder:
        aops = Aops(Path(folder), AOPS_ADMIN_PASSWORD=PASSWORD)
        with aops.up() as up, sync_playwright() as playwright:
            up.wait_until_it_says(READY)
            browser = playwright.chromium.launch(**BROWSER)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            _sign_in(page, aops.url)
            for name, path in PICTURES.items():
                page.goto(f"{aops.url}{path}")
                _take(page, name)
            _look_at_inventories(page, aops.url)
            browser.close()


def _look_at_inventories(page: Page, url: str) -> None:
    page.goto(f"{url}/inventories/new/")
    page.locator("[name=name]").fill("Production")
    page.locator("main button[type=submit].btn-primary").click()
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("Or paste it here").fill(INVENTORY)
    page.get_by_role("button", name="Show what would change").click()
    page.locator("#changes-hosts_added li").first.wait_for()
    _take(page, "import")
    page.get_by_role("button", name="Import").click()
    page.get_by_text("Confirmed by admin").wait_for()
    page.goto(f"{url}/hosts/")
    _take(page, "hosts")
    page.goto(f"{url}/hosts/details/?id=1")
    _take(page, "host")
    page.goto(f"{url}/filters/new/")
    page.locator("[name=name]").fill("Web servers in use")
    page.locator("[name=query]").fill(QUERY)
    page.get_by_text("web3.example.com").wait_for()
    _take(page, "filter")


def _take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/sign-in")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{url}/")


if __name__ == "__main__":
    main()
