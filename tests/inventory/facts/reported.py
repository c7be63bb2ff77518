"""Facts as hosts report them, for tests; short ones, and a whole real machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aops.core.database import session
from aops.inventory.facts import services
from aops.inventory.facts.reports import Report
from aops.inventory.models import Host

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)

DEBIAN: dict[str, Any] = {
    "apparmor": {"status": "enabled"},
    "architecture": "x86_64",
    "date_time": {"epoch": "1777636800", "tz": "UTC"},
    "default_ipv4": {
        "address": "192.0.2.7",
        "gateway": "192.0.2.1",
        "interface": "eth0",
        "macaddress": "02:00:00:00:00:07",
    },
    "default_ipv6": {},
    "distribution": "Debian",
    "distribution_major_version": "12",
    "distribution_release": "bookworm",
    "distribution_version": "12.11",
    "env": {"HOME": "/root", "SSH_CLIENT": "192.0.2.9 4711 22"},
    "fqdn": "web1.example.org",
    "hostname": "web1",
    "interfaces": ["lo", "eth0"],
    "kernel": "6.1.0-35-amd64",
    "memfree_mb": 512,
    "memory_mb": {"real": {"free": 512, "total": 1987, "used": 1475}},
    "memtotal_mb": 1987,
    "module_setup": True,
    "mounts": [
        {"mount": "/", "size_available": 1 << 30, "size_total": 8 << 30},
        {"mount": "/boot", "size_available": 1 << 28, "size_total": 1 << 29},
    ],
    "os_family": "Debian",
    "pkg_mgr": "apt",
    "processor": ["0", "GenuineIntel", "Intel(R) Xeon(R)", "1", "GenuineIntel", "Intel(R) Xeon(R)"],
    "processor_vcpus": 2,
    "product_name": "NA",
    "python_version": "3.11.2",
    "selinux": {"status": "disabled"},
    "service_mgr": "systemd",
    "swaptotal_mb": 0,
    "system": "Linux",
    "system_vendor": "QEMU",
    "uptime_seconds": 259200,
    "virtualization_role": "guest",
    "virtualization_type": "kvm",
}


def report(host: Host, facts: dict[str, Any], minutes: int = 0, **values: Any) -> None:
    """Record facts of one host, some minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    job_id = values.pop("job_id", 7)
    services.record(host.inventory_id, job_id, {host.name: Report(facts, at, **values)})
    session().commit()
