"""What may be a dynamic source, and what the other parts of aops ask of sources."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm.attributes import get_history

from aops.audit import services as audit
from aops.core import actor, yaml_text
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.references import finds_references
from aops.credentials import services as credentials
from aops.credentials.models import Credential
from aops.execution.inventory_child import plugins
from aops.execution.inventory_child.problems import Refused
from aops.inventory import reading_words
from aops.inventory.sources import claims
from aops.inventory.sources.launches import (
    blamed_in,
    refresh_for_launch,
    refreshed_on_launch,
    refreshing_in,
)
from aops.inventory.sources.models import (
    InventorySource,
    SourceHost,
    SourceKind,
    SourceRefresh,
    inventory_source_credentials,
)

__all__ = [
    "SourceState",
    "blamed_in",
    "check_source",
    "refresh_for_launch",
    "refreshed_on_launch",
    "refreshing_in",
    "request_refresh",
    "states_in",
]

MAX_CONTENT = 256_000
"""Characters of a script or of a plugin's YAML."""

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_YAML_ENDINGS = (".yml", ".yaml")
_NO_SCRIPT = (*_YAML_ENDINGS, ".json", ".toml", ".ini", ".cfg")


@dataclass(frozen=True)
class SourceState:
    """A source and its newest refresh, for lists."""

    source: InventorySource
    newest: SourceRefresh | None


def check_source(source: InventorySource, *, may_reserve: bool) -> None:
    """Refuse a source that Ansible could not use, and fill in its file name.

    Args:
        source: As it shall be saved.
        may_reserve: Whether the person may set reserved variables; if not, a text that
            changes loses the leave to give them.

    Raises:
        AopsError: At its field.
    """
    _refuse_taken(source)
    if len(source.content) > MAX_CONTENT:
        raise AopsError(
            _("This is too long: at most %(n)d characters are allowed.", n=MAX_CONTENT),
            field="content",
        )
    if source.kind is SourceKind.SCRIPT:
        _check_script(source)
    else:
        _check_plugin(source)
    if not _FILE_NAME.fullmatch(source.file_name):
        raise AopsError(
            _(
                "A file name has up to 100 letters, digits, dots, dashes and underscores, and "
                "begins with a letter or digit."
            ),
            field="file_name",
        )
    credentials.environment_of(source.credentials)
    if not may_reserve and _asks_something_else(source):
        source.may_reserve = False


def request_refresh(source: InventorySource) -> int | None:
    """Ask a worker for a refresh, in the name of whoever acts.

    Returns:
        The refresh; None if the source is gone.

    Raises:
        AopsError: If the source is disabled.
    """
    if not source.enabled:
        raise AopsError(_("This source is disabled. Enable it first."))
    audit.record("source.refresh_requested", source)
    return claims.request(source.id, actor.current().name)


def states_in(inventory_id: int) -> list[SourceState]:
    """Give the sources of an inventory, each with its newest refresh; two queries."""
    query = select(InventorySource).where(InventorySource.inventory_id == inventory_id)
    sources = list(session().scalars(query.order_by(InventorySource.name)))
    newest = newest_refreshes([source.id for source in sources])
    return [SourceState(source, newest.get(source.id)) for source in sources]


def newest_refreshes(source_ids: Collection[int]) -> dict[int, SourceRefresh]:
    """Give the newest refresh of each source; one that never had any is missing."""
    newest = (
        select(func.max(SourceRefresh.id))
        .where(SourceRefresh.source_id.in_(source_ids))
        .group_by(SourceRefresh.source_id)
    )
    found = session().scalars(select(SourceRefresh).where(SourceRefresh.id.in_(newest)))
    return {refresh.source_id: refresh for refresh in found}


def refreshes_of(source: InventorySource) -> list[SourceRefresh]:
    """Give all refreshes that are kept of a source, newest first."""
    query = select(SourceRefresh).where(SourceRefresh.source_id == source.id)
    return list(
        session().scalars(query.order_by(SourceRefresh.id.desc()).limit(claims.KEPT_REFRESHES))
    )


def hosts_from(source: InventorySource) -> int:
    """Count the hosts that a source gave and that are still there."""
    query = select(func.count()).where(SourceHost.source_id == source.id)
    return session().scalar(query) or 0


def _refuse_taken(source: InventorySource) -> None:
    taken = select(InventorySource.id).where(
        InventorySource.inventory_id == source.inventory.id,
        InventorySource.name == source.name,
        InventorySource.id != source.id,
    )
    with session().no_autoflush:
        if session().scalar(taken.limit(1)) is not None:
            raise AopsError(_("This inventory already has a source of this name."), field="name")


def _check_script(source: InventorySource) -> None:
    if not source.content.startswith("#!"):
        raise AopsError(
            _("A script begins with “#!” and its interpreter, such as “#!/usr/bin/env python3”."),
            field="content",
        )
    source.file_name = source.file_name or "inventory_script"
    if source.file_name.lower().endswith(_NO_SCRIPT):
        raise AopsError(
            _("Ansible would not run a file of this name as a script; use an ending like .py."),
            field="file_name",
        )


def _check_plugin(source: InventorySource) -> None:
    try:
        options = yaml_text.parse_mapping(source.content)
    except yaml_text.YamlError as error:
        raise AopsError(str(error), field="content") from error
    plugin = options.get("plugin")
    if not isinstance(plugin, str) or not plugin.strip():
        raise AopsError(
            _("Say which plugin it configures: “plugin: amazon.aws.aws_ec2” or another name."),
            field="content",
        )
    try:
        plugins.refuse_hostless(plugin.strip())
    except Refused as refused:
        sentence = reading_words.problem(refused.code, refused.arguments)
        raise AopsError(sentence, field="content") from None
    source.file_name = source.file_name or _default_name(plugin)
    if not source.file_name.lower().endswith(_YAML_ENDINGS):
        raise AopsError(
            _("The file of a plugin ends in .yml or .yaml; many plugins insist on it."),
            field="file_name",
        )


def _default_name(plugin: str) -> str:
    """Name the file as most plugins want it: aws_ec2.yml for amazon.aws.aws_ec2."""
    name = re.sub(r"[^A-Za-z0-9_-]", "", plugin.rpartition(".")[2]) or "inventory"
    return f"{name}.yml"


def _asks_something_else(source: InventorySource) -> bool:
    return any(
        get_history(source, name).has_changes()
        for name in ("kind", "file_name", "content", "credentials")
    )


@finds_references(Credential)
def _users_of_credential(credential: Credential) -> list[str]:
    query = (
        select(InventorySource)
        .join(inventory_source_credentials)
        .where(inventory_source_credentials.c.credential_id == credential.id)
    )
    return [
        _("source “%(name)s” of %(inventory)s", name=source.name, inventory=source.inventory.name)
        for source in session().scalars(query.order_by(InventorySource.name))
    ]
