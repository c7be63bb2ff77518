"""What protects every answer: response headers, cookies, CSRF, and a request's own id."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from flask import Flask, Response, g, request
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from aops.config import Settings
from aops.core.database import read_only

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_security(app: Flask, settings: Settings) -> None:
    """Put the protections around every request."""
    https = settings.url.startswith("https://")
    app.config.update(
        SESSION_COOKIE_NAME="__Host-aops" if https else "aops",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        PREFERRED_URL_SCHEME="https" if https else "http",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session; forms keep what was typed
        WTF_CSRF_SSL_STRICT=False,  # SameSite and the token do it; proxies may strip referrers
        MAX_CONTENT_LENGTH=16 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024,
        MAX_FORM_PARTS=5_000,
    )
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    CSRFProtect(app)
    app.url_value_preprocessor(_open)
    app.after_request(_close)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """Give the nonce that this answer's policy names."""
    nonce: str = g.csp_nonce
    return nonce


def _open(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Come before all else of a request: a feature's preprocessor may already ask the database."""
    g.csp_nonce = secrets.token_urlsafe(16)
    g.request_id = secrets.token_hex(6)
    read_only.set(request.method in SAFE_METHODS)


def _close(response: Response) -> Response:
    nonce = getattr(g, "csp_nonce", "")
    response.headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=nonce))
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = getattr(g, "request_id", "")
    if request.endpoint is None or not request.endpoint.endswith("static"):
        response.headers["Cache-Control"] = "no-store"
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
