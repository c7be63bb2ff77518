"""The part of a host's facts that says what the host is, not how it is doing right now.

Free memory differs with every look, and nobody wants a history of it. So history,
comparison and "what changed" see facts without what VOLATILE lists, and with those
lists sorted whose order means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

VOLATILE = (
    "date_time",
    "discovered_interpreter_python",
    "effective_group_id",
    "effective_user_id",
    "env",
    "facter_load_averages",
    "facter_memory",
    "facter_memoryfree",
    "facter_memoryfree_mb",
    "facter_swapfree",
    "facter_swapfree_mb",
    "facter_system_uptime",
    "facter_uptime",
    "facter_uptime_days",
    "facter_uptime_hours",
    "facter_uptime_seconds",
    "gather_subset",
    "loadavg",
    "memfree_mb",
    "memory_mb.nocache",
    "memory_mb.real.free",
    "memory_mb.real.used",
    "memory_mb.swap.cached",
    "memory_mb.swap.free",
    "memory_mb.swap.used",
    "module_setup",
    "mounts.*.block_available",
    "mounts.*.block_used",
    "mounts.*.inode_available",
    "mounts.*.inode_used",
    "mounts.*.size_available",
    "pagefile_free_mb",
    "real_group_id",
    "real_user_id",
    "swap_allocated_mb",
    "swap_reserved_mb",
    "swapfree_mb",
    "uptime_seconds",
    "user_dir",
    "user_gecos",
    "user_gid",
    "user_id",
    "user_shell",
    "user_uid",
)
"""What a host has free or is busy with, what time it is, and who looked: ``env`` and
``user_*`` belong to the login of the run and differ with ``become``. A star stands for
every name or position."""

UNORDERED = (
    "all_ipv4_addresses",
    "all_ipv6_addresses",
    "interfaces",
    "locally_reachable_ips.ipv4",
    "locally_reachable_ips.ipv6",
    "mounts",
    "virtualization_tech_guest",
    "virtualization_tech_host",
)
"""Lists that come in any order; file systems are sorted by where they are mounted."""


def stable(data: Any) -> Any:
    """Give facts without what is volatile, and with unordered lists sorted.

    What no path leads into is not copied: the result is for reading only.
    """
    return _reduced(data, _TREE)


@dataclass
class _Node:
    """What happens to the facts at one place.

    Attributes:
        below: What happens further down, by name; a star stands for every name.
    """

    dropped: bool = False
    unordered: bool = False
    below: dict[str, _Node] = field(default_factory=dict)

    def at(self, path: str) -> _Node:
        """Find or make the node of a path."""
        node = self
        for name in path.split("."):
            node = node.below.setdefault(name, _Node())
        return node


def _tree() -> _Node:
    root = _Node()
    for path in VOLATILE:
        root.at(path).dropped = True
    for path in UNORDERED:
        root.at(path).unordered = True
    return root


_TREE = _tree()


def _reduced(value: Any, node: _Node | None) -> Any:
    if node is None:
        return value
    every = node.below.get("*")
    if isinstance(value, dict):
        places = {name: node.below.get(name, every) for name in value}
        return {
            name: _reduced(part, places[name])
            for name, part in value.items()
            if not ((place := places[name]) and place.dropped)
        }
    if isinstance(value, list):
        parts = [_reduced(part, every) for part in value]
        return sorted(parts, key=_place) if node.unordered else parts
    return value


def _place(part: Any) -> str:
    return str(part.get("mount", "") if isinstance(part, dict) else part)
