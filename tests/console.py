"""A client that checks every page it loads.

Each answer that is a page must be valid HTML with one heading and a title, without
doubled ids, without inline scripts or handlers, and every form that posts must carry
a CSRF token.
"""

from __future__ import annotations

from typing import Any

import html5lib
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from aops.users.models import User
from tests.factories import PASSWORD

_HARMLESS = {"expected-closing-tag-but-got-eof"}


class ConsoleClient:
    """A browser without JavaScript."""

    def __init__(self, app: Flask, session: Session) -> None:
        self._client = app.test_client()
        self._session = session

    def sign_in(self, user: User, password: str = PASSWORD) -> ConsoleClient:
        """Sign a person in, as a person does."""
        username = user.username
        self._session.commit()
        answer = self.submit("/sign-in", {"username": username, "password": password}, code=302)
        assert "/sign-in" not in answer.headers["Location"], "signing in was refused"
        return self

    def get(self, url: str, code: int = 200, **options: Any) -> BeautifulSoup:
        """Load a page, expect an answer, check it, and give it parsed."""
        return self._checked(self.fetch(url, code, **options))

    def fetch(self, url: str, code: int = 200, **options: Any) -> TestResponse:
        """Load anything."""
        answer = self._client.get(url, **options)
        self._session.expire_all()
        assert answer.status_code == code, f"GET {url}: {answer.status} {answer.text[:2000]}"
        return answer

    def post(self, url: str, data: dict[str, Any] | None = None, code: int = 302) -> TestResponse:
        """Send a form with a valid token, wherever it came from."""
        page = self._client.get("/sign-in" if self._anonymous() else "/account")
        token = BeautifulSoup(page.text, "html5lib").find(attrs={"name": "csrf_token"})
        assert token is not None, "no page gave a token"
        return self.post_raw(url, {**(data or {}), "csrf_token": token["value"]}, code)

    def post_raw(
        self, url: str, data: dict[str, Any] | None = None, code: int = 400
    ) -> TestResponse:
        """Send exactly this."""
        answer = self._client.post(url, data=data or {})
        self._session.expire_all()
        assert answer.status_code == code, f"POST {url}: {answer.status} {answer.text[:2000]}"
        if answer.mimetype == "text/html" and code not in {301, 302, 303}:
            self._checked(answer)
        return answer

    def submit(self, url: str, data: dict[str, Any], code: int = 302) -> TestResponse:
        """Open a page, fill its main form over what it holds, and send it."""
        page = self.get(url)
        form = page.select_one("main form[method=post], main form[method=POST], main form")
        assert form is not None, f"{url} holds no form"
        values = form_values(form) | data
        return self.post_raw(str(form.get("action") or url), values, code)

    def _anonymous(self) -> bool:
        return self._client.get("/account").status_code != 200

    def _checked(self, answer: TestResponse) -> BeautifulSoup:
        parser = html5lib.HTMLParser()
        parser.parse(answer.text)
        errors = [error for error in parser.errors if error[1] not in _HARMLESS]
        assert not errors, f"invalid HTML: {errors[:5]}"
        page = BeautifulSoup(answer.text, "html5lib")
        _check(page)
        return page


def form_values(form: Any) -> dict[str, Any]:
    """Give what a browser would send of an untouched form."""
    values: dict[str, Any] = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        name = field["name"]
        if field.name == "textarea":
            values[name] = field.text.removeprefix("\n")
        elif field.name == "select":
            chosen = [option["value"] for option in field.select("option[selected]")]
            if field.has_attr("multiple"):
                values[name] = chosen
            elif chosen or field.select("option"):
                values[name] = chosen[0] if chosen else field.select("option")[0]["value"]
        elif field.get("type") in {"checkbox", "radio"}:
            if field.has_attr("checked"):
                values[name] = field.get("value", "on")
        elif field.get("type") not in {"submit", "button", "file"}:
            values[name] = field.get("value", "")
    return values


def _check(page: BeautifulSoup) -> None:
    headings = page.select("h1")
    assert len(headings) == 1, f"{len(headings)} headings of the first rank"
    assert page.title, "no title"
    assert page.title.text.strip(), "an empty title"
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids)), f"doubled ids: {sorted({i for i in ids if ids.count(i) > 1})}"
    for form in page.select("form"):
        if form.get("method", "get").lower() == "post":
            assert form.select_one("[name=csrf_token]"), f"a form without a token: {form}"[:500]
    for script in page.select("script:not([src])"):
        assert script.has_attr("nonce") or script.get("type"), "an inline script without nonce"
    for tag in page.find_all(True):
        handlers = [name for name in tag.attrs if name.startswith("on") or name == "style"]
        assert not handlers, f"inline {handlers} on {tag.name}"
