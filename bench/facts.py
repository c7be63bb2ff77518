"""Facts of many made-up hosts, as big and as deep as ``setup`` reports them of a real server."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from aops.core import clock
from aops.core.database import session
from aops.inventory import generation
from aops.inventory.facts import services
from aops.inventory.facts.reports import Report
from aops.inventory.models import Host

_BATCH = 500
_BLOCK = """
accounts:
- name: deploy
  shell: /bin/bash
  groups: [web, 'log']
- name: backup
  keys:
  - first
  - second
"""


def fill(inventory_id: int) -> None:
    """Give each host facts of some 20 KB, and a variable that is a list over several lines."""
    names = session().scalars(select(Host.name).where(Host.inventory_id == inventory_id)).all()
    for start in range(0, len(names), _BATCH):
        batch = enumerate(names[start : start + _BATCH], start)
        reports = {name: Report(facts(number), clock.now()) for number, name in batch}
        services.record(inventory_id, 1, reports)
        session().commit()
    longer = update(Host).where(Host.inventory_id == inventory_id)
    session().execute(longer.values(variables=Host.variables.concat(_BLOCK)))
    generation.raise_for([inventory_id])


def facts(number: int) -> dict[str, Any]:
    """Make up what one host reports."""
    memory = (987, 1987, 3900, 7900, 16000)[number % 5]
    address = {
        "address": f"10.0.{number >> 8}.{number & 255}",
        "gateway": "10.0.0.1",
        "interface": "eth0",
        "macaddress": f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}",
        "mtu": 1500,
        "netmask": "255.255.0.0",
    }
    return {
        **{f"product_detail_{one}": f"{one * 7919 + number:x}" for one in range(75)},
        **{f"eth{one}": _interface(one, number) for one in range(4)},
        "default_ipv4": address,
        "devices": {f"sd{letter}": _device(letter, number) for letter in "abcdefghijkl"},
        "distribution": ("Debian", "Debian", "Rocky", "Ubuntu")[number % 4],
        "distribution_major_version": "12",
        "env": {f"VARIABLE_{one}": "/usr/local/bin:/usr/bin:/bin" for one in range(40)},
        "flags": [f"cpu_flag_{one}" for one in range(150)],
        "hostname": f"host{number:05}",
        "kernel": f"6.1.0-{number % 40}-amd64",
        "memfree_mb": memory // 3,
        "memtotal_mb": memory,
        "mounts": [_mount(place, number) for place in ("/", "/boot", "/var")],
        "processor": ["0", "GenuineIntel", "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz"] * 4,
        "uptime_seconds": 86400 + number,
    }


def _interface(one: int, number: int) -> dict[str, Any]:
    return {
        "active": True,
        "device": f"eth{one}",
        "features": {f"tx_{feature}_segmentation": "on [fixed]" for feature in range(50)},
        "macaddress": f"02:00:00:{one:02x}:{number >> 8:02x}:{number & 255:02x}",
    }


def _device(letter: str, number: int) -> dict[str, Any]:
    return {
        "holders": [],
        "links": {"ids": [f"wwn-0x{number:016x}{letter}"], "labels": [], "uuids": []},
        "model": "SAMSUNG MZ7LH960",
        "partitions": {f"sd{letter}1": {"sectors": "1875383296", "size": "894.25 GB"}},
        "rotational": "0",
        "size": "894.25 GB",
    }


def _mount(place: str, number: int) -> dict[str, Any]:
    return {
        "block_size": 4096,
        "device": f"/dev/mapper/vg{number:05}{place.replace('/', '-')}",
        "fstype": "xfs" if place == "/var" else "ext4",
        "mount": place,
        "options": "rw,relatime,errors=remount-ro",
        "size_available": 1 << 33,
        "size_total": 1 << 35,
        "uuid": f"{number:032x}",
    }
