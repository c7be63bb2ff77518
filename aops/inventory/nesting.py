"""How groups contain each other: circles, and how deep it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MAX_DEPTH = 50
"""Deeper than anyone nests, and far from what Ansible and the renderer can follow."""

Children = Mapping[int, Sequence[int]]
"""A group's id to those of its child groups."""


def circle_through(group: int, children: Children) -> list[int] | None:
    """Give a way from a group down to itself, beginning and ending with it; or None."""
    came_from = dict.fromkeys(children.get(group, ()), group)
    waiting = list(came_from)
    while waiting:
        here = waiting.pop()
        if here == group:
            return _way_to(group, came_from)
        for child in children.get(here, ()):
            if child not in came_from:
                came_from[child] = here
                waiting.append(child)
    return None


def is_too_deep(children: Children) -> bool:
    """Tell whether more than MAX_DEPTH groups stand within each other."""
    level, depth = set(children), 1
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = {child for group in level for child in children.get(group, ())}
    return bool(level)


def _way_to(group: int, came_from: Mapping[int, int]) -> list[int]:
    way = [group, came_from[group]]
    while way[-1] != group:
        way.append(came_from[way[-1]])
    return way[::-1]
