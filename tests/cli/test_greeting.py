"""What `flask up` says once it is ready."""

from pathlib import Path

import pytest

from aops.cli import greeting, up
from aops.cli.address import Address
from aops.config import read_settings
from aops.execution.sandbox import SandboxStatus


def test_runs_that_are_not_isolated_are_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("AOPS_ISOLATION", raising=False)
    missing = SandboxStatus(works=False, detail="Install the package bubblewrap.")
    monkeypatch.setattr(up.sandbox, "probe", lambda: missing)

    said = greeted(tmp_path, capsys)

    assert "runs are not isolated: Install the package bubblewrap." in said


def test_runs_that_somebody_never_isolates_are_said_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("AOPS_ISOLATION", "off")

    assert "runs are not isolated: AOPS_ISOLATION is off." in greeted(tmp_path, capsys)


def test_isolated_runs_are_not_worth_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(up.sandbox, "probe", lambda: SandboxStatus(works=True))

    assert "runs are not isolated" not in greeted(tmp_path, capsys)


def greeted(home: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Give what is said of an installation."""
    settings = read_settings({"AOPS_HOME": str(home / "home")})
    greeting.ready(settings, Address.read(settings.bind), up._unprotected(settings))
    return capsys.readouterr().out
