"""URLs of front-end files change when the files do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask

from aops.core import assets


def test_a_changed_file_gets_another_url(site: Flask, dist: Path) -> None:
    (dist / "console.css").write_text("a {}")
    before = url_of(site, "console.css")
    (dist / "console.css").write_text("b {}")
    os.utime(dist / "console.css", ns=(1, 1))

    after = url_of(site, "console.css")

    assert before.startswith("/static/dist/console.css?v=")
    assert before != after


def test_the_same_content_has_the_same_url(site: Flask, dist: Path) -> None:
    (dist / "console.css").write_text("a {}")
    before = url_of(site, "console.css")
    os.utime(dist / "console.css", ns=(1, 1))

    assert url_of(site, "console.css") == before


def test_a_file_that_was_not_built_breaks_no_page(site: Flask, dist: Path) -> None:
    assert url_of(site, "later.js") == "/static/dist/later.js?v=missing"


def test_files_may_be_cached_for_long(site: Flask, dist: Path) -> None:
    (dist / "console.css").write_text("a {}")

    with site.test_client().get(url_of(site, "console.css")) as answer:
        age = answer.cache_control.max_age

    assert age == 365 * 24 * 3600


def url_of(site: Flask, path: str) -> str:
    with site.test_request_context():
        return assets.asset(path)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Flask:
    """An application with nothing but assets."""
    app = Flask("site", static_folder=str(tmp_path), static_url_path="/static")
    assets.init_assets(app)
    return app
