"""Settings, read once from the environment; a bad one stops the start with a sentence.

``SETTINGS`` is also the source of the table in docs/settings.md: a test keeps
the two equal.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

VERSION = "0.1.0"

EMBEDDED_BROKER = "embedded"


class AppMode(StrEnum):
    """Which set of defaults applies."""

    DEVELOPMENT = "development"
    """Templates reload; isolation is preferred instead of required."""

    PRODUCTION = "production"
    """Runs are refused where they cannot be isolated."""

    TESTING = "testing"
    """Errors reach the test instead of the error page."""


class SettingsError(Exception):
    """A setting is unknown or malformed; the message says what to write instead."""


@dataclass(frozen=True)
class Setting:
    """One variable of the environment.

    Attributes:
        default: As one would write it in the environment; "" means unset.
        pattern: What a value must match as a whole.
        hint: How a right value looks, for the error sentence.
    """

    name: str
    default: str
    pattern: str
    hint: str
    text: str


SETTINGS = (
    Setting(
        "APP_MODE",
        "production",
        "development|production|testing",
        "development, production or testing",
        "Which defaults apply.",
    ),
    Setting(
        "AOPS_HOME",
        "var",
        ".+",
        "a folder",
        "Everything that aops writes lies here: database, keys, broker, runs, logs.",
    ),
    Setting(
        "AOPS_KEYS",
        "",
        ".*",
        "a folder",
        "Where the session and sealing keys lie; AOPS_HOME/keys when unset.",
    ),
    Setting(
        "AOPS_BIND",
        "127.0.0.1:8000",
        r"(\[[0-9a-fA-F:]+\]|[\w.-]*):\d{1,5}|unix:.+",
        "ADDRESS:PORT or unix:PATH",
        "Where `flask up` listens.",
    ),
    Setting(
        "AOPS_URL",
        "",
        r"(https?://[\w.:\[\]-]+)?",
        "https://aops.example.com",
        "The address that people type. With https, cookies are sent over TLS only.",
    ),
    Setting(
        "AOPS_PROXY_HOPS",
        "0",
        r"\d",
        "a number from 0 to 9",
        "How many reverse proxies of yours stand before aops and set X-Forwarded-For.",
    ),
    Setting(
        "AOPS_DATABASE_URL",
        "",
        r"(sqlite:///.+|mysql\+pymysql://.+)?",
        "mysql+pymysql://USER:PASSWORD@HOST/DATABASE or sqlite:///PATH",
        "The database; SQLite in AOPS_HOME when unset.",
    ),
    Setting(
        "AOPS_BROKER_URL",
        EMBEDDED_BROKER,
        r"embedded|(rediss?|redis\+socket|amqps?|pyamqp)://.+",
        "embedded, redis://HOST/0 or amqp://USER:PASSWORD@HOST/VHOST",
        "What wakes the workers. `embedded` needs no service.",
    ),
    Setting(
        "AOPS_ISOLATION",
        "",
        "(required|preferred|off)?",
        "required, preferred or off",
        "What to do where bubblewrap does not work: refuse to run, run unprotected, or "
        "never try. When unset: required in production, else preferred.",
    ),
    Setting(
        "AOPS_MAX_RUNS",
        "4",
        r"[1-9]\d{0,2}",
        "a number from 1 to 999",
        "How many runs one worker machine carries at once.",
    ),
    Setting(
        "AOPS_SESSION_HOURS",
        "12",
        r"[1-9]\d{0,3}",
        "a number of hours",
        "After how many hours a person must sign in again.",
    ),
    Setting(
        "AOPS_ADMIN_PASSWORD",
        "",
        ".*",
        "a password",
        "Password of the first admin; a one-time password is made when unset.",
    ),
    Setting(
        "AOPS_LOG_LEVEL",
        "info",
        "debug|info|warning|error",
        "debug, info, warning or error",
        "How much the services write to their logs.",
    ),
    Setting(
        "AOPS_LOG_SIZE",
        "10",
        r"[1-9]\d{0,3}",
        "a number of MiB",
        "How large a file in AOPS_HOME/logs grows before a new one is begun; the four "
        "before it are kept.",
    ),
)


@dataclass(frozen=True)
class Settings:
    """The settings of this process, in the types that the code wants.

    Attributes:
        isolation: One of required, preferred, off.
        broker_url: ``embedded`` or a Celery broker URL.
    """

    mode: AppMode
    home: Path
    keys: Path
    bind: str
    url: str
    proxy_hops: int
    database_url: str
    broker_url: str
    isolation: str
    max_runs: int
    session_hours: int
    admin_password: str
    log_level: str
    log_bytes: int

    @property
    def embedded_broker(self) -> bool:
        """Tell whether messages travel as files instead of through a service."""
        return self.broker_url == EMBEDDED_BROKER

    @property
    def runs_dir(self) -> Path:
        """Give the parent of the runs' private directories."""
        return self.home / "runs"

    @property
    def spool_dir(self) -> Path:
        """Give the folder where output waits until the database has it."""
        return self.home / "spool"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings.

    Args:
        environ: Where to read; this process's environment when None.

    Raises:
        SettingsError: Naming the variable, its value and what is wanted.
    """
    environ = os.environ if environ is None else environ
    _refuse_unknown(environ)
    value = {setting.name: _value_of(setting, environ) for setting in SETTINGS}
    mode = AppMode(value["APP_MODE"])
    home = Path(value["AOPS_HOME"]).expanduser().resolve()
    return Settings(
        mode=mode,
        home=home,
        keys=Path(value["AOPS_KEYS"]).expanduser().resolve()
        if value["AOPS_KEYS"]
        else home / "keys",
        bind=value["AOPS_BIND"],
        url=value["AOPS_URL"].rstrip("/"),
        proxy_hops=int(value["AOPS_PROXY_HOPS"]),
        database_url=value["AOPS_DATABASE_URL"] or f"sqlite:///{home / 'aops.db'}",
        broker_url=value["AOPS_BROKER_URL"],
        isolation=value["AOPS_ISOLATION"]
        or ("required" if mode is AppMode.PRODUCTION else "preferred"),
        max_runs=int(value["AOPS_MAX_RUNS"]),
        session_hours=int(value["AOPS_SESSION_HOURS"]),
        admin_password=value["AOPS_ADMIN_PASSWORD"],
        log_level=value["AOPS_LOG_LEVEL"],
        log_bytes=int(value["AOPS_LOG_SIZE"]) << 20,
    )


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {setting.name for setting in SETTINGS}
    unknown = sorted(
        name
        for name in environ
        if name.startswith("AOPS_") and not name.startswith("AOPS_TEST_") and name not in known
    )
    if unknown:
        message = (
            f"There is no setting {unknown[0]}. "
            f"The settings are {', '.join(sorted(known))}; see docs/settings.md."
        )
        raise SettingsError(message)


def _value_of(setting: Setting, environ: Mapping[str, str]) -> str:
    value = environ.get(setting.name, "").strip() or setting.default
    if not re.fullmatch(setting.pattern, value, re.DOTALL):
        shown = "its value" if "PASSWORD" in setting.name or "URL" in setting.name else repr(value)
        message = f"{setting.name}: {shown} does not fit. Write {setting.hint}."
        raise SettingsError(message)
    return value
