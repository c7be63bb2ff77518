"""Gives a form that could not be taken back to its sender, so that nothing typed is lost.

Going back leads to the sign-in page once a session is over, and the browser has
forgotten the form by then. So the answer itself holds the text, to be copied.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import current_app, request

MOST_CHARACTERS = 1_000_000
"""What one answer gives back in all; a longer field is left out whole."""

_MOST_FIELDS = 200
_SECRET = re.compile(r"pass(word|phrase)|secret|token|private_?key|environment", re.IGNORECASE)


def typed_text() -> list[tuple[str, str]]:
    """Give the fields of this request that hold typed text, with their names.

    Fields that may hold a secret stay away, and whole pages that ask for some do
    (``ConsoleView.takes_secrets``); so do numbers and ticks, which nobody misses, and
    forms that another site sent.
    """
    if request.method != "POST" or not _sent_by_a_page_without_secrets():
        return []
    room = MOST_CHARACTERS
    found: list[tuple[str, str]] = []
    for name, text in request.form.items(multi=True):
        if not _is_typed(name, text) or len(text) > room:
            continue
        room -= len(text)
        found.append((name, text))
    return found[:_MOST_FIELDS]


def form_address() -> str:
    """Give the address of the page that the form stood on, within this site; "" if unknown."""
    page = urlsplit(request.referrer or "")
    if page.netloc != request.host:
        return ""
    return page.path + (f"?{page.query}" if page.query else "")


def _sent_by_a_page_without_secrets() -> bool:
    function = current_app.view_functions.get(request.endpoint or "")
    view = getattr(function, "__self__", None)
    if getattr(view, "takes_secrets", True):
        return False
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


def _is_typed(name: str, text: str) -> bool:
    if name.startswith("_") or _SECRET.search(name):
        return False
    return len(text.strip()) > 1 and not text.strip().isdecimal()
