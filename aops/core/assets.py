"""URLs of built front-end files that change when the file does, so that they may be cached."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app, g, url_for

_A_YEAR = 365 * 24 * 3600


def init_assets(app: Flask) -> None:
    """Offer ``asset()`` to the templates."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _A_YEAR
    app.jinja_env.globals["asset"] = asset


def asset(path: str) -> str:
    """Give the URL of a file in static/dist, such as ``console.css``; a page asks once for each."""
    urls: dict[str, str] = g.setdefault("asset_urls", {})
    if path not in urls:
        urls[path] = _url(path)
    return urls[path]


def _url(path: str) -> str:
    file = Path(str(current_app.static_folder)) / "dist" / path
    stamp = file.stat().st_mtime_ns if file.exists() else 0
    return url_for("static", filename=f"dist/{path}", v=_digest(file, stamp))


@lru_cache(maxsize=64)
def _digest(file: Path, stamp: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if stamp else "missing"
