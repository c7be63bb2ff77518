"""What the enums of this feature are called on pages."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice

from aops.core.permissions import Role

ROLES: dict[Role, Any] = {
    Role.VIEWER: _l("Viewer"),
    Role.OPERATOR: _l("Operator"),
    Role.AUTHOR: _l("Author"),
    Role.ADMIN: _l("Administrator"),
}

ROLE_CHOICES = (
    SelectChoice(Role.VIEWER.value, _l("Viewer: sees inventories, playbooks and jobs")),
    SelectChoice(Role.OPERATOR.value, _l("Operator: also launches and cancels jobs")),
    SelectChoice(
        Role.AUTHOR.value,
        _l("Author: also edits all of them, and so may run code on every host"),
    ),
    SelectChoice(Role.ADMIN.value, _l("Administrator: also manages users and reads the audit log")),
)


def role_label(role: Role | str) -> str:
    """Name a role."""
    return str(ROLES[Role(role)])


def role_column(_view: Any, _context: Any, user: Any, _name: str) -> str:
    """Format the role in Flask-Admin's lists."""
    return role_label(user.role)
