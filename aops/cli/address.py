"""The address that `flask up` listens on: whether it is free, and whether it answers."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from dataclasses import dataclass
from typing import Any

import psutil

from aops.core.errors import AopsError

_UNIX = "unix:"
_EVERYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to
_RELEASE_SECONDS = 5.0
_ANSWER_SECONDS = 5.0


@dataclass(frozen=True)
class Address:
    """Where to listen.

    Attributes:
        host: "" for a Unix socket.
        path: Of the Unix socket, else "".
    """

    host: str
    port: int
    path: str = ""

    @classmethod
    def read(cls, bind: str) -> Address:
        """Read what AOPS_BIND says."""
        if bind.startswith(_UNIX):
            return cls("", 0, bind.removeprefix(_UNIX))
        host, _, port = bind.rpartition(":")
        return cls(host.strip("[]"), int(port))

    @property
    def url(self) -> str:
        """Give what one types into a browser on this machine."""
        if self.path:
            return f"unix:{self.path}"
        host = "127.0.0.1" if self.host in _EVERYWHERE else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def require_free(self) -> None:
        """Wait until a previous holder has let go.

        Raises:
            AopsError: Naming who holds it, and how to go on.
        """
        deadline = time.monotonic() + _RELEASE_SECONDS
        while (problem := self._problem()) is not None:
            if time.monotonic() > deadline:
                raise AopsError(self._refusal(problem))
            time.sleep(0.2)

    def answers(self, path: str = "/sign-in") -> bool:
        """Tell whether a page is served here."""
        connection = _Connection(self)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def open(self) -> socket.socket:
        """Connect to it."""
        if self.path:
            unix = socket.socket(socket.AF_UNIX)
            unix.settimeout(_ANSWER_SECONDS)
            unix.connect(self.path)
            return unix
        host = "127.0.0.1" if self.host in _EVERYWHERE else self.host
        return socket.create_connection((host, self.port), _ANSWER_SECONDS)

    def _problem(self) -> OSError | None:
        if self.path:
            return self._problem_of_path()
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                return error
        return None

    def _problem_of_path(self) -> OSError | None:
        """A socket that nobody serves any more is in nobody's way: gunicorn replaces it."""
        with contextlib.suppress(OSError):
            self.open().close()
            return OSError("a program serves it")
        return None

    def _refusal(self, error: OSError) -> str:
        holder = self._holder()
        where = self.path or f"{self.host}:{self.port}"
        if holder is not None:
            return (
                f"{where} is taken by {holder.name()} (process {holder.pid}). End it with "
                f"`kill {holder.pid}`, or listen elsewhere: AOPS_BIND=127.0.0.1:8080 make run"
            )
        return f"aops cannot listen on {where}: {error.strerror or error}. Set AOPS_BIND."

    def _holder(self) -> psutil.Process | None:
        """Find the oldest process that listens here; the kernel only shows us our own."""
        with contextlib.suppress(psutil.Error):
            pids = [
                found.pid
                for found in psutil.net_connections("unix" if self.path else "tcp")
                if found.pid is not None and self._is_held_by(found)
            ]
            processes = [psutil.Process(pid) for pid in set(pids)]
            return min(processes, key=psutil.Process.create_time, default=None)
        return None

    def _is_held_by(self, found: Any) -> bool:
        if self.path:
            return bool(found.laddr == self.path)
        return bool(found.status == psutil.CONN_LISTEN and found.laddr.port == self.port)


class _Connection(http.client.HTTPConnection):
    """HTTP over whatever the address is."""

    def __init__(self, address: Address) -> None:
        super().__init__("localhost", timeout=_ANSWER_SECONDS)
        self._address = address

    def connect(self) -> None:
        self.sock = self._address.open()
