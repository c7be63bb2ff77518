"""Keeps a filter from holding up everybody else, and ends one that asks for too much.

A filter of 10,000 hosts is nothing but work: other threads, or requests of the same event
loop, get their turn every few milliseconds. Facts and variables of many hosts are searched
by a few requests of a process at a time, and none of them may work longer than a person waits.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import TypeVar

from flask_babel import gettext as _

from aops.core.errors import AopsError

SECONDS = 8
"""Of computing, for one filter; ten times what 10,000 ordinary hosts need."""

AT_ONCE = 2
"""Filters that one process answers at once where they ask about facts or variables."""

_PATIENCE = 5
"""Seconds that a filter waits for the others."""

_SLICE = 0.02
"""Seconds until others have their turn."""

_T = TypeVar("_T")
_turns = BoundedSemaphore(AT_ONCE)


@dataclass
class _Effort:
    """What one filter has cost so far, in seconds of computing."""

    spent: float = 0
    since: float = field(default_factory=time.thread_time)

    def pause(self) -> None:
        """Let others have their turn now and then, and give up in the end."""
        slice_ = time.thread_time() - self.since
        if slice_ < _SLICE:
            return
        self.spent += slice_
        if self.spent > SECONDS:
            raise AopsError(
                _(
                    "This filter takes too long. Ask about a label, a group or a name as well, "
                    "so that fewer hosts are searched, and use fewer “*”."
                ),
                field="query",
            )
        time.sleep(0)
        self.since = time.thread_time()


_effort: ContextVar[_Effort | None] = ContextVar("_effort", default=None)


@contextmanager
def limited() -> Iterator[None]:
    """Count what is looked at within as one filter's.

    Raises:
        AopsError: From ``breathing`` within, at the field ``query``.
    """
    token = _effort.set(_Effort())
    try:
        yield
    finally:
        _effort.reset(token)


@contextmanager
def costly() -> Iterator[None]:
    """Wait until few others search facts or variables.

    Raises:
        AopsError: At the field ``query``, if that takes too long.
    """
    if not _turns.acquire(timeout=_PATIENCE):
        raise AopsError(
            _("Several filters that take long are being answered. Try again in a moment."),
            field="query",
        )
    try:
        yield
    finally:
        _turns.release()


def breathing(several: Iterable[_T]) -> Iterator[_T]:
    """Let others have their turn while these are looked at.

    Raises:
        AopsError: At the field ``query``, if the filter has cost too much.
    """
    effort = _effort.get() or _Effort()
    for one in several:
        yield one
        effort.pause()
