"""Turns what the program that reads inventories wrote into rows, and believes none of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _

from aops.core import yaml_text
from aops.core.columns import NAME_LENGTH
from aops.core.errors import AopsError
from aops.inventory import reading_words, variables_text
from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import Snapshot
from aops.inventory.tables import Row

_log = logging.getLogger(__name__)

_TEMPLATES = ("{{", "{%", "{#")
_SENSELESS = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)
_ALL, _UNGROUPED = _IMPLICIT = ("all", "ungrouped")


def snapshot(document: dict[str, Any]) -> tuple[Snapshot, list[str]]:
    """Give an inventory and notes on it.

    Raises:
        AopsError: If it holds names or texts that no inventory can.
    """
    try:
        found = _inventory(document)
        notes = reading_words.notes(document["notes"])
    except _SENSELESS as error:
        raise _nonsense(error) from None
    _check_names(found.hosts, _("host"))
    _check_names((name for name in found.groups if name != _UNGROUPED), _("group"))
    _check_sizes(found)
    return Snapshot(found), notes


def rows(document: dict[str, Any]) -> tuple[list[Row], list[str]]:
    """Give the rows of a workbook and notes on it.

    Raises:
        AopsError: If they make no sense.
    """
    try:
        found = [
            Row(int(number), [str(cell) for cell in cells], _odd(odd))
            for number, cells, odd in document["rows"]
        ]
        return found, reading_words.notes(document["notes"])
    except _SENSELESS as error:
        raise _nonsense(error) from None


def _odd(found: dict[str, str]) -> dict[int, str]:
    return {int(place): str(kind) for place, kind in found.items()}


def _nonsense(error: BaseException) -> AopsError:
    _log.warning("what was read makes no sense: %s", type(error).__name__)
    return AopsError(reading_words.problem("crashed", {}))


def _inventory(document: dict[str, Any]) -> InventoryRows:
    write = variables_text.write
    groups = {str(name): _group(group) for name, group in document["groups"].items()}
    if groups.get(_UNGROUPED) == GroupRow():
        del groups[_UNGROUPED]
    hosts = {str(name): write(variables) for name, variables in document["hosts"].items()}
    return InventoryRows(write(document["variables"]), hosts, groups)


def _group(group: dict[str, Any]) -> GroupRow:
    return GroupRow(
        variables=variables_text.write(group["variables"]),
        hosts=[str(name) for name in group["hosts"]],
        children=[str(name) for name in group["children"]],
        in_all=bool(group["in_all"]),
    )


def _check_names(found: Iterable[str], kind: str) -> None:
    """Refuse what no rule for names could ever take, before anything is compared with it."""
    for name in found:
        fine = name.isprintable() and name.strip() and not name.startswith("-")
        templated = any(sign in name for sign in _TEMPLATES)
        if not fine or templated or len(name) > NAME_LENGTH or name in _IMPLICIT:
            shown = "".join(char if char.isprintable() else "�" for char in name[:60])
            raise AopsError(
                _(
                    "“%(name)s” cannot be the name of a %(kind)s: names have 1 to %(max)d "
                    "characters that can be seen, do not begin with a dash, are no templates, and "
                    "“all” and “ungrouped” are Ansible’s own.",
                    name=shown,
                    kind=kind,
                    max=NAME_LENGTH,
                )
            )


def _check_sizes(found: InventoryRows) -> None:
    owners = {_ALL: found.variables}
    owners |= found.hosts
    owners |= {name: group.variables for name, group in found.groups.items()}
    for name, text in owners.items():
        if len(text) > yaml_text.MAX_BYTES // 4 and len(text.encode()) > yaml_text.MAX_BYTES:
            raise AopsError(
                _(
                    "The variables of %(owner)s have more than %(limit)d bytes.",
                    owner=name,
                    limit=yaml_text.MAX_BYTES,
                )
            )
