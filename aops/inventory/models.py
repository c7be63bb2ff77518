"""Inventories with their hosts, groups and trusted SSH host keys."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aops.audit.models import Audited
from aops.core.columns import LongText, Name, ShortText, Timestamp, enum_column
from aops.core.database import TABLE_OPTIONS, Model
from aops.core.versions import Versioned
from aops.inventory.hidden import without_secrets

LAST = 1_000_000
"""Position of what was added by hand: after everything that was imported in an order."""

_FIRST_GENERATIONS = 1 << 30

group_hosts = Table(
    "group_hosts",
    Model.metadata,
    Column("group_id", ForeignKey("host_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("host_id", ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("position", Integer, nullable=False, default=LAST, server_default=str(LAST)),
    mysql_charset="utf8mb4",
    mysql_collate="utf8mb4_bin",
)

group_children = Table(
    "group_children",
    Model.metadata,
    Column("parent_id", ForeignKey("host_groups.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "child_id", ForeignKey("host_groups.id", ondelete="CASCADE"), primary_key=True, index=True
    ),
    Column("position", Integer, nullable=False, default=LAST, server_default=str(LAST)),
    mysql_charset="utf8mb4",
    mysql_collate="utf8mb4_bin",
)


class Inventory(Audited, Versioned, Model):
    """A set of hosts that a template runs against.

    Attributes:
        variables: YAML mapping; the variables of the group ``all``.
        accept_new_host_keys: Whether a run takes the key of a host it never saw. A
            changed key is refused either way.
        generation: Raised by every change of its hosts, groups and variables; who remembers
            it can tell whether what was read is still what there is. It begins anywhere, since
            a restored backup gives out ids again that a process remembers.
    """

    __tablename__ = "inventories"
    audit_name = "inventory"
    audit_fields = ("name", "description", "variables", "accept_new_host_keys")
    audit_masks = MappingProxyType({"variables": without_secrets})

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    description: Mapped[str] = mapped_column(ShortText, default="")
    variables: Mapped[str] = mapped_column(LongText, default="")
    accept_new_host_keys: Mapped[bool] = mapped_column(default=False)
    generation: Mapped[int] = mapped_column(
        default=lambda: secrets.randbelow(_FIRST_GENERATIONS), server_default="0"
    )

    def __str__(self) -> str:
        return self.name


class Host(Audited, Versioned, Model):
    """A machine, under the name that Ansible calls it by.

    Attributes:
        variables: YAML mapping; ``ansible_host`` and ``ansible_port`` say where it is.
        position: Where it stands among the hosts of its inventory; hosts of the same position
            stand in alphabetical order. Ansible's slices and ``serial`` follow it.
        enabled: A disabled host stays in the inventory and out of runs.
        description: Notes of those who keep it.
        key_scan_requested_at: When somebody asked for its SSH keys; None once they are there.
        key_scan_claimed_at: Database time at which a worker took that up; None while nobody has.
        keys_scanned_at: When its SSH keys were last fetched.
        key_scan_error: Why the last fetch brought nothing; "" when it did.
    """

    __tablename__ = "hosts"
    __table_args__ = (
        UniqueConstraint("inventory_id", "name"),
        Index("ix_hosts_updated_at_id", "updated_at", "id"),
        TABLE_OPTIONS,
    )
    audit_name = "host"
    audit_fields = ("name", "inventory", "enabled", "labels", "description", "variables", "groups")
    audit_masks = MappingProxyType({"variables": without_secrets})

    id: Mapped[int] = mapped_column(primary_key=True)
    inventory_id: Mapped[int] = mapped_column(ForeignKey("inventories.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Name, index=True)
    position: Mapped[int] = mapped_column(default=LAST, server_default=str(LAST))
    enabled: Mapped[bool] = mapped_column(default=True)
    description: Mapped[str] = mapped_column(LongText, default="")
    variables: Mapped[str] = mapped_column(LongText, default="")
    key_scan_requested_at: Mapped[datetime | None] = mapped_column(Timestamp, index=True)
    key_scan_claimed_at: Mapped[datetime | None] = mapped_column(Timestamp)
    keys_scanned_at: Mapped[datetime | None] = mapped_column(Timestamp)
    key_scan_error: Mapped[str] = mapped_column(ShortText, default="")

    inventory: Mapped[Inventory] = relationship()
    groups: Mapped[list[Group]] = relationship(secondary=group_hosts, back_populates="hosts")
    labels: Mapped[list[HostLabel]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="HostLabel.name"
    )

    def __str__(self) -> str:
        return self.name


class HostLabel(Model):
    """A word on a host, such as ``prod``; filters and lists know it, Ansible does not."""

    __tablename__ = "host_labels"
    __table_args__ = (Index("ix_host_labels_name_host_id", "name", "host_id"), TABLE_OPTIONS)

    host_id: Mapped[int] = mapped_column(
        ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(Name, primary_key=True)

    def __str__(self) -> str:
        return self.name


class HostResult(Model):
    """How the last run that reached for a host ended there; one row for each host.

    Attributes:
        last_status: ``ok``, ``changed``, ``failed`` or ``unreachable``.
        last_ok_at: When a run last ended there without a failure.
        failed_job_id: The last run that failed there; stays when a later one succeeds.
        failed_message: What the failed task said, masked and shortened.
    """

    __tablename__ = "host_results"
    __table_args__ = (Index("ix_host_results_last_status", "last_status"), TABLE_OPTIONS)

    host_id: Mapped[int] = mapped_column(
        ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True
    )
    last_job_id: Mapped[int]
    last_status: Mapped[str] = mapped_column(ShortText)
    last_at: Mapped[datetime] = mapped_column(Timestamp)
    last_ok_at: Mapped[datetime | None] = mapped_column(Timestamp)
    failed_job_id: Mapped[int | None]
    failed_at: Mapped[datetime | None] = mapped_column(Timestamp)
    failed_task: Mapped[str] = mapped_column(ShortText, default="")
    failed_message: Mapped[str] = mapped_column(LongText, default="")


class Group(Audited, Versioned, Model):
    """Hosts under a common name; groups nest, without cycles.

    Attributes:
        position: Where it stands among the groups of its inventory, as for hosts.
        in_all: Whether it stands directly in ``all`` although other groups contain it too.
    """

    __tablename__ = "host_groups"
    __table_args__ = (UniqueConstraint("inventory_id", "name"), TABLE_OPTIONS)
    audit_name = "group"
    audit_fields = ("name", "inventory", "description", "variables", "hosts", "children")
    audit_masks = MappingProxyType({"variables": without_secrets})

    id: Mapped[int] = mapped_column(primary_key=True)
    inventory_id: Mapped[int] = mapped_column(ForeignKey("inventories.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Name, index=True)
    position: Mapped[int] = mapped_column(default=LAST, server_default=str(LAST))
    in_all: Mapped[bool] = mapped_column(default=False, server_default="0")
    description: Mapped[str] = mapped_column(ShortText, default="")
    variables: Mapped[str] = mapped_column(LongText, default="")

    inventory: Mapped[Inventory] = relationship()
    hosts: Mapped[list[Host]] = relationship(secondary=group_hosts, back_populates="groups")
    children: Mapped[list[Group]] = relationship(
        secondary=group_children,
        primaryjoin=lambda: Group.id == group_children.c.parent_id,
        secondaryjoin=lambda: Group.id == group_children.c.child_id,
        back_populates="parents",
    )
    parents: Mapped[list[Group]] = relationship(
        secondary=group_children,
        primaryjoin=lambda: Group.id == group_children.c.child_id,
        secondaryjoin=lambda: Group.id == group_children.c.parent_id,
        back_populates="children",
    )

    def __str__(self) -> str:
        return self.name


class KeyTrust(StrEnum):
    """What aops thinks of an SSH host key."""

    OFFERED = "offered"
    """Fetched; nobody has said yet that it is the right one."""

    ACCEPTED = "accepted"
    """Runs accept exactly this key."""


class HostKey(Audited, Model):
    """One SSH public key that a host showed.

    Attributes:
        address: As known_hosts writes it: ``web1`` or ``[10.0.0.7]:2222``.
        public_key: Base64, without type and comment.
        fingerprint: SHA256 form, as ssh prints it.
        trusted_by: Who accepted it; "accept new keys" when the inventory allowed it.
    """

    __tablename__ = "host_keys"
    __table_args__ = (
        UniqueConstraint("host_id", "address", "fingerprint", name="uq_host_keys_key"),
        Index("ix_host_keys_host_id_trust", "host_id", "trust"),
        TABLE_OPTIONS,
    )
    audit_name = "host_key"
    audit_fields = ("address", "key_type", "fingerprint", "trust")

    id: Mapped[int] = mapped_column(primary_key=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("hosts.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(ShortText)
    key_type: Mapped[str] = mapped_column(ShortText)
    public_key: Mapped[str] = mapped_column(LongText)
    fingerprint: Mapped[str] = mapped_column(ShortText)
    trust: Mapped[KeyTrust] = mapped_column(enum_column(KeyTrust), default=KeyTrust.OFFERED)
    seen_at: Mapped[datetime] = mapped_column(Timestamp)
    trusted_at: Mapped[datetime | None] = mapped_column(Timestamp)
    trusted_by: Mapped[str] = mapped_column(ShortText, default="")

    host: Mapped[Host] = relationship()

    def __str__(self) -> str:
        return f"{self.address} {self.fingerprint}"
