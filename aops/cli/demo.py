"""The demo: something to look at after the first start, and the proof that all parts work.

It is launched by the same service as the launch page's button, and from there goes the
same way: database, broker, worker, run process, sandbox, output.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from aops.core.actor import Actor, acting_as
from aops.core.database import session
from aops.core.errors import AopsError
from aops.core.permissions import Role
from aops.inventory.models import Host, Inventory
from aops.jobs import services as jobs
from aops.jobs.models import Job, JobHost, JobTemplate
from aops.jobs.sink import COUNTS
from aops.playbooks import services as playbooks
from aops.playbooks.models import Playbook
from aops.users.models import User

HOST = "this-machine"
_NAME = "Demo"
_PLAYBOOK = Path(__file__).with_name("demo.yml")
_HOST_VARIABLES = """\
ansible_connection: local
ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 300.0


def launch() -> Job:
    """Launch the demo in the name of an administrator; makes its template if there is none.

    Raises:
        AopsError: If nobody administers, or somebody changed the demo so that it cannot run.
    """
    admin = session().scalar(
        select(User).where(User.role == Role.ADMIN, User.active).order_by(User.id).limit(1)
    )
    if admin is None:
        raise AopsError("Nobody administers aops. Run: flask user create NAME --role admin")
    with acting_as(Actor(name=admin.username, user_id=admin.id, source="flask up")):
        template = _template()
        choices = jobs.Choices.of(template)
        return jobs.launch(template, admin, choices, launch_key=jobs.new_launch_key())


def wait(job_id: int, still_well: Callable[[], None]) -> Job:
    """Give the job once it has ended.

    Args:
        job_id: Of a launched job.
        still_well: Is asked again and again, and raises when waiting is in vain.

    Raises:
        AopsError: If it takes too long.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        still_well()
        job = session().get_one(Job, job_id, populate_existing=True)
        if job.finished:
            return job
        session().rollback()
        time.sleep(_LOOK_SECONDS)
    raise AopsError(f"The demo job #{job_id} did not end within {_PATIENCE_SECONDS:g} seconds.")


def recap(job: Job) -> list[str]:
    """Give a line for each host, with Ansible's counts."""
    hosts = session().scalars(
        select(JobHost).where(JobHost.job_id == job.id).order_by(JobHost.host)
    )
    return [
        f"{host.host}  " + "  ".join(f"{name}={getattr(host, name)}" for name in COUNTS)
        for host in hosts
    ]


def _template() -> JobTemplate:
    known = session().scalar(select(JobTemplate).where(JobTemplate.name == _NAME))
    if known is not None:
        return known
    template = JobTemplate(
        name=_NAME,
        description="Looks around the machine that aops runs on, and changes nothing.",
        playbook=_playbook(),
        inventory=_inventory(),
        timeout=int(_PATIENCE_SECONDS),
    )
    session().add(template)
    session().flush()
    return template


def _playbook() -> Playbook:
    name = "Demo: look around"
    playbook = session().scalar(select(Playbook).where(Playbook.name == name))
    if playbook is None:
        playbook = Playbook(name=name, description="A first playbook to read, run and change.")
        session().add(playbook)
        session().flush()
        playbooks.save(playbook, _PLAYBOOK.read_text())
    return playbook


def _inventory() -> Inventory:
    inventory = session().scalar(select(Inventory).where(Inventory.name == _NAME))
    if inventory is None:
        inventory = Inventory(
            name=_NAME,
            description="The machine that aops runs on. Add hosts of yours to try them.",
            accept_new_host_keys=True,
        )
        session().add(inventory)
        session().flush()
    if session().scalar(select(Host.id).where(Host.inventory_id == inventory.id)) is None:
        session().add(Host(name=HOST, inventory=inventory, variables=_HOST_VARIABLES))
        session().flush()
    return inventory
