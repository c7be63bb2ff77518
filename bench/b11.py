"""Second start: from ``make run`` until the first page answers."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import requests

from bench.figure import Figure, spread
from bench.sizes import Sizes
from tests.services.processes import wait_until
from tests.services.server import free_port

_ROOT = Path(__file__).parent.parent
_LEFT_OUT = shutil.ignore_patterns(
    ".*_cache", ".git", ".hypothesis", ".venv*", "node_modules", "var", "tests", "__pycache__"
)
_PATIENCE = 180


def measure(sizes: Sizes) -> list[Figure]:
    """Start a copy of this installation once, and then again and again."""
    with _copy() as folder:
        environ = _environ()
        with _started(folder, environ) as first:
            seconds_of_first = _until_page(first, environ["AOPS_BIND"])
        seconds: list[float] = []
        for _ in range(sizes.starts):
            with _started(folder, environ) as again:
                seconds.append(_until_page(again, environ["AOPS_BIND"]))
            print(f"  {seconds[-1]:.2f}", file=sys.stderr, flush=True)
    detail = f"{spread(seconds, ' s')}; the first start: {seconds_of_first:.1f} s"
    return [Figure("B11", "`make run` until the first page", median(seconds), 6, " s", detail)]


@contextlib.contextmanager
def _copy() -> Iterator[Path]:
    """Copy the working tree; what was installed is shared, as its second start finds it."""
    with tempfile.TemporaryDirectory(prefix="aops-bench-") as parent:
        folder = Path(parent, "aops")
        shutil.copytree(_ROOT, folder, ignore=_LEFT_OUT)
        (folder / "node_modules").symlink_to(_ROOT / "node_modules")
        (folder / ".venv").mkdir()
        (folder / ".venv" / "bin").symlink_to(_ROOT / ".venv" / "bin")
        (folder / ".venv" / ".installed").touch()
        yield folder


def _environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AOPS_")}
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        kept.pop(name, None)
    return kept | {"AOPS_BIND": f"127.0.0.1:{free_port()}"}


@contextlib.contextmanager
def _started(folder: Path, environ: dict[str, str]) -> Iterator[float]:
    """Run ``make run`` while the block does, and until it says "ready"; give when it began."""
    start = time.monotonic()
    said = folder.parent / "make.log"
    with said.open("wb") as log:
        make = subprocess.Popen(
            ["make", "run"], cwd=folder, env=environ, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield start
        wait_until(lambda: "is ready" in said.read_text(), _PATIENCE, "the greeting")
    finally:
        os.killpg(make.pid, signal.SIGTERM)
        make.wait(_PATIENCE)


def _until_page(start: float, bind: str) -> float:
    def answers() -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"http://{bind}/sign-in", timeout=5).ok
        return False

    wait_until(answers, _PATIENCE, "the first page")
    return time.monotonic() - start
