"""A browser without JavaScript: opens real pages over HTTP and sends their real forms."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup, Tag

from tests.console import form_values

TIMEOUT = 30


@dataclass
class Watched:
    """What polling a job's page brought.

    Attributes:
        text: The output as the page shows it, without colours.
        polls: How often was asked.
    """

    text: str = ""
    polls: int = 0
    statuses: list[int] = field(default_factory=list)


class Console:
    """One person's browser."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.headers["Accept-Language"] = "en"

    def sign_in(self, username: str, password: str) -> Self:
        """Sign a person in, as a person does."""
        answer = self.submit("/sign-in", {"username": username, "password": password})
        assert "/sign-in" not in answer.url, "signing in was refused"
        return self

    def get(self, path: str, code: int = 200) -> BeautifulSoup:
        """Load a page and give it parsed."""
        answer = self.fetch(path)
        assert answer.status_code == code, f"GET {path}: {answer.status_code}\n{words(answer)}"
        return BeautifulSoup(answer.text, "html5lib")

    def fetch(self, path: str, **options: Any) -> requests.Response:
        """Load anything, whatever the answer."""
        return self.http.get(self.url + path, timeout=TIMEOUT, **options)

    def submit(
        self, path: str, values: dict[str, Any], form: str = "main form"
    ) -> requests.Response:
        """Open a page, fill one of its forms as a person would, and send it.

        Args:
            path: The page.
            values: By field name; a choice is named by the words that the page shows.
            form: Which form, as a CSS selector.
        """
        page = self.get(path)
        chosen = page.select_one(form)
        assert chosen is not None, f"{path} holds no {form}"
        action = urljoin(self.url + path, str(chosen.get("action") or ""))
        sent = form_values(chosen) | {
            name: _chosen(chosen, name, value) for name, value in values.items()
        }
        unknown = [name for name in values if chosen.find(attrs={"name": name}) is None]
        assert not unknown, f"{path} has no field {unknown}"
        answer = self.http.post(action, data=sent, timeout=TIMEOUT)
        assert answer.ok, f"POST {action}: {answer.status_code}\n{words(answer)}"
        assert answer.history, f"{path} was refused:\n{words(answer)}"
        return answer

    def press(self, path: str, action: str) -> requests.Response:
        """Open a page and press the button whose form is sent to that address."""
        return self.submit(path, {}, form=f'form[action="{action}"]')

    def token(self) -> str:
        """Give a valid CSRF token of this session."""
        return str(self.get("/account/").find(attrs={"name": "csrf_token"})["value"])

    def launch(self, template_id: int, **values: Any) -> int:
        """Launch a template from its launch page and give the job's id."""
        answer = self.submit(f"/templates/{template_id}/launch", values)
        return job_id_of(answer)

    def cancel(self, job_id: int) -> None:
        """Press the cancel button of a job's page."""
        self.press(f"/jobs/{job_id}/", f"/jobs/{job_id}/cancel")

    def watch(self, job_id: int, timeout: float = 120) -> Watched:
        """Poll a job as its page does, until the page would stop."""
        seen = Watched()
        cursor, deadline = "0", time.monotonic() + timeout
        while time.monotonic() < deadline:
            answer = self.fetch(f"/jobs/{job_id}/log?after={cursor}")
            seen.polls += 1
            seen.statuses.append(answer.status_code)
            if answer.status_code in {200, 304}:
                cursor = answer.headers["X-Aops-Cursor"]
                seen.text += _lines(answer.text)
                if "X-Aops-Finished" in answer.headers:
                    return seen
            time.sleep(0.2)
        raise TimeoutError(f"job {job_id} did not end in {timeout:g} s:\n{seen.text[-2000:]}")

    def status(self, job_id: int) -> str:
        """Read the state that the job's page shows."""
        badge = self.get(f"/jobs/{job_id}/").select_one("#job-summary .badge")
        return next(name[3:] for name in badge["class"] if name.startswith("is-"))

    def counts(self, job_id: int) -> dict[str, dict[str, int]]:
        """Read the table of counts per host off the job's page."""
        page = self.get(f"/jobs/{job_id}/")
        names = [th.text.strip().lower() for th in page.select("#job-summary thead th")][1:]
        rows = page.select("#job-summary tbody tr")
        cells = [[td.text.strip() for td in row.select("td")] for row in rows]
        return {host: dict(zip(names, map(int, counts), strict=True)) for host, *counts in cells}

    def output(self, job_id: int) -> str:
        """Download a job's output."""
        answer = self.fetch(f"/jobs/{job_id}/output.txt")
        answer.raise_for_status()
        answer.encoding = "utf-8"
        return answer.text

    def complaint(self, job_id: int) -> str:
        """Read the sentences with which a job's page explains itself."""
        return " ".join(_words(tag) for tag in self.get(f"/jobs/{job_id}/").select(".alert"))


def job_id_of(answer: requests.Response) -> int:
    """Read a job's id off the page that a launch leads to."""
    found = re.search(r"/jobs/(\d+)/", answer.url)
    assert found, f"the launch was refused: {words(answer)}"
    return int(found[1])


def words(answer: requests.Response) -> str:
    """Give what a person reads on a page."""
    return _words(BeautifulSoup(answer.text, "html5lib"))[:3000]


def _words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def _lines(html: str) -> str:
    lines = BeautifulSoup(html, "html5lib").select(".log-line > span")
    return "".join(f"{line.get_text()}\n" for line in lines)


def _chosen(form: Tag, name: str, value: Any) -> Any:
    select = form.select_one(f'select[name="{name}"]')
    if select is None:
        return value
    options = {" ".join(option.text.split()): option["value"] for option in select.select("option")}
    pick = [value] if isinstance(value, str) else value
    assert set(pick) <= options.keys(), f"{name} offers {list(options)}, not {pick}"
    return [options[one] for one in pick]
