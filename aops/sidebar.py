"""The sidebar's sections and pages, in the order of the day's work."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from aops.core.navigation import Page, Sidebar
from aops.core.permissions import Permission

SIDEBAR: Sidebar = (
    (
        "",
        (
            Page(_l("Home"), "dashboard.index", "home", Permission.SIGNED_IN),
            Page(_l("Templates"), "templates.index_view", "templates", Permission.TEMPLATES_READ),
            Page(_l("Jobs"), "jobs.index", "jobs", Permission.JOBS_READ),
        ),
    ),
    (
        _l("Inventory"),
        (
            Page(
                _l("Inventories"),
                "inventories.index_view",
                "inventories",
                Permission.INVENTORY_READ,
            ),
            Page(_l("Hosts"), "hosts.index_view", "hosts", Permission.INVENTORY_READ),
            Page(_l("Groups"), "groups.index_view", "groups", Permission.INVENTORY_READ),
            Page(
                _l("SSH host keys"),
                "host_keys.index",
                "host-key",
                Permission.INVENTORY_READ,
            ),
            Page(_l("Filters"), "filters.index_view", "filter", Permission.INVENTORY_READ),
        ),
    ),
    (
        _l("Content"),
        (
            Page(_l("Playbooks"), "playbooks.index_view", "playbooks", Permission.PLAYBOOKS_READ),
            Page(
                _l("Credentials"),
                "credentials.index_view",
                "credentials",
                Permission.CREDENTIALS_READ,
            ),
        ),
    ),
    (
        _l("Administration"),
        (
            Page(_l("Users"), "users.index_view", "users", Permission.USERS_READ),
            Page(_l("Audit log"), "audit.index", "audit", Permission.AUDIT_READ),
        ),
    ),
)
