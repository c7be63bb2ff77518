"""Writes an inventory as the YAML that Ansible's own ``yaml`` plugin reads.

What people typed is never turned into Python values and back: the variables' YAML
nodes are grafted into the document as they are. So ``0755``, ``1e3``, ``yes``, dates,
``!vault`` and ``!unsafe`` mean in a run what they would mean in a file of one's own;
and 10,000 hosts take less than a second, because composing and writing are libyaml's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from aops.inventory import rows as inventory_rows
from aops.inventory.rows import GroupRow, InventoryRows

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_STRING = "tag:yaml.org,2002:str"
_MAPPING = "tag:yaml.org,2002:map"
_NULL = "tag:yaml.org,2002:null"
_WIDTH = 1_000_000_000


def render(inventory_id: int) -> str:
    """Give an inventory as YAML text, without its disabled hosts."""
    return render_rows(inventory_rows.load(inventory_id))


def render_rows(rows: InventoryRows) -> str:
    """Give YAML text that holds each host's and each group's variables exactly once.

    All hosts stand under ``all``, so that a host without a group is no special case.
    A group is written out where it is first met; elsewhere its name suffices.
    """
    defined: set[str] = set()
    children = [(name, _group(rows, name, defined)) for name in inventory_rows.roots(rows)]
    everything = _mapping(
        [
            ("vars", _variables(rows.variables)),
            ("hosts", _mapping((name, _variables(text)) for name, text in rows.hosts.items())),
            ("children", _mapping(children)),
        ]
    )
    text: str = yaml.serialize(
        _mapping([("all", everything)]), Dumper=_Dumper, allow_unicode=True, width=_WIDTH
    )
    return text


def _group(rows: InventoryRows, name: str, defined: set[str]) -> yaml.Node:
    if name in defined:
        return _nothing()
    defined.add(name)
    group: GroupRow = rows.groups[name]
    return _mapping(
        [
            ("vars", _variables(group.variables)),
            ("hosts", _mapping((host, _nothing()) for host in group.hosts)),
            ("children", _mapping((part, _group(rows, part, defined)) for part in group.children)),
        ]
    )


def _variables(text: str) -> yaml.Node:
    node = yaml.compose(text, Loader=_Loader) if text else None
    return node if isinstance(node, yaml.MappingNode) else _mapping([])


def _mapping(items: Iterable[tuple[str, yaml.Node]]) -> yaml.Node:
    pairs = [(yaml.ScalarNode(_STRING, name), node) for name, node in items]
    return yaml.MappingNode(_MAPPING, pairs, flow_style=not pairs)


def _nothing() -> yaml.Node:
    return yaml.ScalarNode(_NULL, "")
