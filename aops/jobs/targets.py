"""Which hosts a launch is aimed at: by a limit, a saved filter, hosts chosen one by one.

What is given narrows together. A limit alone stays a pattern, and Ansible finds its hosts
when the run begins. Whatever else there is finds them now, and the job keeps their names:
exactly the hosts that the launch page showed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from aops.core.errors import AopsError
from aops.inventory import index
from aops.inventory.filters import services as filters
from aops.inventory.filters.models import HostFilter
from aops.inventory.models import Inventory
from aops.inventory.sources import services as sources
from aops.jobs.models import Job

_NAMED = 5
"""How many hosts a refusal names."""


@dataclass(frozen=True)
class Target:
    """The hosts of a launch.

    Attributes:
        hosts: In the order in which a run takes them.
        limit: What the job keeps: a pattern, or the names if it is pinned.
        pinned: Whether the job runs on exactly these hosts, whatever comes.
        name: Of the filter that chose them; "" if none did.
    """

    hosts: Sequence[str]
    limit: str
    pinned: bool = False
    name: str = ""

    @property
    def seal(self) -> str:
        """Give a word that is another one for other hosts, so that no launch has others."""
        return hashlib.sha256("\n".join(self.hosts).encode()).hexdigest()[:32]


def resolve(
    inventory: Inventory,
    limit: str,
    *,
    host_filter: HostFilter | None = None,
    chosen: Collection[str] = (),
    chosen_by: str = "",
    allow_regex: bool,
) -> Target:
    """Find the hosts of a launch.

    Args:
        inventory: Its enabled hosts are there to choose from.
        limit: A host pattern; "" narrows nothing.
        host_filter: A saved filter; None narrows nothing.
        chosen: Names of hosts; none narrows nothing.
        chosen_by: Name of the filter that once chose those.
        allow_regex: Whether the limit may hold regular expressions.

    Raises:
        AopsError: At the field to blame, if nothing is found or something is no pattern.
    """
    hosts = _limited(inventory, limit, allow_regex=allow_regex)
    if chosen:
        hosts = _kept(hosts, frozenset(chosen), _none_of_the_chosen(inventory))
    if host_filter is not None:
        found = _found_by(host_filter, inventory)
        hosts = _kept(hosts, found, _nothing_found(host_filter, inventory, limit))
    if not chosen and host_filter is None:
        return Target(hosts, limit)
    refuse_unnameable(hosts)
    name = host_filter.name if host_filter is not None else chosen_by
    return Target(hosts, "\n".join(hosts), pinned=True, name=name)


def pinned(job: Job) -> list[str]:
    """Name the hosts that a job is pinned to; none if its limit is a pattern."""
    return job.limit.split("\n") if job.limit_hosts else []


def chosen_names(inventory_id: int, host_ids: Iterable[int]) -> list[str]:
    """Name the hosts of an inventory that have these ids, in inventory order."""
    wanted = frozenset(host_ids)
    return [name for name, key in index.of(inventory_id).ids.items() if key in wanted]


def refuse_unnameable(hosts: Iterable[str]) -> None:
    """Refuse names that Ansible would read as an exclusion, an intersection, or cut.

    Raises:
        AopsError: Naming them.
    """
    odd = [host for host in hosts if host[:1] in {"!", "&", "@"} or host != host.strip()]
    if odd:
        names = ", ".join(f"“{host}”" for host in odd[:_NAMED])
        raise AopsError(
            _(
                "Ansible cannot be told to run on hosts of these names: %(names)s. Rename them, "
                "or leave them out by a limit.",
                names=names + (" …" if len(odd) > _NAMED else ""),
            ),
            field="host_filter",
        )


def _limited(inventory: Inventory, limit: str, *, allow_regex: bool) -> list[str]:
    hosts = index.of(inventory.id).enabled.matching(limit, allow_regex=allow_regex)
    if not hosts:
        raise AopsError(_none_matches(inventory), field="limit")
    return hosts


def _none_matches(inventory: Inventory) -> str:
    sentence = str(_("No enabled host of the inventory “%(name)s” matches.", name=inventory.name))
    if not sources.refreshed_on_launch(inventory.id):
        return sentence
    hint = _("If its dynamic sources have newer ones, refresh them on the inventory's page first.")
    return f"{sentence} {hint}"


def _found_by(host_filter: HostFilter, inventory: Inventory) -> frozenset[str]:
    try:
        return filters.matching_names(host_filter, inventory.id)
    except AopsError as error:
        raise AopsError(str(error), field="host_filter") from None


def _kept(hosts: Sequence[str], wanted: Collection[str], refusal: AopsError) -> list[str]:
    kept = [host for host in hosts if host in wanted]
    if not kept:
        raise refusal
    return kept


def _none_of_the_chosen(inventory: Inventory) -> AopsError:
    return AopsError(
        _(
            "None of the chosen hosts is an enabled host of the inventory “%(name)s” that the "
            "limit allows.",
            name=inventory.name,
        ),
        field="limit",
    )


def _nothing_found(host_filter: HostFilter, inventory: Inventory, limit: str) -> AopsError:
    values: dict[str, Any] = {"filter": host_filter.name, "name": inventory.name}
    if limit.strip():
        return AopsError(
            _(
                "The filter “%(filter)s” finds no enabled host of the inventory “%(name)s” that "
                "the limit allows.",
                **values,
            ),
            field="host_filter",
        )
    return AopsError(
        _("The filter “%(filter)s” finds no enabled host of the inventory “%(name)s”.", **values),
        field="host_filter",
    )
