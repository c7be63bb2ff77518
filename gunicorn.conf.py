"""What gunicorn needs to know about aops, however it is started from this folder."""

import os
from pathlib import Path

bind = os.environ.get("AOPS_BIND", "").strip() or "127.0.0.1:8000"
control_socket_disable = True  # it would lie in the home directory of whoever starts it
graceful_timeout = 10
keepalive = 5
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - heartbeats need no disk
