"""What the page of a host shows beside the host itself, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from aops.core import yaml_text
from aops.core.database import session
from aops.inventory import effective, rows
from aops.inventory.effective import Scope, Variable
from aops.inventory.key_overview import KeyOverview, overview
from aops.inventory.levels import Levels
from aops.inventory.models import Group, Host
from aops.inventory.sources.models import InventorySource, SourceHost

SHOWN = 500
"""Variables on the page; the search finds the others."""


@dataclass(frozen=True)
class Source:
    """A dynamic source that gave the host.

    Attributes:
        disabled: Whether the source does not list it any more, and so disabled it.
    """

    id: int
    name: str
    disabled: bool


@dataclass(frozen=True)
class HostPage:
    """Everything but the host.

    Attributes:
        groups: Name to id of all its groups, the inherited ones too.
        direct: Names of the groups that it stands in itself.
        inherited: Names of the groups above those.
        variables: Those that the search finds, the first of very many.
        found: How many it finds.
        total: How many variables the host has.
        problem: Why its own variables cannot be read; "" if they can.
        sources: The dynamic sources that gave it.
    """

    keys: KeyOverview
    groups: dict[str, int]
    direct: list[str]
    inherited: list[str]
    variables: list[Variable]
    found: int
    total: int
    problem: str
    search: str
    sources: list[Source]


def read(host: Host, search: str = "") -> HostPage:
    """Read it all.

    Args:
        host: Enabled or not.
        search: Text that a variable's name or value must hold; "" wants all.
    """
    inventory = rows.load_one(host)
    levels = Levels(inventory)
    direct, every = levels.direct(host.name), levels.of(host.name)
    variables = effective.explain(inventory, host.name)
    found = [variable for variable in variables if _holds(variable, search.casefold())]
    return HostPage(
        keys=overview(host),
        groups=_ids(host, every),
        direct=sorted(direct),
        inherited=sorted(set(every) - direct),
        variables=found[:SHOWN],
        found=len(found),
        total=len(variables),
        problem=_problem(host, variables),
        search=search,
        sources=_sources(host),
    )


def _problem(host: Host, variables: Iterable[Variable]) -> str:
    """Say what is wrong with a text from which nothing came; forms refuse such a text today."""
    settings = (one for variable in variables for one in (variable.setting, *variable.overridden))
    if not host.variables.strip() or any(one.origin.scope is Scope.HOST for one in settings):
        return ""
    try:
        yaml_text.parse_mapping(host.variables)
    except yaml_text.YamlError as error:
        return str(error)
    return ""


def _ids(host: Host, names: tuple[str, ...]) -> dict[str, int]:
    query = select(Group.name, Group.id).where(
        Group.inventory_id == host.inventory_id, Group.name.in_(names)
    )
    return {name: key for name, key in session().execute(query)}  # noqa: C416 - typed rows


def _sources(host: Host) -> list[Source]:
    query = (
        select(InventorySource.id, InventorySource.name, SourceHost.disabled)
        .join(SourceHost, SourceHost.source_id == InventorySource.id)
        .where(SourceHost.host_id == host.id)
        .order_by(InventorySource.name)
    )
    return [Source(*row) for row in session().execute(query)]


def _holds(variable: Variable, text: str) -> bool:
    return text in variable.name.casefold() or text in variable.setting.text.casefold()
