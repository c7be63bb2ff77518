"""When a run has to stop, and when patience with its stopping ends."""

from __future__ import annotations

import time
from collections.abc import Callable

from aops.execution.spec import Outcome

_TICK = 0.1
_GRACE = 5.0
"""Seconds for ansible-playbook to end by SIGTERM; it usually takes 0.2."""


class Stopping:
    """Turns wishes and the time limit into steps: ask to end, then kill.

    Attributes:
        wish: The wish that is being fulfilled, if any.
    """

    def __init__(self, requested: Callable[[], Outcome | None], timeout: float | None) -> None:
        self.wish: Outcome | None = None
        self._requested = requested
        self._deadline = time.monotonic() + timeout if timeout else None
        self._kill_at: float | None = None
        self._next_question = 0.0

    def time_is_up(self, *, started: bool, ask_to_end: Callable[[], None]) -> bool:
        """Look for a wish about ten times a second, and tell whether to kill now.

        Args:
            started: Whether there is an ansible-playbook that can be asked.
            ask_to_end: Is called once, where asking makes sense.
        """
        now = time.monotonic()
        if self._takes_on(self._new_wish(now)):
            gently = started and self.wish is not Outcome.LOST
            self._kill_at = now + _GRACE if gently else now
            if gently:
                ask_to_end()
        return self._kill_at is not None and now >= self._kill_at

    def _new_wish(self, now: float) -> Outcome | None:
        wish = None
        if now >= self._next_question:
            self._next_question = now + _TICK
            wish = self._requested()
        if wish is None and self._deadline is not None and now >= self._deadline:
            wish = Outcome.TIMED_OUT
        return wish

    def _takes_on(self, wish: Outcome | None) -> bool:
        """Take the first wish, and a lost claim even while another is being fulfilled."""
        lost = wish is Outcome.LOST and self.wish is not Outcome.LOST
        if wish is None or (self.wish and not lost):
            return False
        self.wish = wish
        return True
