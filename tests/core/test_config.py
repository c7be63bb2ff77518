"""Settings: their defaults, and the sentence that a wrong one gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from aops.config import SETTINGS, AppMode, SettingsError, read_settings


def test_without_any_setting_everything_has_a_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    settings = read_settings({})

    assert settings.mode is AppMode.PRODUCTION
    assert settings.home == tmp_path / "var"
    assert settings.keys == tmp_path / "var" / "keys"
    assert settings.database_url == f"sqlite:///{tmp_path / 'var' / 'aops.db'}"
    assert settings.embedded_broker
    assert settings.isolation == "required"


@pytest.mark.parametrize(
    ("mode", "isolation"),
    [("production", "required"), ("development", "preferred"), ("testing", "preferred")],
)
def test_isolation_follows_the_mode_unless_it_is_set(mode: str, isolation: str) -> None:
    assert read_settings({"APP_MODE": mode}).isolation == isolation
    assert read_settings({"APP_MODE": mode, "AOPS_ISOLATION": "off"}).isolation == "off"


def test_an_unknown_setting_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r"no setting AOPS_DATABASE.*AOPS_DATABASE_URL"):
        read_settings({"AOPS_DATABASE": "x"})


def test_what_belongs_to_others_is_left_alone() -> None:
    settings = read_settings({"PATH": "/bin", "AOPS_TEST_DATABASE_URL": "x", "AOPS_HOME": " h "})

    assert settings.home.name == "h"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_MODE", "prod"),
        ("AOPS_BIND", "8000"),
        ("AOPS_BIND", "localhost:port"),
        ("AOPS_URL", "aops.example.com"),
        ("AOPS_PROXY_HOPS", "-1"),
        ("AOPS_DATABASE_URL", "postgresql://x"),
        ("AOPS_DATABASE_URL", "mysql://user:pw@host/db"),
        ("AOPS_BROKER_URL", "kafka://x"),
        ("AOPS_ISOLATION", "yes"),
        ("AOPS_MAX_RUNS", "0"),
        ("AOPS_SESSION_HOURS", "1.5"),
        ("AOPS_LOG_LEVEL", "verbose"),
    ],
)
def test_a_malformed_setting_is_named_with_what_fits(name: str, value: str) -> None:
    hint = next(setting.hint for setting in SETTINGS if setting.name == name)

    with pytest.raises(SettingsError) as refused:
        read_settings({name: value})

    assert name in str(refused.value)
    assert hint in str(refused.value)


def test_a_password_in_a_malformed_setting_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"AOPS_DATABASE_URL": "mysql://user:canary@host/db"})

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AOPS_BIND", "[::1]:8000"),
        ("AOPS_BIND", "unix:/run/aops.sock"),
        ("AOPS_BIND", ":8000"),
        ("AOPS_DATABASE_URL", "mysql+pymysql://u:p@h/d?unix_socket=/x"),
        ("AOPS_BROKER_URL", "redis+socket:///x"),
        ("AOPS_BROKER_URL", "amqp://u:p@h/v"),
    ],
)
def test_a_right_setting_is_taken(name: str, value: str) -> None:
    settings = read_settings({name: value})

    assert getattr(settings, name.removeprefix("AOPS_").lower()) == value


def test_every_setting_says_what_it_is_for() -> None:
    assert all(setting.text and setting.hint for setting in SETTINGS)
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
