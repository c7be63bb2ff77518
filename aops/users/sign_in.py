"""Connects sessions to requests: who reads this page, and in whose name it acts."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from flask import Flask, Request, current_app, g, redirect, request, url_for
from flask import session as cookie
from flask_login import LoginManager, current_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from aops.core import actor
from aops.users import sessions
from aops.users.models import User, UserSession

_TOKEN = "token"  # noqa: S105 - a key of the cookie, not a secret
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")
_OPEN_BEFORE_CHANGE = {"account.change_password", "users.sign_out", "users.language"}


def init_sign_in(app: Flask) -> None:
    """Load the reader of every request from their session's row."""
    manager = LoginManager(app)
    manager.session_protection = None  # the row decides; a cookie is bound to nothing else
    manager.request_loader(_load_user)
    app.before_request(_open)
    app.teardown_request(_close)


def remember(token: str) -> None:
    """Put a new session into the browser, leaving nothing of the former one."""
    forget()
    cookie[_TOKEN] = token
    cookie.permanent = True


def forget() -> None:
    """Empty the browser's cookie; forms that stand open become invalid."""
    cookie.clear()
    g.pop("csrf_token", None)  # Flask-WTF keeps the one it made for this request


def current_session() -> UserSession:
    """Return the session of a signed-in reader."""
    found: UserSession = g.user_session
    return found


def safe_next(target: str | None) -> str:
    """Give a page of ours to go on to: the one asked for, else the first.

    Args:
        target: Comes from the address bar, so anybody may have written it.
    """
    return target if target and _is_ours(target) else url_for("dashboard.index")


def _load_user(_request: Request) -> User | None:
    token = cookie.get(_TOKEN)
    g.user_session = sessions.find_session(token) if isinstance(token, str) else None
    return g.user_session.user if g.user_session else None


def _open() -> Response | None:
    if _is_static():
        return None
    source = request.remote_addr or ""
    if not current_user.is_authenticated:
        actor.become(actor.Actor(name="", source=source))
        return None
    actor.become(actor.Actor(current_user.username, current_user.id, source))
    if current_user.must_change_password and request.endpoint not in _OPEN_BEFORE_CHANGE:
        return redirect(url_for("account.change_password"))
    return None


def _close(_error: BaseException | None) -> None:
    actor.become(actor.SYSTEM)  # threads serve one request after the other
    for name in ("_login_user", "csrf_token"):  # a context may outlive its request
        g.pop(name, None)


def _is_static() -> bool:
    return (request.endpoint or "").rpartition(".")[2] == "static"


def _is_ours(target: str) -> bool:
    path = target.partition("?")[0].partition("#")[0]
    if not (_LOCAL.fullmatch(target) and _LOCAL.fullmatch(unquote(path))):
        return False
    adapter: Any = current_app.url_map.bind("localhost")
    try:
        adapter.match(unquote(path), method="GET")
    except (RequestRedirect, HTTPException):
        return False
    return True
