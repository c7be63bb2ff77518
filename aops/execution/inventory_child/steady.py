"""Makes Ansible read one text in one order every time.

Which of two groups on one level comes first hangs, in Ansible, on the addresses of objects
in memory. Here it is the one that was added first, so that a second import changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible.inventory import group


class _InOrder(dict[Any, None]):
    """A set that remembers the order, with as much of a set as Ansible's groups use."""

    def __init__(self, items: Iterable[Any] = ()) -> None:
        super().__init__(dict.fromkeys(items))

    def add(self, item: Any) -> None:
        self[item] = None

    def update(self, items: Iterable[Any]) -> None:  # type: ignore[override]
        super().update(dict.fromkeys(items))

    def difference_update(self, items: Iterable[Any]) -> None:
        for item in items:
            self.pop(item, None)


def install() -> None:
    """Let groups walk their relatives in order."""
    group.set = _InOrder
