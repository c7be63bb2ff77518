"""Measures YAML before it is built: a few lines of anchors may stand for billions of values."""

from __future__ import annotations

from typing import Any

import yaml

from .problems import Refused

MAX_NODES = 20_000_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def refuse(text: str, name: str) -> None:
    """Refuse a text whose aliases, written out, have no end or too many values.

    Raises:
        Refused: Naming the file.
    """
    if "&" not in text or "*" not in text:
        return
    try:
        node = yaml.compose(text.encode("utf-8", "replace"), Loader=_Loader)
    except (yaml.YAMLError, ValueError):
        return  # Ansible says better what is wrong
    if node is not None and _size(node, {}, set(), name) > MAX_NODES:
        raise Refused("bomb", file=name)


def _size(node: yaml.Node, known: dict[int, int], above: set[int], name: str) -> int:
    """Count what a node stands for; a sum too large is only ever added up, never walked."""
    if id(node) in known:
        return known[id(node)]
    if id(node) in above:
        raise Refused("holds_itself", file=name)
    above.add(id(node))
    size = 1 + sum(_size(child, known, above, name) for child in _children(node))
    above.remove(id(node))
    known[id(node)] = size
    return size


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
