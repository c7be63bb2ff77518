"""A browser that counts every complaint of a page as a failure.

It reaches nothing but loopback: a page that asks for anything elsewhere fails
its test, and so does one that breaks its own content security policy.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.services.server import find_program

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_HOME = {"127.0.0.1", "localhost", ""}

_REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, lineNumber }) =>
    console.error(`CSP: ${violatedDirective} refuses ${blockedURI} at line ${lineNumber}`)
);
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium for as long as the block lasts."""
    executable = find_program("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Opens pages, each as a person with a browser of their own, and listens to them.

    Attributes:
        problems: What the pages complained about. A test that provokes a complaint
            asserts on it and clears the list; whatever is left fails the test.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.problems: list[str] = []

    def open_page(
        self,
        base_url: str | None = None,
        *,
        size: tuple[int, int] = (1280, 800),
        locale: str = "en-US",
        dark: bool = False,
        javascript: bool = True,
    ) -> Page:
        """Open an empty page with cookies, language and window of its own.

        Args:
            base_url: What relative addresses are relative to.
            size: The window's width and height; 390 wide is a telephone.
            locale: The language that the browser asks for, such as ``zh-CN``.
            dark: Whether the person prefers dark colours.
            javascript: Whether the person lets scripts run.
        """
        context = self._browser.new_context(
            base_url=base_url,
            viewport={"width": size[0], "height": size[1]},
            locale=locale,
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
        )
        context.add_init_script(_REPORT_VIOLATIONS)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        page.on("request", self._watch)
        return page

    def close(self) -> None:
        """Close all pages that are still open."""
        for context in self._browser.contexts:
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _watch(self, request: Request) -> None:
        if (urlsplit(request.url).hostname or "") not in _HOME:
            self.problems.append(f"request to elsewhere: {request.url}")
