"""The few facts that cards, lists and filters know by name, in plain units.

Ansible spreads them over nested documents, in MiB here and in bytes there. ``NAMES``
lists them once, with their types and labels; ``summarize`` reads them from what a host
reported. That is believed nothing: what has another type than said is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from aops.inventory.facts.paths import lookup

Value = str | int | float
"""What a summary holds; whole numbers for bytes."""

_MIB = 1 << 20
_DAY = 24 * 60 * 60
_LONGEST = 200
_LARGEST = 1 << 62


class Kind(StrEnum):
    """What the value of a name is, and so how it is compared and shown."""

    TEXT = "text"
    """Characters, such as ``Debian``."""

    NUMBER = "number"
    """A plain number, such as 4."""

    BYTES = "bytes"
    """A size in bytes, to be shown in GiB and the like."""


@dataclass(frozen=True)
class Name:
    """One fact under a short name.

    Attributes:
        label: What people read; translated when it is shown.
        read: Finds it in the facts of a host; None when it is not there.
    """

    name: str
    kind: Kind
    label: Any
    read: Callable[[Any], object]


def summarize(data: Any) -> dict[str, Value]:
    """Give the named facts of a host that it reported in the right type."""
    found = {one.name: _checked(one.kind, one.read(data)) for one in NAMES}
    return {name: value for name, value in found.items() if value is not None}


def _checked(kind: Kind, value: object) -> Value | None:
    if kind is Kind.TEXT:
        return value[:_LONGEST] if isinstance(value, str) and value not in _UNSAID else None
    number = _number(value)
    if number is None:
        return None
    return int(number) if kind is Kind.BYTES or number == int(number) else round(number, 2)


def _number(value: object) -> float | None:
    """Read a number, also from text, as Ansible writes major versions."""
    if isinstance(value, str) and value.isdecimal() and len(value) < len(str(_LARGEST)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < _LARGEST else None


def _first(*paths: str) -> Callable[[Any], object]:
    """Read the first of several paths that leads to something."""

    def read(data: Any) -> object:
        values = (lookup(data, path) for path in paths)
        return next((value for value in values if value not in (None, "", "NA", "N/A")), None)

    return read


def _mebibytes(*paths: str) -> Callable[[Any], object]:
    read = _first(*paths)

    def read_bytes(data: Any) -> object:
        number = _number(read(data))
        return None if number is None else number * _MIB

    return read_bytes


def _root(name: str) -> Callable[[Any], object]:
    """Read from the file system that is mounted at ``/``."""

    def read(data: Any) -> object:
        return next(
            (lookup(mount, name) for mount in _mounts(data) if lookup(mount, "mount") == "/"), None
        )

    return read


def _mounts(data: Any) -> list[Any]:
    mounts = lookup(data, "mounts")
    return mounts if isinstance(mounts, list) else []


def _number_of_mounts(data: Any) -> object:
    return len(_mounts(data)) if isinstance(lookup(data, "mounts"), list) else None


def _processor(data: Any) -> object:
    """Read the model from ``number, vendor, model, number, vendor, model, …``."""
    return lookup(data, "processor.2")


def _selinux(data: Any) -> object:
    """Read the mode where there is one: enforcing or permissive; else disabled."""
    return _first("selinux.mode", "selinux.status")(data)


def _booted_at(data: Any) -> object:
    """Tell when the host started, by its own clock, to the minute."""
    now = _number(lookup(data, "date_time.epoch"))
    uptime = _number(lookup(data, "uptime_seconds"))
    if now is None or uptime is None or not uptime <= now < _LATEST:
        return None
    moment = datetime.fromtimestamp(now - uptime, UTC)
    return moment.strftime("%Y-%m-%d %H:%M")


def _uptime_days(data: Any) -> object:
    uptime = _number(lookup(data, "uptime_seconds"))
    return None if uptime is None else uptime / _DAY


_UNSAID = frozenset({"", "NA", "N/A"})
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()

NAMES: tuple[Name, ...] = (
    Name("distribution", Kind.TEXT, _l("Distribution"), _first("distribution", "net_system")),
    Name(
        "distribution_version",
        Kind.TEXT,
        _l("Distribution version"),
        _first("distribution_version", "net_version"),
    ),
    Name(
        "distribution_major_version",
        Kind.NUMBER,
        _l("Distribution major version"),
        _first("distribution_major_version"),
    ),
    Name(
        "distribution_release",
        Kind.TEXT,
        _l("Distribution release"),
        _first("distribution_release"),
    ),
    Name("os_family", Kind.TEXT, _l("OS family"), _first("os_family")),
    Name("system", Kind.TEXT, _l("System"), _first("system")),
    Name("kernel", Kind.TEXT, _l("Kernel"), _first("kernel")),
    Name("architecture", Kind.TEXT, _l("Architecture"), _first("architecture")),
    Name("hostname", Kind.TEXT, _l("Host name"), _first("hostname", "net_hostname")),
    Name("fqdn", Kind.TEXT, _l("Full host name"), _first("fqdn")),
    Name("domain", Kind.TEXT, _l("Domain"), _first("domain")),
    Name("ipv4", Kind.TEXT, _l("IPv4 address"), _first("default_ipv4.address")),
    Name("ipv6", Kind.TEXT, _l("IPv6 address"), _first("default_ipv6.address")),
    Name("gateway", Kind.TEXT, _l("Gateway"), _first("default_ipv4.gateway")),
    Name("interface", Kind.TEXT, _l("Network interface"), _first("default_ipv4.interface")),
    Name("macaddress", Kind.TEXT, _l("MAC address"), _first("default_ipv4.macaddress")),
    Name("cpus", Kind.NUMBER, _l("CPUs"), _first("processor_vcpus", "processor_nproc")),
    Name("processor", Kind.TEXT, _l("Processor"), _processor),
    Name("memory", Kind.BYTES, _l("Memory"), _mebibytes("memtotal_mb", "memory_mb.real.total")),
    Name("swap", Kind.BYTES, _l("Swap"), _mebibytes("swaptotal_mb", "memory_mb.swap.total")),
    Name("disk_total", Kind.BYTES, _l("Disk size of /"), _root("size_total")),
    Name("disk_free", Kind.BYTES, _l("Free on /"), _root("size_available")),
    Name("mounts", Kind.NUMBER, _l("Mounted file systems"), _number_of_mounts),
    Name("booted_at", Kind.TEXT, _l("Started"), _booted_at),
    Name("uptime_days", Kind.NUMBER, _l("Days up"), _uptime_days),
    Name("timezone", Kind.TEXT, _l("Time zone"), _first("date_time.tz")),
    Name("virtualization_type", Kind.TEXT, _l("Virtualization"), _first("virtualization_type")),
    Name(
        "virtualization_role",
        Kind.TEXT,
        _l("Virtualization role"),
        _first("virtualization_role"),
    ),
    Name("vendor", Kind.TEXT, _l("Vendor"), _first("system_vendor")),
    Name("model", Kind.TEXT, _l("Model"), _first("product_name", "net_model")),
    Name("serial", Kind.TEXT, _l("Serial number"), _first("product_serial", "net_serialnum")),
    Name("python_version", Kind.TEXT, _l("Python version"), _first("python_version")),
    Name("service_mgr", Kind.TEXT, _l("Service manager"), _first("service_mgr")),
    Name("pkg_mgr", Kind.TEXT, _l("Package manager"), _first("pkg_mgr")),
    Name("selinux", Kind.TEXT, _l("SELinux"), _selinux),
    Name("apparmor", Kind.TEXT, _l("AppArmor"), _first("apparmor.status")),
)
"""In the order in which they are offered."""

BY_NAME = {one.name: one for one in NAMES}
"""For looking one up."""
