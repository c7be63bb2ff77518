"""One person's browser: signs in, launches, polls and cancels over HTTP."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import requests

_TIMEOUT = 30
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_FIELD = re.compile(r'<input[^>]*name="(csrf_token|launch_key)"[^>]*value="([^"]+)"')
_CONFIRMATION = re.compile(r'<input[^>]*name="(csrf_token|seen|removed)"[^>]*value="([^"]+)"')
_JOB = re.compile(r"/jobs/(\d+)/")
_IMPORT = re.compile(r"/imports/(\d+)/")


@dataclass
class Answer:
    """What a poll brought."""

    html: str
    cursor: str
    status: int
    finished: bool
    seconds: float


class Browser:
    """Keeps one connection and one cookie."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()

    def sign_in(self, username: str, password: str) -> None:
        """Sign a person in with the form of the sign-in page."""
        token = self._token("/sign-in")
        form = {"username": username, "password": password, "csrf_token": token}
        answer = self._post("/sign-in", form)
        if "/sign-in" in answer.headers["Location"]:
            raise RuntimeError("signing in was refused")

    def open_launch(self, template_id: int) -> dict[str, str]:
        """Open a template's launch page and give its form, ready to be sent."""
        page = self.http.get(f"{self.url}/templates/{template_id}/launch", timeout=_TIMEOUT)
        page.raise_for_status()
        return dict(_FIELD.findall(page.text))

    def launch(self, template_id: int, form: dict[str, str]) -> int:
        """Send a launch form; give the job's id."""
        answer = self._post(f"/templates/{template_id}/launch", form)
        found = _JOB.search(answer.headers.get("Location", ""))
        if found is None:
            raise RuntimeError(
                f"the launch was refused: {answer.status_code} {answer.text[-2000:]}"
            )
        return int(found[1])

    def poll(self, job_id: int, cursor: str = "0") -> Answer:
        """Ask what is new, as a job's page does."""
        path = f"{self.url}/jobs/{job_id}/log?after={cursor}"
        answer = self.http.get(path, headers={"Accept": "text/html"}, timeout=_TIMEOUT)
        return Answer(
            html=answer.text,
            cursor=answer.headers.get("X-Aops-Cursor", cursor),
            status=answer.status_code,
            finished="X-Aops-Finished" in answer.headers,
            seconds=answer.elapsed.total_seconds(),
        )

    def cancel(self, job_id: int, csrf_token: str) -> None:
        """Press the cancel button; any form of this session had the token."""
        self._post(f"/jobs/{job_id}/cancel", {"csrf_token": csrf_token})

    def import_file(self, inventory_id: int, content: bytes) -> int:
        """Upload an inventory file; give the import's id."""
        path = f"/imports/into/{inventory_id}/"
        form = {"csrf_token": self._token(path), "mode": "replace", "kind": "", "text": ""}
        answer = self._post(path, form, {"file": ("hosts.ini", content)})
        found = _IMPORT.search(answer.headers["Location"])
        if found is None:
            raise RuntimeError("the upload was refused")
        return int(found[1])

    def confirm_import(self, import_id: int) -> None:
        """Press the button under the preview."""
        page = self.http.get(f"{self.url}/imports/{import_id}/", timeout=_TIMEOUT)
        page.raise_for_status()
        form = dict(_CONFIRMATION.findall(page.text))
        self._post(f"/imports/{import_id}/confirm/", form)

    def seconds_of(self, path: str) -> float:
        """Load a page or a part of one; tell how long all of it took."""
        started = time.perf_counter()
        self.http.get(self.url + path, timeout=_TIMEOUT).raise_for_status()
        return time.perf_counter() - started

    @property
    def cookies(self) -> str:
        """The header that makes another program's requests this person's."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies)

    def _token(self, path: str) -> str:
        page = self.http.get(self.url + path, timeout=_TIMEOUT)
        page.raise_for_status()
        found = _TOKEN.search(page.text)
        if found is None:
            raise RuntimeError(f"{path} holds no form")
        return found[1]

    def _post(
        self, path: str, form: dict[str, str], files: dict[str, tuple[str, bytes]] | None = None
    ) -> requests.Response:
        answer = self.http.post(
            self.url + path, data=form, files=files, allow_redirects=False, timeout=_TIMEOUT
        )
        if answer.status_code != 302:
            raise RuntimeError(f"POST {path}: {answer.status_code} {answer.text[-2000:]}")
        return answer
