"""Rows for tests: one typed function per model, each making what it needs."""

from __future__ import annotations

import hashlib
import itertools
import uuid
import zlib
from typing import Any, TypeVar

from argon2 import PasswordHasher

from aops.core import clock
from aops.core.database import database_time, session
from aops.core.permissions import Role
from aops.credentials.models import Credential, CredentialType
from aops.inventory.facts import services as facts_services
from aops.inventory.facts.reports import Report
from aops.inventory.filters.models import HostFilter
from aops.inventory.imports.models import ImportKind, ImportMode, InventoryImport
from aops.inventory.models import Group, Host, HostResult, Inventory
from aops.jobs.models import Job, JobHost, JobResult, JobTemplate
from aops.playbooks.models import Playbook, PlaybookRevision
from aops.users.models import User

PASSWORD = "correct horse battery staple"
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
T = TypeVar("T")

_numbers = itertools.count(1)

PLAYBOOK = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Say hello
      ansible.builtin.debug:
        msg: hello
"""


def make_user(username: str, role: Role = Role.VIEWER, **values: Any) -> User:
    """A person whose password is PASSWORD."""
    return _add(User(username=username, role=role, password_hash=_HASH, **values))


def make_inventory(**values: Any) -> Inventory:
    """An inventory without hosts."""
    return _add(Inventory(**{"name": f"inventory {next(_numbers)}"} | values))


def make_host(name: str = "", *, inventory: Inventory | None = None, **values: Any) -> Host:
    """A host that Ansible reaches without SSH."""
    return _add(
        Host(
            **{
                "name": name or f"host{next(_numbers)}",
                "inventory": inventory or make_inventory(),
                "variables": "ansible_connection: local\n",
            }
            | values
        )
    )


def make_group(name: str = "", *, inventory: Inventory | None = None, **values: Any) -> Group:
    """A group without members."""
    return _add(
        Group(
            name=name or f"group{next(_numbers)}",
            inventory=inventory or make_inventory(),
            **values,
        )
    )


def make_import(content: bytes = b"web1\n", **values: Any) -> InventoryImport:
    """An upload that waits for being read."""
    return _add(
        InventoryImport(
            **{
                "inventory": values.get("inventory") or make_inventory(),
                "kind": ImportKind.ANSIBLE,
                "mode": ImportMode.MERGE,
                "created_by_name": "arthur",
                "requested_at": database_time(),
                "content": zlib.compress(content),
            }
            | values
        )
    )


def make_filter(query: str = "enabled = yes", **values: Any) -> HostFilter:
    """A saved filter over all inventories."""
    return _add(HostFilter(**{"name": f"filter {next(_numbers)}", "query": query} | values))


def make_credential(**values: Any) -> Credential:
    """A machine credential with a password."""
    return _add(
        Credential(
            **{
                "name": f"credential {next(_numbers)}",
                "type": CredentialType.MACHINE,
                "username": "ops",
                "password": "secret-of-a-test",
            }
            | values
        )
    )


def make_playbook(content: str = PLAYBOOK, **values: Any) -> Playbook:
    """A playbook with one revision."""
    playbook = _add(Playbook(**{"name": f"playbook {next(_numbers)}"} | values))
    make_revision(playbook, content)
    return playbook


def make_revision(playbook: Playbook, content: str = PLAYBOOK, number: int = 1) -> PlaybookRevision:
    """One more text of a playbook."""
    return _add(
        PlaybookRevision(
            playbook=playbook,
            number=number,
            content=content,
            sha256=hashlib.sha256(content.encode()).hexdigest(),
            author_name="arthur",
        )
    )


def make_template(**values: Any) -> JobTemplate:
    """A template over an inventory with one host."""
    if "inventory" not in values:
        values["inventory"] = make_host().inventory
    if "playbook" not in values:
        values["playbook"] = make_playbook()
    return _add(JobTemplate(**{"name": f"template {next(_numbers)}"} | values))


def make_job(**values: Any) -> Job:
    """A job that waits."""
    template = values.pop("template", None) or make_template()
    revision = session().query(PlaybookRevision).filter_by(playbook_id=template.playbook_id).first()
    return _add(
        Job(
            **{
                "launch_key": uuid.uuid4().hex,
                "name": template.name,
                "template": template,
                "playbook_id": template.playbook_id,
                "revision": revision,
                "playbook_name": template.playbook.name,
                "inventory": template.inventory,
                "inventory_name": template.inventory.name,
                "launched_by_name": "oscar",
            }
            | values
        )
    )


def make_job_host(job: Job, host: str, **counts: Any) -> JobHost:
    """A job's counts for a host on which one task went well."""
    return _add(JobHost(**{"job_id": job.id, "host": host, "ok": 1} | counts))


def make_job_result(job: Job, host: str, seq: int = 1, **values: Any) -> JobResult:
    """A task of a job that went well on a host."""
    given = {"seq": seq, "task": f"task {seq}", "status": "ok", "duration": 0.5}
    return _add(JobResult(job_id=job.id, host=host, **given | values))


def make_host_result(host: Host, job: Job, **values: Any) -> HostResult:
    """A host on which the last run went well."""
    now = clock.now()
    given = {"last_job_id": job.id, "last_status": "ok", "last_at": now, "last_ok_at": now}
    return _add(HostResult(host_id=host.id, **given | values))


def make_facts(host: Host, **facts: Any) -> None:
    """What a host reported in a run, twice; ``kernel`` changed."""
    for kernel in ("6.1", "6.12"):
        report = Report({"kernel": kernel, **facts}, clock.now())
        facts_services.record(host.inventory_id, 1, {host.name: report})


def _add(thing: T) -> T:
    session().add(thing)
    session().flush()
    return thing
