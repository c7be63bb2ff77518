"""Writes an inventory as the YAML that Ansible's own ``yaml`` plugin reads.

What people typed is never turned into Python values and back: plain lines are copied as
they are, of anything else the YAML nodes are written out again. So ``0755``, ``1e3``,
``yes``, dates, ``!vault`` and ``!unsafe`` mean in a run what they would mean in a file of
one's own; and 10,000 hosts take less than a second.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import yaml

from aops.inventory import rows as inventory_rows
from aops.inventory.rows import UNGROUPED, GroupRow, InventoryRows

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_WIDTH = 1_000_000_000
_END = "\n...\n"
_STEP = "  "

_PLAIN = r"[A-Za-z0-9_/](?:[\w./@+, -]|:(?=[\w/]))*+"
_QUOTED = r"'[ -&(-~]*+'|\"[ !#-\[\]-~]*+\""
_LINES = re.compile(rf"(?:[A-Za-z_]\w*+:(?: ++(?:{_PLAIN}|{_QUOTED}))? *+\n)++", re.ASCII)
"""Variables that mean the same wherever in a document they stand."""

_BREAK = r"[\n\x85\u2028\u2029]"
_LINE_START = re.compile(rf"(?:\A|(?<={_BREAK}))(?!{_BREAK}|\Z)")

_NAME = re.compile(r"(?!\d)\w[\w.-]*+")
_NO_TEXT = frozenset(("false", "n", "no", "null", "off", "on", "true", "y", "yes"))


def render(inventory_id: int) -> str:
    """Give an inventory as YAML text, without its disabled hosts."""
    return render_rows(inventory_rows.load(inventory_id))


def render_rows(rows: InventoryRows) -> str:
    """Give YAML text that holds each host's and each group's variables exactly once.

    All hosts stand under ``all``, so that a host without a group is no special case, and
    before all groups: Ansible would give the variables of a host whose name a group
    already has to that group. A group is written out where it is first met; elsewhere its
    name suffices.
    """
    return "".join(_Writer(rows).lines())


def explicit_ungrouped(rows: InventoryRows) -> list[str]:
    """Name the hosts that must be written into ``ungrouped``, in whatever format.

    Mostly none: Ansible finds them by itself, in the order of all hosts. But of a host that
    has the name of a group it would put the group there.
    """
    members = inventory_rows.ungrouped(rows)
    known = frozenset(members)
    if rows.groups.keys().isdisjoint(known) and members == [
        host for host in rows.hosts if host in known
    ]:
        return []
    return members


class _Writer:
    """Walks through an inventory once, and knows which groups it has met."""

    def __init__(self, rows: InventoryRows) -> None:
        self._rows = rows
        self._met: set[str] = set()
        self._numbers = itertools.count(1)

    def lines(self) -> Iterator[str]:
        rows = self._rows
        if not (rows.variables or rows.hosts or rows.groups):
            yield "all: {}\n"
            return
        yield "all:\n"
        yield from self._own("vars", rows.variables, _STEP)
        if rows.hosts:
            yield f"{_STEP}hosts:\n"
            for name, text in rows.hosts.items():
                yield from self._own(_key(name), text, 2 * _STEP, " {}")
        yield from self._children(_top(rows), _STEP)

    def _own(self, key: str, text: str, pad: str, nothing: str | None = None) -> Iterator[str]:
        """Give variables under their key; without any, the key with what stands for nothing."""
        body = self._variables(text, pad + _STEP) if text else ""
        if body or nothing is not None:
            yield f"{pad}{key}:\n{body}" if body else f"{pad}{key}:{nothing}\n"

    def _variables(self, text: str, pad: str) -> str:
        if _LINES.fullmatch(text):
            return pad + text[:-1].replace("\n", "\n" + pad) + "\n"
        node = yaml.compose(text, Loader=_Loader)
        if not isinstance(node, yaml.MappingNode) or not node.value:
            return ""
        dumper = _named_anchors(next(self._numbers)) if "&" in text else _Dumper
        written = yaml.serialize(node, Dumper=dumper, allow_unicode=True, width=_WIDTH)
        if written.endswith(_END):  # stands behind text that ends with empty lines
            written = written[: 1 - len(_END)]
        return _LINE_START.sub(pad, written)

    def _children(self, names: list[str], pad: str) -> Iterator[str]:
        if names:
            yield f"{pad}children:\n"
            for name in names:
                yield from self._group(name, pad + _STEP)

    def _group(self, name: str, pad: str) -> Iterator[str]:
        yield f"{pad}{_key(name)}:\n"
        if name in self._met:
            return
        self._met.add(name)
        group = self._rows.groups.get(name, GroupRow())
        hosts = explicit_ungrouped(self._rows) if name == UNGROUPED else group.hosts
        yield from self._own("vars", group.variables, pad + _STEP)
        if hosts:
            yield f"{pad}{_STEP}hosts:\n"
            yield from (f"{pad}{2 * _STEP}{_key(host)}:\n" for host in hosts)
        yield from self._children(group.children, pad + _STEP)


def _top(rows: InventoryRows) -> list[str]:
    first = UNGROUPED in rows.groups or explicit_ungrouped(rows)
    return [*([UNGROUPED] if first else []), *inventory_rows.roots(rows)]


def _named_anchors(number: int) -> Any:
    """Make a dumper whose anchors no other text has; libyaml's cannot be told their names."""
    names = {"ANCHOR_TEMPLATE": f"id{number:03}_%03d"}
    return type("_NamedAnchors", (yaml.SafeDumper,), names)


def _key(name: str) -> str:
    if _NAME.fullmatch(name) and name.lower() not in _NO_TEXT:
        return name
    return '"' + "".join(map(_escaped, name)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else f"\\U{ord(char):08x}"
