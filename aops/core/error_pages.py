"""Error pages: a sentence and what to do, never a traceback."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, g, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, NotFound

from aops.core.database import db, is_outage
from aops.core.typed_text import form_address, typed_text

_log = logging.getLogger("aops.request")
_RETRY_SECONDS = 5


def init_error_pages(app: Flask) -> None:
    """Answer every error with a page of ours."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(OverflowError, _no_such_number)
    if not app.testing:
        app.register_error_handler(Exception, _unexpected)


def unsaved(code: int, typed: list[tuple[str, str]]) -> Response:
    """Say that the session is over, and give back what was typed.

    Args:
        code: The status of the answer.
        typed: From ``typed_text``.
    """
    return _page(
        code,
        _("This form was not accepted"),
        _(
            "Your session ended or changed since the page was opened, so nothing was saved. "
            "Below is what you typed; passwords and files are not among it. Copy what you need, "
            "sign in again, and send it once more."
        ),
        typed=typed,
        form_address=form_address(),
    )


def _csrf(_error: CSRFError) -> Response:
    typed = typed_text()
    if typed:
        return unsaved(400, typed)
    return _page(
        400,
        _("This form was not accepted"),
        _(
            "Your session ended or changed since the page was opened, so nothing was saved. "
            "Go back, copy what you typed, reload the page, and send it again."
        ),
    )


def _no_such_number(_error: OverflowError) -> Response:
    """SQLite's driver refuses the number of a row that no database could hold."""
    return _http(NotFound())


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    texts = {
        400: (_("That request was not understood"), _("Go back, reload the page and try again.")),
        403: (
            _("You may not do this"),
            _("Your role does not include this. Ask an administrator if you need it."),
        ),
        404: (
            _("There is nothing here"),
            _("The address is wrong, or what it showed was deleted."),
        ),
        405: (_("That request was not understood"), _("Go back, reload the page and try again.")),
        413: (
            _("That is too much"),
            _(
                "At most %(all)d MiB can be sent at once, %(text)d MiB of it as typed text. "
                "Nothing was saved. Go back: what you typed is still there. Then send less of it; "
                "an inventory can be packed as zip or tar.gz and imported.",
                all=(request.max_content_length or 0) >> 20,
                text=(request.max_form_memory_size or 0) >> 20,
            ),
        ),
        429: (_("Too many tries"), _("Wait a little and try again.")),
        503: (_("The database does not answer"), _("Nothing was saved. Try again in a moment.")),
    }
    if error.response is not None:
        return make_response(error.response)
    if 300 <= code < 400:  # noqa: PLR2004 - a redirect raised as an exception
        return make_response(error.get_response())
    title, text = texts.get(code, (_("Something went wrong"), _("Go back and try again.")))
    return _page(code, title, text)


def _database(error: SQLAlchemyError) -> Response:
    db.session.rollback()
    if is_outage(error):
        _log.error("%s database away: %s", _request_id(), type(error).__name__)
        _forget_reader()
        answer = _http(_ServiceUnavailable())
        answer.headers["Retry-After"] = str(_RETRY_SECONDS)
        return answer
    return _unexpected(error)


def _forget_reader() -> None:
    """Go on without a reader: the page's language and frame would look for one in the database."""
    g._login_user = AnonymousUserMixin()  # noqa: SLF001 - where Flask-Login keeps the reader


class _ServiceUnavailable(HTTPException):
    code = 503


def _unexpected(error: Exception) -> Response:
    _log.error("%s %s %s", _request_id(), request.method, request.path, exc_info=error)
    return _page(
        500,
        _("Something went wrong on our side"),
        _("It was written to the log under the number below. Nothing was saved."),
    )


def _page(code: int, title: str, text: str, **more: Any) -> Response:
    shown = {"title": title, "text": text, "request_id": _request_id(), "typed": []} | more
    try:
        html = render_template("errors/page.html", **shown)
    except Exception:  # noqa: BLE001 - the page's frame may need what is broken
        html = render_template("errors/bare.html", **shown)
    return make_response(html, code)


def _request_id() -> str:
    return str(getattr(g, "request_id", ""))
