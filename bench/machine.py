"""What the figures were measured on, without which they say nothing."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

_PACKAGES = ("ansible-core", "ansible-runner", "Flask", "SQLAlchemy", "celery", "gunicorn")
_BUSY = 5.0


def facts() -> list[str]:
    """Give lines about this machine as it is now, before anything is measured."""
    now = datetime.now(UTC)
    memory = psutil.virtual_memory()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return [
        f"{now:%Y-%m-%d %H:%M} UTC",
        f"{os.cpu_count()} cores ({_processor()}), {memory.total / 2**30:.0f} GiB of memory",
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {packages}",
        f"Load average before: {load}. What else ran: {_others()}",
    ]


def _processor() -> str:
    with open("/proc/cpuinfo") as lines:  # noqa: PTH123 - a pseudo file, read once
        names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        return next(names, platform.machine())


def _others() -> str:
    """Name the programs that took more than a few percent of a core within half a second."""
    processes = list(psutil.process_iter(["name"]))
    for process in processes:
        _share(process, None)
    shares: dict[str, float] = {}
    psutil.cpu_percent(0.5)
    for process in processes:
        if process.pid != os.getpid() and (share := _share(process, None)) >= _BUSY:
            shares[process.info["name"]] = shares.get(process.info["name"], 0) + share
    busy = sorted(shares.items(), key=lambda item: -item[1])[:6]
    return ", ".join(f"{name} {share:.0f} %" for name, share in busy) or "nothing"


def _share(process: psutil.Process, interval: float | None) -> float:
    try:
        return process.cpu_percent(interval)
    except psutil.Error:
        return 0.0
