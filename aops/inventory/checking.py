"""Holds what an import or a source brings against the rules that the forms know.

Only what is new or changed is judged: what stands in an inventory already may stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

from flask_babel import gettext as _

from aops.core import yaml_text
from aops.core.errors import AopsError
from aops.inventory import names, nesting, reserved
from aops.inventory.rows import GroupRow, InventoryRows

_MAX_SENTENCES = 5
_PLAIN = re.compile(r"(?:[A-Za-z_]\w*: [A-Za-z0-9/](?:[\w./@ -]|:(?=\S))*\n)*", re.ASCII)
_PLAIN_BYTES = 100_000
_ODD_NAMES = frozenset(
    ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "and", "or", "not")
)
_ADDRESS = re.compile(
    r"ansible_host: (?:\d{1,3}(?:\.\d{1,3}){3}|[A-Za-z][\w-]*(?:\.[\w-]+)+)\n", re.ASCII
)
_CONNECTION = ("ansible_", "_ansible_")


def check(
    old: InventoryRows, new: InventoryRows, *, may_reserve: bool, may_go: bool = False
) -> None:
    """Refuse names, variables and nestings that Ansible or this console would not take.

    Args:
        old: The inventory as it is.
        new: As it would become.
        may_reserve: Whether the person may set reserved connection variables.
        may_go: Whether those may be taken away in any case.

    Raises:
        AopsError: One sentence for each of the first few things that are wrong.
    """
    problems = [*_first(_problems(old, new, may_reserve=may_reserve, may_go=may_go))]
    if problems:
        raise AopsError("\n".join(problems))
    check_nesting(new.groups)


def check_nesting(groups: Mapping[str, GroupRow]) -> None:
    """Refuse groups that contain themselves or stand too deep within each other.

    Raises:
        AopsError: Naming the way around, or the limit.
    """
    children = {name: group.children for name, group in groups.items() if group.children}
    try:
        TopologicalSorter(children).prepare()
    except CycleError as error:
        path = " → ".join(error.args[1][::-1])
        raise AopsError(_("A group cannot contain itself: %(path)s.", path=path)) from None
    number = {name: key for key, name in enumerate(groups)}
    if nesting.is_too_deep(
        {number[name]: [number[c] for c in children[name]] for name in children}
    ):
        raise AopsError(
            _("Groups can stand within each other at most %(n)d deep.", n=nesting.MAX_DEPTH)
        )


def _problems(
    old: InventoryRows, new: InventoryRows, *, may_reserve: bool, may_go: bool
) -> Iterator[str]:
    def variables(before: str, after: str) -> str | None:
        return _problem(
            lambda: check_variables(before, after, may_reserve=may_reserve, may_go=may_go)
        )

    if problem := variables(old.variables, new.variables):
        yield _("Variables of all hosts: %(problem)s", problem=problem)
    for name, group in new.groups.items():
        before = old.groups.get(name)
        problem = None if before else _problem(lambda: names.check_imported_group_name(name))  # noqa: B023
        problem = problem or variables(before.variables if before else "", group.variables)
        if problem:
            yield _("Group “%(name)s”: %(problem)s", name=name, problem=problem)
    for name, text in new.hosts.items():
        was = old.hosts.get(name)
        if was == text:
            continue
        problem = _problem(lambda: names.check_imported_host_name(name)) if was is None else None  # noqa: B023
        if problem := problem or variables(was or "", text):
            yield _("Host “%(name)s”: %(problem)s", name=name, problem=problem)


def check_variables(old: str, new: str, *, may_reserve: bool, may_go: bool = False) -> None:
    """Refuse variables as the forms do, but for their names: those are the file's.

    Raises:
        AopsError: At the field ``variables``.
    """
    if old == new:
        return
    values = _values(_to_judge(new))
    names.check_imported_variables(values)
    if not may_reserve and (values or not may_go):
        reserved.check(values, _values(_to_judge(old)), allowed=False, may_go=may_go)


def _to_judge(text: str) -> str:
    """Leave out lines that are plain at a glance: the parser is too slow for 10,000 hosts."""
    if len(text) > _PLAIN_BYTES or not _PLAIN.fullmatch(text):
        return text
    lines = text.splitlines(keepends=True)
    keys = {line.partition(":")[0] for line in lines}
    if len(keys) < len(lines) or not _ODD_NAMES.isdisjoint(map(str.lower, keys)):
        return text
    return "".join(
        line for line in lines if line.startswith(_CONNECTION) and not _ADDRESS.fullmatch(line)
    )


@lru_cache(maxsize=256)
def _values(text: str) -> Mapping[str, Any]:
    """Remember what many hosts have alike, such as who signs in."""
    try:
        return yaml_text.parse_mapping(text)
    except yaml_text.YamlError as error:
        raise AopsError(str(error), field="variables") from error


def _problem(check: Callable[[], None]) -> str | None:
    try:
        check()
    except AopsError as error:
        return str(error)
    return None


def _first(problems: Iterator[str]) -> Iterator[str]:
    for number, problem in enumerate(problems):
        if number == _MAX_SENTENCES:
            yield _("There may be more.")
            return
        yield problem
