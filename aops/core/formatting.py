"""How times, durations, sizes and booleans look, in lists and in templates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask_babel import format_datetime
from flask_babel import gettext as _
from markupsafe import Markup, escape

EMPTY = "–"

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def init_formatting(app: Flask) -> None:
    """Offer the formats as template filters."""
    app.jinja_env.filters.update(datetime=moment, duration=duration, yes_no=yes_no)


def moment(value: datetime | None) -> str | Markup:
    """Show a moment; the page's JavaScript turns it into the reader's zone."""
    if value is None:
        return EMPTY
    exact = f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time datetime="%s" title="%s">%s</time>') % (
        value.isoformat(timespec="milliseconds"),
        exact,
        format_datetime(value, "medium"),
    )


def duration(value: timedelta | float | None) -> str:
    """Show how long something took: ``0.4 s``, ``12 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if value is None:
        return EMPTY
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds < 10:  # noqa: PLR2004 - below ten, tenths tell something
        return str(_("%(n)s s", n=f"{max(seconds, 0):.1f}"))
    if seconds < _MINUTE:
        return str(_("%(n)s s", n=int(seconds)))
    if seconds < _HOUR:
        return str(_("%(m)d min %(s)d s", m=seconds // _MINUTE, s=seconds % _MINUTE))
    if seconds < _DAY:
        return str(_("%(h)d h %(m)d min", h=seconds // _HOUR, m=seconds % _HOUR // _MINUTE))
    return str(_("%(d)d d %(h)d h", d=seconds // _DAY, h=seconds % _DAY // _HOUR))


def yes_no(value: Any) -> str:
    """Show a boolean as a word."""
    return str(_("Yes") if value else _("No"))


def moment_column(_view: Any, value: datetime, _name: str) -> str | Markup:
    """Format every datetime of a Flask-Admin list."""
    return moment(value)


def boolean_column(_view: Any, value: bool, _name: str) -> str:  # noqa: FBT001 - Flask-Admin's signature
    """Format every boolean of a Flask-Admin list."""
    return yes_no(value)


def empty_column(_view: Any, _value: None, _name: str) -> str:
    """Format every missing value of a Flask-Admin list."""
    return EMPTY


def joined_column(_view: Any, value: list[Any], _name: str) -> Markup:
    """Format every list of related things."""
    return Markup(", ").join(escape(str(item)) for item in value) or escape(EMPTY)
