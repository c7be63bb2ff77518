"""Starts aops as `make run` does, and looks at it from outside."""

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from bs4 import BeautifulSoup

from tests.services.processes import RunningProcess, wait_until, with_cookie
from tests.services.server import end, free_port

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
READY = "is ready: "
_COOKIE = "AOPS_TEST_COOKIE"


class Aops:
    """One installation in a folder of its own.

    Attributes:
        home: Its AOPS_HOME.
        environment: All that its processes see of the environment.
    """

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.port = free_port()
        self.cookie = uuid.uuid4().hex
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AOPS_HOME": str(home),
            "AOPS_BIND": f"127.0.0.1:{self.port}",
            _COOKIE: self.cookie,
            **settings,
        }

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *command: str, code: int = 0, **options: Any) -> str:
        """Run a program of the virtual environment to its end, and give what it said."""
        done = subprocess.run(
            [BIN / command[0], *command[1:]],
            env=self.environment,
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
            **options,
        )
        assert done.returncode == code, f"exit code {done.returncode}:\n{done.stdout}"
        return done.stdout

    def flask(self, *arguments: str, code: int = 0, **options: Any) -> str:
        """Run one of our commands."""
        return self.run("flask", "--app", "aops", *arguments, code=code, **options)

    @contextlib.contextmanager
    def up(self, *options: str) -> Iterator["Up"]:
        """Have `flask up` run during the block; what is left of it then is killed."""
        running = Up(self, options)
        try:
            yield running
        finally:
            running.kill()
            end(process.pid for process in self.processes())

    def processes(self) -> list[RunningProcess]:
        """Give all processes that came from here, whoever their parents are."""
        return with_cookie(_COOKIE, self.cookie)

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask its SQLite database."""
        with contextlib.closing(sqlite3.connect(self.home / "aops.db", timeout=15)) as database:
            rows = database.execute(sql, values).fetchall()
            database.commit()
            return rows

    def replace_demo(self, playbook: str) -> None:
        """Let the demo job run another playbook."""
        self.query("UPDATE playbook_revisions SET content = ?", playbook)


class Up:
    """A running `flask up`."""

    def __init__(self, aops: Aops, options: tuple[str, ...]) -> None:
        self._log = aops.home / f"up-{uuid.uuid4().hex}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [BIN / "flask", "--app", "aops", "up", *options],
                env=aops.environment,
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self._log.read_text()

    def wait_until_it_says(self, text: str, timeout: float = 90) -> str:
        """Wait for a text in its output."""

        def said() -> bool:
            assert self._process.poll() is None or text in self.said, self.said
            return text in self.said

        wait_until(said, timeout, f"{text!r} in {self.said}")
        return self.said

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self, timeout: float = 90) -> int:
        """Wait for its end and give its exit code."""
        return self._process.wait(timeout)

    def kill(self) -> None:
        """End it without giving it time; only a test of stopping has that."""
        self._process.kill()
        self._process.wait()


class Browser:
    """Fills in forms, keeps cookies, and takes an error page for a page.

    Attributes:
        address: Where the last page really came from.
    """

    def __init__(self, aops: Aops) -> None:
        self._aops = aops
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.address = ""

    def get(self, path: str, data: bytes | None = None) -> str:
        """Load a page, and give its text."""
        try:
            answer = self._opener.open(f"{self._aops.url}{path}", data, timeout=60)
        except HTTPError as error:
            answer = error
        self.address = answer.geturl()
        return str(answer.read().decode())

    def post(self, path: str, **values: str) -> str:
        """Open a page and send its form with these values."""
        token = BeautifulSoup(self.get(path), "html5lib").find(attrs={"name": "csrf_token"})
        return self.get(path, urlencode(values | {"csrf_token": token["value"]}).encode())


def one_time_password(said: str) -> str:
    """Find the password in what `flask up` or `flask user` printed."""
    found = re.search(r"password:? +(\w{5}(?:-\w{5}){3})", said)
    assert found, said
    return found.group(1)
