from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aops.inventory.facts.summary import BY_NAME, NAMES, Kind, summarize
from tests.inventory.facts.reported import DEBIAN

MIB = 1 << 20


def test_a_machine_is_summed_up_in_plain_units() -> None:
    assert summarize(DEBIAN) == {
        "distribution": "Debian",
        "distribution_version": "12.11",
        "distribution_major_version": 12,
        "distribution_release": "bookworm",
        "os_family": "Debian",
        "system": "Linux",
        "kernel": "6.1.0-35-amd64",
        "architecture": "x86_64",
        "hostname": "web1",
        "fqdn": "web1.example.org",
        "ipv4": "192.0.2.7",
        "gateway": "192.0.2.1",
        "interface": "eth0",
        "macaddress": "02:00:00:00:00:07",
        "cpus": 2,
        "processor": "Intel(R) Xeon(R)",
        "memory": 1987 * MIB,
        "swap": 0,
        "disk_total": 8 << 30,
        "disk_free": 1 << 30,
        "mounts": 2,
        "booted_at": "2026-04-28 12:00",
        "uptime_days": 3,
        "timezone": "UTC",
        "virtualization_type": "kvm",
        "virtualization_role": "guest",
        "vendor": "QEMU",
        "python_version": "3.11.2",
        "service_mgr": "systemd",
        "pkg_mgr": "apt",
        "selinux": "disabled",
        "apparmor": "enabled",
    }


@pytest.mark.parametrize(
    ("facts", "summary"),
    [
        ({"net_system": "ios", "net_version": "15.2", "net_hostname": "core1"}, ("ios", "15.2")),
        ({"distribution": "Rocky", "distribution_version": "9.4"}, ("Rocky", "9.4")),
        ({"distribution": ""}, (None, None)),
    ],
)
def test_network_devices_have_a_distribution_too(
    facts: dict[str, Any], summary: tuple[str | None, str | None]
) -> None:
    found = summarize(facts)

    assert (found.get("distribution"), found.get("distribution_version")) == summary


@pytest.mark.parametrize(
    ("facts", "name", "value"),
    [
        ({"memory_mb": {"real": {"total": 100}}}, "memory", 100 * MIB),
        ({"memtotal_mb": "lots"}, "memory", None),
        ({"memtotal_mb": -1}, "memory", None),
        ({"memtotal_mb": True}, "memory", None),
        ({"memtotal_mb": 10**400}, "memory", None),
        ({"distribution_major_version": "tumbleweed"}, "distribution_major_version", None),
        ({"distribution": ["Debian"]}, "distribution", None),
        ({"distribution": "x" * 5000}, "distribution", "x" * 200),
        ({"selinux": {"status": "enabled", "mode": "enforcing"}}, "selinux", "enforcing"),
        ({"uptime_seconds": 10**18, "date_time": {"epoch": "5"}}, "booted_at", None),
        ({"date_time": {"epoch": "9" * 15}, "uptime_seconds": 1}, "booted_at", None),
        ({"uptime_seconds": 129600}, "uptime_days", 1.5),
        ({"mounts": "none"}, "mounts", None),
        ({"mounts": [7, {"mount": "/", "size_total": 9}]}, "disk_total", 9),
        ({"processor": ["0", "ARM"]}, "processor", None),
        ({"processor_vcpus": "4"}, "cpus", 4),
    ],
)
def test_what_is_missing_or_of_another_type_is_left_out(
    facts: dict[str, Any], name: str, value: Any
) -> None:
    assert summarize(facts).get(name) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(DEBIAN)), JSON))
def test_whatever_a_host_claims_a_summary_has_the_promised_types(facts: dict[str, Any]) -> None:
    for name, value in summarize(facts).items():
        wanted = {Kind.TEXT: str, Kind.BYTES: int, Kind.NUMBER: int | float}[BY_NAME[name].kind]
        assert isinstance(value, wanted)


def test_every_name_is_there_once_and_has_a_label() -> None:
    assert len(BY_NAME) == len(NAMES)
    assert all(str(one.label) for one in NAMES)
