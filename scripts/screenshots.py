"""Take the pictures of README.md: starts aops in a temporary folder and looks at it.

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
                page.wait_for_load_state("networkidle")
                page.screenshot(path=IMAGES / f"{name}.png")
            browser.close()


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/sign-in")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{url}/")


if __name__ == "__main__":
    main()
