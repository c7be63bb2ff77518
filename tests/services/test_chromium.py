import http.server
import threading
from collections.abc import Iterator

import pytest

from tests.services.chromium import Visitor


def test_a_quiet_page_is_shown(visitor: Visitor, site: str) -> None:
    page = visitor.open_page(site)

    page.goto("/quiet")

    assert page.inner_text("h1") == "Hello"


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/error", "console: broken"),
        ("/exception", "exception: thrown"),
        ("/inline", "console: CSP: script-src-elem refuses inline"),
        ("/elsewhere", "request to elsewhere: http://elsewhere.invalid/x.png"),
        ("/missing", "console: Failed to load resource"),
    ],
)
def test_a_page_that_complains_is_heard(
    visitor: Visitor, site: str, path: str, complaint: str
) -> None:
    page = visitor.open_page(site)

    page.goto(path)
    page.wait_for_load_state("networkidle")

    heard = visitor.problems.copy()
    visitor.problems.clear()
    assert any(problem.startswith(complaint) for problem in heard), heard


PAGES = {
    "/quiet": "<h1>Hello</h1>",
    "/error": "<script src=/error.js></script>",
    "/error.js": "console.error('broken')",
    "/exception": "<script src=/exception.js></script>",
    "/exception.js": "throw new Error('thrown')",
    "/inline": "<script>document.title = 'ran'</script>",
    "/elsewhere": "<img src=http://elsewhere.invalid/x.png>",
}


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path, "")
        self.send_response(200 if body else 404)
        kind = "text/javascript" if self.path.endswith(".js") else "text/html"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", "script-src 'self'")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href=data:,>" * (kind == "text/html"))
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
