"""Who is acting in this request, task or command: the name that the audit log gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person, or the console itself.

    Attributes:
        user_id: None for the console and for commands.
        source: An IP address, or where else the action came from.
    """

    name: str
    user_id: int | None = None
    source: str = ""


SYSTEM = Actor(name="aops")

_actor: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current() -> Actor:
    """Return who is acting now."""
    return _actor.get()


def become(actor: Actor) -> None:
    """Act as somebody for the rest of this context."""
    _actor.set(actor)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Act as somebody for a while."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)
