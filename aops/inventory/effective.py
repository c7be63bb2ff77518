"""Tells which value of each variable wins for a host, where it comes from, what it overrides.

Only of what the inventory says: a playbook, a role, a fact or a launch may still overrule it.
Values are shown as they were written and never decrypted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import yaml

from aops.core import yaml_text
from aops.inventory import names as variable_names
from aops.inventory import quick_yaml
from aops.inventory.levels import PRIORITY, Levels, Merged
from aops.inventory.rows import InventoryRows

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_VAULT, _UNSAFE = "!vault", "!unsafe"
_PLAIN = {
    "tag:yaml.org,2002:str": re.compile(r"[A-Za-z_/][\w./@+=-]*(?: [\w./@+=-]+)*", re.ASCII),
    "tag:yaml.org,2002:int": re.compile(r"0|-?[1-9][0-9]{0,15}"),
}
_WIDTH = 1_000_000_000


class Scope(StrEnum):
    """What kind of level says something."""

    ALL = "all"
    GROUP = "group"
    HOST = "host"


@dataclass(frozen=True)
class Origin:
    """A level of the inventory.

    Attributes:
        name: Of the group or the host; ``all`` for the inventory itself.
        depth: How many groups stand above it; 0 for ``all``.
        priority: ``ansible_group_priority``, which orders groups of one depth.
        inherited: Whether the host is in the group only through a child group.
    """

    scope: Scope
    name: str
    depth: int = 0
    priority: int = 1
    inherited: bool = False


@dataclass(frozen=True)
class Setting:
    """What one level says about a variable.

    Attributes:
        text: YAML as it was written, without comments; encrypted parts are left out.
        reads_as: What Ansible makes of it, as JSON, where the text does not show it:
            ``yes`` reads as ``true``, ``0755`` as ``493``; else "".
        vaulted: Whether some of it is encrypted.
        templated: Whether some of it is a template, so that only a run knows the value.
    """

    origin: Origin
    text: str
    reads_as: str = ""
    vaulted: bool = False
    templated: bool = False


@dataclass(frozen=True)
class Variable:
    """A variable of a host.

    Attributes:
        setting: The one that wins.
        overridden: Those that it overrules, the strongest first.
    """

    name: str
    setting: Setting
    overridden: list[Setting] = field(default_factory=list)


def explain(rows: InventoryRows, host: str) -> list[Variable]:
    """Tell all variables of a host, in alphabetical order."""
    found: dict[str, list[Setting]] = {}
    for origin, text in _levels_of(rows, host):
        for name, node in _nodes(text).items():
            if name != PRIORITY or origin.scope is Scope.HOST:
                found.setdefault(name, []).insert(0, _setting(origin, node))
    return [Variable(name, settings[0], settings[1:]) for name, settings in sorted(found.items())]


def values(
    rows: InventoryRows, names: Collection[str] | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the winning values of every host, in inventory order.

    Args:
        rows: The whole inventory.
        names: Only these variables are wanted, which is much quicker; None wants all.
    """
    merged = Merged(rows, lambda text: quick_yaml.variables(text, names))
    return ((host, merged.of(host)) for host in rows.hosts)


def _levels_of(rows: InventoryRows, host: str) -> Iterator[tuple[Origin, str]]:
    levels = Levels(rows)
    direct = levels.direct(host)
    yield Origin(Scope.ALL, "all"), rows.variables
    for name in levels.of(host):
        origin = Origin(
            Scope.GROUP, name, levels.depth(name), levels.priority(name), name not in direct
        )
        yield origin, rows.groups[name].variables
    yield Origin(Scope.HOST, host), rows.hosts[host]


def _nodes(text: str) -> dict[str, yaml.Node]:
    """Part a text into the YAML of its variables, with what ``<<`` merges into it."""
    try:
        yaml_text.parse_mapping(text)
    except yaml_text.YamlError:
        return {}
    node = yaml.compose(text, Loader=_Loader) if text else None
    if not isinstance(node, yaml.MappingNode):
        return {}
    yaml.constructor.SafeConstructor().flatten_mapping(node)
    return {key.value: value for key, value in node.value}


def _setting(origin: Origin, node: yaml.Node) -> Setting:
    if _is_plain(node):
        return Setting(origin, node.value, reads_as="", vaulted=False, templated=False)
    scalars = list(_scalars(node))
    return Setting(
        origin,
        text=_text(_without_secrets(node)),
        reads_as=_reads_as(node),
        vaulted=any(scalar.tag == _VAULT for scalar in scalars),
        templated=any(_is_template(scalar) for scalar in scalars),
    )


def _is_plain(node: yaml.Node) -> bool:
    """Tell a word or a number that is as it looks: nearly all are, and YAML takes its time."""
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return False
    pattern = _PLAIN.get(node.tag)
    return bool(pattern and pattern.fullmatch(node.value))


def _scalars(node: Any) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for part in pair:
                yield from _scalars(part)
    else:
        for part in node.value:
            yield from _scalars(part)


def _is_template(scalar: yaml.ScalarNode) -> bool:
    return scalar.tag not in {_VAULT, _UNSAFE} and not variable_names.is_literal(scalar.value)


def _without_secrets(node: Any) -> yaml.Node:
    """Copy a value with “…” in place of what ansible-vault encrypted."""
    if isinstance(node, yaml.ScalarNode):
        return yaml.ScalarNode(_VAULT, "…") if node.tag == _VAULT else node
    if isinstance(node, yaml.MappingNode):
        pairs = [(_without_secrets(key), _without_secrets(value)) for key, value in node.value]
        return yaml.MappingNode(node.tag, pairs, flow_style=node.flow_style)
    parts = [_without_secrets(part) for part in node.value]
    return yaml.SequenceNode(node.tag, parts, flow_style=node.flow_style)


def _text(node: yaml.Node) -> str:
    text: str = yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=_WIDTH)
    return text.rstrip("\n").removesuffix("\n...").rstrip("\n")


def _reads_as(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return ""
    value = yaml_text.parse(_text(node))
    if isinstance(value, bool | int | float | None):
        shown = json.dumps(value)
        return "" if shown == node.value else shown
    return ""
