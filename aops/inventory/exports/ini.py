"""Writes an inventory as INI, with Python literals where a word would mean something else.

All hosts stand in ``[all]`` with their variables, before every group: as in YAML, a host
may then have the name of a group.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any

from aops.inventory import rows as inventory_rows
from aops.inventory.exports.problems import Unwritable
from aops.inventory.rendering import explicit_ungrouped
from aops.inventory.rows import ALL, UNGROUPED, InventoryRows

_WORD = re.compile(
    r"(?!(?:True|False|None)\Z)[A-Za-z](?:[\w./:@%+ -]{0,200}[\w./:@%+-])?", re.ASCII
)
"""Text that Python's ``literal_eval`` refuses, so that Ansible takes it as it stands."""

_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){2,}")
_VARIABLE = re.compile(r"[^\W\d]\w*")
_BAD_IN_GROUP = re.compile(r"[:\]\s]|\A[#;]")
_LARGEST = 10**1_000
"""Python does not read literals of more than some thousand digits."""


def render(rows: InventoryRows) -> str:
    """Give INI text.

    Raises:
        AopsError: Naming what INI cannot hold.
    """
    writer = _Writer(rows)
    sections = ["\n".join(lines) for lines in writer.sections()]
    writer.unwritable.refuse("INI")
    return "\n\n".join(sections) + "\n"


class _Writer:
    """Gives sections, and notes what cannot stand in one."""

    def __init__(self, rows: InventoryRows) -> None:
        self.unwritable = Unwritable()
        self._rows = rows

    def sections(self) -> Iterator[list[str]]:
        """Give hosts, then groups in the order in which patterns shall meet them."""
        rows = self._rows
        hosts = (self._host(name, text) for name, text in rows.hosts.items())
        yield ["[all]", *hosts]
        yield from self._variables(ALL, rows.variables)
        groups = inventory_rows.in_order(rows)
        if UNGROUPED not in groups and (members := explicit_ungrouped(rows)):
            yield ["[ungrouped]", *map(self._name, members)]
        for name in groups:
            if _BAD_IN_GROUP.search(name):
                self.unwritable.add(name)
            members = explicit_ungrouped(rows) if name == UNGROUPED else rows.groups[name].hosts
            yield [f"[{name}]", *map(self._name, members)]
            yield from self._variables(name, rows.groups[name].variables)
        yield from self._children(groups)

    def _children(self, groups: Iterable[str]) -> Iterator[list[str]]:
        """Give all that is nested, last: every group is known by then."""
        rows = self._rows
        for name in groups:
            if rows.groups[name].children:
                yield [f"[{name}:children]", *rows.groups[name].children]
        if roots := inventory_rows.roots(rows):
            yield ["[all:children]", *roots]

    def _host(self, name: str, text: str) -> str:
        found = self._readable(name, text)
        parts = (f"{key}={shlex.quote(value)}" for key, value in found)
        return " ".join((self._name(name), *parts))

    def _variables(self, name: str, text: str) -> Iterator[list[str]]:
        lines = [f"{key}={value}" for key, value in self._readable(name, text)]
        if lines:
            yield [f"[{name}:vars]", *lines]

    def _name(self, host: str) -> str:
        if host.endswith(":"):
            self.unwritable.add(host)
        return shlex.quote(host)

    def _readable(self, owner: str, text: str) -> Iterator[tuple[str, str]]:
        for name, value in self.unwritable.read(owner, text).items():
            try:
                yield _key(name), _literal(value)
            except TypeError:
                self.unwritable.add(owner, name)


def _key(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise TypeError
    return name


def _literal(value: Any) -> str:
    """Write a value so that Ansible reads the same from it, and of the same type.

    Raises:
        TypeError: If no Python literal says it.
    """
    if type(value) is str and (_WORD.fullmatch(value) or _ADDRESS.fullmatch(value)):
        return value
    return _python(value)


def _python(value: Any) -> str:
    kind = type(value)
    if kind in (str, bool, type(None)):
        return repr(value)
    if kind is int and -_LARGEST < value < _LARGEST:
        return repr(value)
    if kind is float and not math.isnan(value):
        return repr(value).replace("inf", "1e999")
    if kind is list:
        return "[" + ", ".join(map(_python, value)) + "]"
    if kind is dict:
        return "{" + ", ".join(f"{_python(k)}: {_python(v)}" for k, v in value.items()) + "}"
    raise TypeError
