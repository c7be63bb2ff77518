"""What gunicorn needs to know about aops, however it is started from this folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

bind = os.environ.get("AOPS_BIND", "").strip() or "127.0.0.1:8000"
control_socket_disable = True  # it would lie in the home directory of whoever starts it
graceful_timeout = 10
keepalive = 5
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - heartbeats need no disk


def on_starting(server: Any) -> None:
    """Prove in a process apart that aops can be loaded, before several workers try at once.

    One worker that cannot load ends gunicorn properly; several bring it to a traceback.
    The process is apart because gevent must patch before anything of ours is imported.
    """
    if server.cfg.workers > 1:
        _require_success(os.fork() or _load())


def _load() -> int:
    code = 1
    try:
        import aops  # noqa: PLC0415

        aops.create_app()
        code = 0
    except SystemExit as refused:  # the sentence was printed
        code = int(refused.code or 0)
    finally:
        os._exit(code)


def _require_success(child: int) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise SystemExit(code)
