"""Which language a person reads: their own choice, the browser's wish, else English."""

from __future__ import annotations

from flask import Flask, has_request_context, request
from flask_babel import Babel
from flask_login import current_user

LOCALES = {"en": "English", "zh_Hans_CN": "简体中文"}
"""Locale to its own name. Flask-Admin has no messages under plain ``zh`` or ``zh_Hans``."""

COOKIE = "locale"


def init_i18n(app: Flask) -> None:
    """Set Flask-Babel up."""
    Babel(app, default_locale="en", default_timezone="UTC", locale_selector=select_locale)
    app.jinja_env.globals.update(current_locale=language_tag, locales=LOCALES.items)


def select_locale() -> str:
    """Choose the locale of this request; English outside of one."""
    if not has_request_context():
        return "en"
    chosen = getattr(current_user, "locale", None) or request.cookies.get(COOKIE)
    if chosen in LOCALES:
        return str(chosen)
    for tag in request.accept_languages.values():
        if tag.lower().startswith("zh"):
            return "zh_Hans_CN"
        if tag.lower().startswith("en"):
            return "en"
    return "en"


def language_tag() -> str:
    """Give the current locale as HTML's ``lang`` wants it: ``zh-Hans-CN``."""
    return select_locale().replace("_", "-")
