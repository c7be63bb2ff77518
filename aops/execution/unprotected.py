"""Running without walls, where an admin allows it: the same things in real places.

What is kept: the empty environment, private directories, secrets on shared memory, and
that nothing is left afterwards. What is lost: the playbook can read all that the
service's account can.
"""

from __future__ import annotations

from aops.execution.layout import CHILD, PYTHON, Layout
from aops.execution.workspace import Workspace


class Unprotected:
    """The sandbox's counterpart without a sandbox."""

    isolated = False
    processes = None

    def __init__(self, space: Workspace) -> None:
        private = space.make_private()
        scratch = private / "scratch"
        scratch.mkdir(mode=0o700)
        self.layout = Layout(
            project=space.project,
            private=private,
            scratch=scratch,
            events=space.events,
            child=CHILD,
        )

    def command(self, control: int) -> list[str]:
        """Return how to start the child, which gets its orders over that descriptor."""
        return [str(PYTHON), "-IB", str(self.layout.child), str(control)]
