"""How much is measured: as BENCH demands, or just enough to see that a benchmark works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """The numbers that a benchmark asks for.

    Attributes:
        loads: Hosts, tasks and the goal of the overhead.
        pairs: How often both sides are measured.
        polls: How many single polls are timed.
        pollers: How many pollers there are at once, each once a second.
        poll_seconds: For how long.
        cancels: How many runs are cancelled in each phase.
        starts: How often all of aops is started.
        hosts: Of the big inventory.
        groups: Of the big inventory.
        variables: Of each of its hosts.
        imports: How often it is imported.
        pages: How often its pages are loaded.
    """

    loads: tuple[tuple[int, int, float], ...]
    pairs: int
    polls: int
    pollers: int
    poll_seconds: int
    cancels: int
    starts: int
    hosts: int
    groups: int
    variables: int
    imports: int
    pages: int


FULL = Sizes(
    loads=((50, 20, 1.05), (200, 10, 1.05), (1, 3, 1.30)),
    pairs=5,
    polls=500,
    pollers=200,
    poll_seconds=40,
    cancels=20,
    starts=5,
    hosts=10_000,
    groups=200,
    variables=20,
    imports=3,
    pages=50,
)
TINY = Sizes(
    loads=((3, 2, 1.05), (1, 3, 1.30)),
    pairs=1,
    polls=20,
    pollers=20,
    poll_seconds=5,
    cancels=1,
    starts=1,
    hosts=100,
    groups=10,
    variables=20,
    imports=1,
    pages=3,
)
