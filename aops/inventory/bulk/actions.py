"""Every bulk action on one screen: who may do it, what it asks for, and its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from aops.core import yaml_text
from aops.core.permissions import Permission
from aops.core.views import may
from aops.inventory.bulk import changes, variables
from aops.inventory.bulk.forms import GroupForm, LabelForm, VariableForm, VariableNameForm
from aops.inventory.bulk.selection import Choice, Selection
from aops.inventory.bulk.services import Change
from aops.inventory.host_filters import MAX_HOSTS, Filters


@dataclass(frozen=True)
class Action:
    """Something that changes hosts, after a confirmation.

    Attributes:
        name: In the form.
        audit: In the audit log.
        make: Turns what was typed into the change; gets None where there is no form.
        will: What the confirmation says of those that change; ``already`` of the others.
        done: What is said afterwards.
    """

    name: str
    label: Any
    permission: Permission
    audit: str
    make: Callable[[Any], Change]
    will: Any
    already: Any
    done: Any
    form: Any = None
    danger: bool = False


@dataclass(frozen=True)
class Elsewhere:
    """Something that another page does with the hosts that were chosen.

    Attributes:
        url: Gives that page's address.
        takes_form: Whether the choice goes there as a form: a pasted list is too long for an
            address.
    """

    name: str
    label: Any
    permission: Permission
    url: Callable[[Choice, Selection], str]
    takes_form: bool = False


def offered() -> list[Action | Elsewhere]:
    """Give the actions that the reader may use."""
    return [action for action in ACTIONS if may(action.permission)]


def find(name: str) -> Action | Elsewhere | None:
    """Give the action of that name."""
    return next((action for action in ACTIONS if action.name == name), None)


def _set_variable(form: VariableForm) -> Change:
    return variables.SetVariable(
        form.name.data,
        yaml_text.parse(form.value.data or ""),
        may_reserve=may(Permission.INVENTORY_RESERVED),
    )


def _hosts_at(endpoint: str, choice: Choice, selection: Selection, **changes: Any) -> str:
    """Give a page of hosts: with the filters when all that match were chosen, else with ids."""
    ids = tuple(selection.hosts)
    if not choice.everything and len(ids) > MAX_HOSTS:
        flash(
            _(
                "These are the first %(shown)s of %(number)s hosts.",
                shown=MAX_HOSTS,
                number=len(ids),
            ),
            "warning",
        )
    wanted = choice.filters if choice.everything else Filters(host=ids[:MAX_HOSTS])
    return f"{url_for(endpoint)}?{wanted.query(**changes)}"


_WRITE = Permission.INVENTORY_WRITE

ACTIONS: tuple[Action | Elsewhere, ...] = (
    Action(
        "enable",
        _l("Enable"),
        _WRITE,
        "hosts.enabled",
        lambda _form: changes.Enable(enabled=True),
        _l("Will be enabled: %(number)s."),
        _l("Enabled already: %(number)s."),
        _l("Enabled hosts: %(number)s."),
    ),
    Action(
        "disable",
        _l("Disable"),
        _WRITE,
        "hosts.disabled",
        lambda _form: changes.Enable(enabled=False),
        _l("Will be disabled, so that runs do not see them: %(number)s."),
        _l("Disabled already: %(number)s."),
        _l("Disabled hosts: %(number)s."),
    ),
    Action(
        "add-label",
        _l("Add a label"),
        _WRITE,
        "hosts.labelled",
        lambda form: changes.Label(form.label.data, add=True),
        _l("Will get the label: %(number)s."),
        _l("Have it already: %(number)s."),
        _l("Hosts with the new label: %(number)s."),
        LabelForm,
    ),
    Action(
        "remove-label",
        _l("Remove a label"),
        _WRITE,
        "hosts.unlabelled",
        lambda form: changes.Label(form.label.data, add=False),
        _l("Will lose the label: %(number)s."),
        _l("Do not have it: %(number)s."),
        _l("Hosts without the label now: %(number)s."),
        LabelForm,
    ),
    Action(
        "add-to-group",
        _l("Add to a group"),
        _WRITE,
        "hosts.grouped",
        lambda form: changes.Membership(form.group.data, add=True),
        _l("Will join the group: %(number)s."),
        _l("Are in it already: %(number)s."),
        _l("Hosts added: %(number)s."),
        GroupForm,
    ),
    Action(
        "remove-from-group",
        _l("Remove from a group"),
        _WRITE,
        "hosts.ungrouped",
        lambda form: changes.Membership(form.group.data, add=False),
        _l("Will leave the group: %(number)s."),
        _l("Are not in it: %(number)s."),
        _l("Hosts removed: %(number)s."),
        GroupForm,
    ),
    Action(
        "set-variable",
        _l("Set a variable"),
        _WRITE,
        "hosts.variable_set",
        _set_variable,
        _l("Will get the value: %(number)s."),
        _l("Have it already: %(number)s."),
        _l("Hosts with the new value: %(number)s."),
        VariableForm,
    ),
    Action(
        "remove-variable",
        _l("Remove a variable"),
        _WRITE,
        "hosts.variable_removed",
        lambda form: variables.RemoveVariable(form.name.data, may(Permission.INVENTORY_RESERVED)),
        _l("Will lose the variable: %(number)s."),
        _l("Do not have it: %(number)s."),
        _l("Hosts without the variable now: %(number)s."),
        VariableNameForm,
    ),
    Action(
        "fetch-keys",
        _l("Fetch SSH keys"),
        Permission.INVENTORY_TRUST,
        "hosts.keys_requested",
        lambda _form: changes.FetchKeys(),
        _l("A worker will ask for the SSH keys: %(number)s."),
        "",
        _l("Hosts whose SSH keys are being fetched: %(number)s."),
    ),
    Elsewhere(
        "ping",
        _l("Ping"),
        Permission.JOBS_LAUNCH,
        lambda _choice, _selection: url_for("jobs.ping_many"),
        takes_form=True,
    ),
    Elsewhere(
        "run",
        _l("Run a template"),
        Permission.JOBS_LAUNCH,
        lambda _choice, _selection: url_for("templates.run_on"),
        takes_form=True,
    ),
    Elsewhere(
        "export",
        _l("Export"),
        Permission.INVENTORY_READ,
        lambda _choice, _selection: url_for("exports.index"),
        takes_form=True,
    ),
    Elsewhere(
        "approve-keys",
        _l("Check SSH keys"),
        Permission.INVENTORY_TRUST,
        lambda choice, selection: _hosts_at("host_keys.index", choice, selection, keys="to_check"),
    ),
    Action(
        "delete",
        _l("Delete"),
        _WRITE,
        "hosts.deleted",
        lambda _form: changes.Delete(),
        _l("Will be deleted, with their facts, keys and results: %(number)s."),
        "",
        _l("Deleted hosts: %(number)s."),
        danger=True,
    ),
)
