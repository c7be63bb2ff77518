from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).parent.parent / "aops"
MODULES = sorted(ROOT.rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

EDGES = {
    "*/views.py": "a request ends here",
    "*/*_views.py": "so it does in what a long views.py was parted into",
    "*/tasks.py": "a task ends here",
    "cli/*.py": "a command ends here",
    "core/views.py": "the base of all Flask-Admin pages saves and deletes for them",
    "core/keyring.py": "makes the installation's key before there is any request",
    "jobs/process.py": "a run's own process",
    "jobs/refreshing.py": "a run's own process, while it waits for others",
    "jobs/launcher.py": "a claim must be stored before the fork",
    "jobs/sweep.py": "each step of a sweep stands on its own",
}
HTTP = {"flask_admin", "flask_login", "wtforms", "flask_wtf", "werkzeug"}


def test_there_is_something_to_look_at() -> None:
    assert len(MODULES) > 60
    assert len(TEMPLATES) > 30


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_edges_commit(path: Path) -> None:
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
    ]

    assert not calls or is_edge(path), f"{path}: leave the commit to a view or a task"


@pytest.mark.parametrize("pattern", EDGES)
def test_every_edge_that_is_named_still_commits(pattern: str) -> None:
    assert any("commit()" in path.read_text() for path in MODULES if fits(path, pattern))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_why_it_exists(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))

    assert docstring, f"{path} has no docstring"
    assert docstring.split("\n")[0].endswith("."), f"{path}: the first line is no sentence"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_models_and_services_know_nothing_of_pages(path: Path) -> None:
    if path.name not in {"models.py", "services.py"}:
        return
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        for name in imports_of(node)
    }

    assert not imported & HTTP


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_template_compiles(path: Path, app: Flask) -> None:
    name = path.relative_to(ROOT / "templates").as_posix()

    assert app.jinja_env.get_template(name).filename == str(path)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_template_uses_what_it_imports(path: Path) -> None:
    text = path.read_text()

    for imported in re.findall(r"{%-? from [^%]* import ([^%]*?)(?: with context)? *-?%}", text):
        for name in (part.split(" as ")[-1].strip() for part in imported.split(",")):
            assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{path} does not use {name}"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_holds_what_the_content_policy_forbids(path: Path) -> None:
    text = path.read_text()

    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "an inline handler"
    assert not re.search(r"\sstyle\s*=\s*[\"']", text), "an inline style"
    assert not re.search(r"(src|href)\s*=\s*[\"'](https?:)?//", text), "a request to elsewhere"
    assert "javascript:" not in text
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or "nonce" in script or "application/json" in script, script


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_form_that_posts_carries_a_token(path: Path) -> None:
    for form in re.findall(r"<form\b.*?</form>", path.read_text(), re.DOTALL):
        if re.search(r"method\s*=\s*[\"']post[\"']", form, re.IGNORECASE):
            assert "csrf_token" in form or "hidden_tag" in form or "render_form" in form, path


def is_edge(path: Path) -> bool:
    return any(fits(path, pattern) for pattern in EDGES)


def fits(path: Path, pattern: str) -> bool:
    return path.relative_to(ROOT).match(pattern)


def imports_of(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [node.module or ""]
    return []
