"""Who may do what: the whole policy on one screen.

Views, templates and services ask ``allows`` with the same enum, so that no button
leads to a refusal and no refusal hides behind a missing button.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is trusted with; each role may do all that the ones before it may."""

    VIEWER = "viewer"
    """Looks."""

    OPERATOR = "operator"
    """Launches what authors prepared."""

    AUTHOR = "author"
    """Writes playbooks, inventories, templates and credentials: may run code on every host."""

    ADMIN = "admin"
    """Manages people and reads the audit log."""


class Permission(StrEnum):
    """One right, as ``resource:action``."""

    AUDIT_READ = "audit:read"
    CREDENTIALS_READ = "credentials:read"
    """See names and kinds, never the secrets: those nobody sees."""
    CREDENTIALS_WRITE = "credentials:write"
    INVENTORY_READ = "inventory:read"
    INVENTORY_RESERVED = "inventory:reserved"
    """Set variables that decide what runs on the control node, such as arguments of ssh."""
    INVENTORY_TRUST = "inventory:trust"
    """Say that a host's SSH key is the right one."""
    INVENTORY_WRITE = "inventory:write"
    JOBS_CANCEL = "jobs:cancel"
    JOBS_LAUNCH = "jobs:launch"
    JOBS_READ = "jobs:read"
    JOBS_TEMPLATED_VARS = "jobs:templated-vars"
    """Type extra variables that Ansible evaluates, at launch."""
    PLAYBOOKS_READ = "playbooks:read"
    PLAYBOOKS_WRITE = "playbooks:write"
    SIGNED_IN = "signed-in"
    """What every active person may do: the home page and their own account."""
    TEMPLATES_READ = "templates:read"
    TEMPLATES_WRITE = "templates:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"


_VIEWER = frozenset(
    {
        Permission.INVENTORY_READ,
        Permission.JOBS_READ,
        Permission.PLAYBOOKS_READ,
        Permission.SIGNED_IN,
        Permission.TEMPLATES_READ,
    }
)
_OPERATOR = _VIEWER | {
    Permission.CREDENTIALS_READ,
    Permission.JOBS_CANCEL,
    Permission.JOBS_LAUNCH,
}
_AUTHOR = _OPERATOR | {
    Permission.CREDENTIALS_WRITE,
    Permission.INVENTORY_TRUST,
    Permission.INVENTORY_WRITE,
    Permission.JOBS_TEMPLATED_VARS,
    Permission.PLAYBOOKS_WRITE,
    Permission.TEMPLATES_WRITE,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.AUTHOR: _AUTHOR,
    Role.ADMIN: frozenset(Permission),
}


def allows(role: Role | None, permission: Permission) -> bool:
    """Tell whether a role carries a right; nobody (None) carries none."""
    return role is not None and permission in GRANTS[role]
