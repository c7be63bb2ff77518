"""Puts a line of the audit log into a sentence, and its fields into words.

The names of later features' things stand here as mere texts: the log knows no model
but its own. What has no word yet is shown as it is stored.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from aops.audit.models import CHANGED, AuditEntry

KINDS: dict[str, Any] = {
    "credential": _l("credential"),
    "filter": _l("filter"),
    "group": _l("group"),
    "host": _l("host"),
    "host_key": _l("host key"),
    "import": _l("import"),
    "inventory": _l("inventory"),
    "job": _l("job"),
    "playbook": _l("playbook"),
    "playbook_revision": _l("playbook revision"),
    "source": _l("dynamic source"),
    "template": _l("template"),
    "user": _l("user"),
}

VERBS: dict[str, Any] = {
    "created": _l("%(who)s added %(kind)s %(name)s"),
    "updated": _l("%(who)s changed %(kind)s %(name)s"),
    "deleted": _l("%(who)s deleted %(kind)s %(name)s"),
}

_WITH_DEEDS = frozenset({"import", "job"})
"""Kinds that are never merely added, changed or deleted."""

DEEDS: dict[str, Any] = {
    "group.hosts_added": _l("%(who)s put hosts into group %(name)s"),
    "group.hosts_removed": _l("%(who)s took hosts out of group %(name)s"),
    "host.keys_requested": _l("%(who)s asked for the SSH keys of %(name)s"),
    "import.discarded": _l("%(who)s discarded the import %(name)s"),
    "import.uploaded": _l("%(who)s uploaded the import %(name)s"),
    "inventory.imported": _l("%(who)s imported into %(name)s"),
    "hosts.deleted": _l("%(who)s deleted the hosts %(name)s"),
    "hosts.disabled": _l("%(who)s disabled the hosts %(name)s"),
    "hosts.enabled": _l("%(who)s enabled the hosts %(name)s"),
    "hosts.exported": _l("%(who)s exported the hosts %(name)s"),
    "hosts.grouped": _l("%(who)s put the hosts %(name)s into a group"),
    "hosts.keys_requested": _l("%(who)s asked for the SSH keys of the hosts %(name)s"),
    "hosts.labelled": _l("%(who)s put a label on the hosts %(name)s"),
    "hosts.ungrouped": _l("%(who)s took the hosts %(name)s out of a group"),
    "hosts.unlabelled": _l("%(who)s took a label off the hosts %(name)s"),
    "hosts.variable_removed": _l("%(who)s removed a variable from the hosts %(name)s"),
    "hosts.variable_set": _l("%(who)s set a variable of the hosts %(name)s"),
    "inventory.exported": _l("%(who)s exported the inventory %(name)s"),
    "inventory.keys_requested": _l("%(who)s asked for the SSH keys of hosts of %(name)s"),
    "job.cancel_requested": _l("%(who)s cancelled %(name)s"),
    "job.finished": _l("%(name)s ended"),
    "job.launched": _l("%(who)s launched %(name)s"),
    "source.refresh_failed": _l("Refreshing the source %(name)s failed"),
    "source.refresh_requested": _l("%(who)s asked for a refresh of the source %(name)s"),
    "source.refreshed": _l("The source %(name)s was refreshed"),
    "user.password_changed": _l("%(who)s set the password of %(name)s"),
    "user.sign_in_refused": _l("Somebody failed to sign in as %(name)s"),
    "user.signed_in": _l("%(who)s signed in"),
    "user.signed_out": _l("%(who)s signed out"),
}

FIELDS: dict[str, Any] = {
    "accept_new_host_keys": _l("accept new host keys"),
    "active": _l("active"),
    "address": _l("address"),
    "ask_limit": _l("ask for the limit"),
    "ask_modes": _l("ask for the modes"),
    "ask_tags": _l("ask for the tags"),
    "ask_vars": _l("ask for the variables"),
    "become": _l("become"),
    "become_method": _l("become method"),
    "become_password": _l("become password"),
    "become_user": _l("become user"),
    "cache_seconds": _l("cache seconds"),
    "cause": _l("cause"),
    "check": _l("check mode"),
    "check_mode": _l("check mode"),
    "children": _l("child groups"),
    "content": _l("text"),
    "credentials": _l("credentials"),
    "description": _l("description"),
    "diff_mode": _l("diff mode"),
    "display_name": _l("display name"),
    "enabled": _l("enabled"),
    "environment": _l("environment variables"),
    "extra_vars": _l("extra variables"),
    "file_name": _l("file name"),
    "fingerprint": _l("fingerprint"),
    "forks": _l("forks"),
    "format": _l("format"),
    "groups": _l("groups"),
    "groups_added": _l("groups added"),
    "groups_changed": _l("groups changed"),
    "groups_removed": _l("groups removed"),
    "groups_unchanged": _l("groups unchanged"),
    "host_filter": _l("saved filter"),
    "hosts": _l("hosts"),
    "hosts_added": _l("hosts added"),
    "hosts_changed": _l("hosts changed"),
    "hosts_disabled": _l("hosts disabled"),
    "hosts_enabled": _l("hosts enabled"),
    "hosts_removed": _l("hosts removed"),
    "hosts_unchanged": _l("hosts unchanged"),
    "import": _l("import"),
    "interval_minutes": _l("minutes between refreshes"),
    "inventory": _l("inventory"),
    "job": _l("job"),
    "kept": _l("values kept"),
    "key_type": _l("key type"),
    "kind": _l("kind"),
    "labels": _l("labels"),
    "limit": _l("limit"),
    "may_reserve": _l("may set reserved variables"),
    "message": _l("message"),
    "mode": _l("mode"),
    "must_change_password": _l("must change the password"),
    "name": _l("name"),
    "number": _l("number"),
    "one_time": _l("one-time password"),
    "passphrase": _l("passphrase"),
    "password": _l("password"),
    "playbook": _l("playbook"),
    "private_key": _l("private key"),
    "query": _l("filter"),
    "reason": _l("reason"),
    "refresh_on_launch": _l("refresh on launch"),
    "required_on_launch": _l("required on launch"),
    "role": _l("role"),
    "sha256": _l("SHA-256"),
    "skip_tags": _l("skip tags"),
    "status": _l("status"),
    "tags": _l("tags"),
    "template": _l("template"),
    "timeout": _l("timeout"),
    "trust": _l("trust"),
    "type": _l("type"),
    "use_fact_cache": _l("use known facts"),
    "username": _l("username"),
    "vanished": _l("vanished hosts"),
    "variables": _l("variables"),
    "vault_id": _l("vault ID"),
    "vault_password": _l("vault password"),
    "verbosity": _l("verbosity"),
}


def actions() -> list[str]:
    """List every action that the log may be filtered by."""
    changes = [f"{kind}.{verb}" for kind in KINDS if kind not in _WITH_DEEDS for verb in VERBS]
    return sorted([*changes, *DEEDS])


def sentence(entry: AuditEntry) -> str:
    """Tell who did what."""
    kind, _dot, verb = entry.action.partition(".")
    text = DEEDS.get(entry.action) or VERBS.get(verb) or "%(who)s: %(action)s %(name)s"
    return str(text) % {
        "who": entry.actor_name or _("Somebody who was not signed in"),
        "kind": KINDS.get(kind, kind),
        "name": entry.object_name,
        "action": entry.action,
    }


def field_word(field: str) -> str:
    """Name a field."""
    return str(FIELDS.get(field, field))


def value_word(value: str) -> str:
    """Show a value; a secret's only says that it changed."""
    words: dict[str, str] = {CHANGED: _("changed, not shown"), "true": _("Yes"), "false": _("No")}
    return words.get(value, value)
