"""Who may do what, written out a second time so that a change is a decision."""

from __future__ import annotations

from aops.core.permissions import GRANTS, Permission, Role, allows

EXPECTED = {
    Role.VIEWER: {
        "inventory:read",
        "jobs:read",
        "playbooks:read",
        "signed-in",
        "templates:read",
    },
    Role.OPERATOR: {"credentials:read", "jobs:cancel", "jobs:launch"},
    Role.AUTHOR: {
        "credentials:write",
        "inventory:trust",
        "inventory:write",
        "jobs:templated-vars",
        "playbooks:write",
        "templates:write",
    },
    Role.ADMIN: {"audit:read", "inventory:reserved", "users:read", "users:write"},
}
"""What each role may do beyond the one before it."""


def test_each_role_adds_exactly_this() -> None:
    seen: set[str] = set()

    for role, added in EXPECTED.items():
        assert GRANTS[role] == seen | added
        seen |= added

    assert seen == set(Permission)


def test_nobody_may_do_nothing() -> None:
    assert not any(allows(None, permission) for permission in Permission)


def test_a_right_is_asked_for_by_role() -> None:
    assert allows(Role.AUTHOR, Permission.PLAYBOOKS_WRITE)
    assert not allows(Role.OPERATOR, Permission.PLAYBOOKS_WRITE)


def test_rights_are_in_alphabetical_order() -> None:
    assert list(Permission) == sorted(Permission)
