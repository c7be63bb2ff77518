"""A run in a process of its own, as in production: to be killed, or to have secrets around it.

Takes the run's words as JSON on standard input; prints what the run printed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from aops.execution import supervisor
from aops.execution.spec import Isolation, Listener, Place, Secrets
from tests.execution.runs import make_spec

ROOT = Path(__file__).parents[2]


def start(
    playbook: str,
    runs_dir: Path,
    *,
    environment: dict[str, str] | None = None,
    isolation: Isolation = Isolation.REQUIRED,
    **more: object,
) -> subprocess.Popen[bytes]:
    """Start a run in a process of its own, best in a ``with``.

    Args:
        more: Fields of the spec; those of its secrets under ``secrets``.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.execution.own_process"],
        cwd=ROOT,
        env=os.environ | (environment or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    words = {"playbook": playbook, "runs_dir": str(runs_dir), "isolation": isolation, "more": more}
    process.stdin.write(json.dumps(words).encode())
    process.stdin.close()
    process.stdin = None
    return process


def _main() -> None:
    words = json.load(sys.stdin)
    more = words["more"]
    secrets = Secrets(**more.pop("secrets", {}))
    spec = make_spec(words["playbook"], secrets=secrets, **more)
    place = Place(Path(words["runs_dir"]), Isolation(words["isolation"]))

    def show(data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()

    result = supervisor.run(spec, place, Listener(show, lambda _: None, lambda: None))
    sys.exit(result.exit_code if result.exit_code is not None else 99)


if __name__ == "__main__":
    _main()
