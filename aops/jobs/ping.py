"""Asks hosts whether Ansible can reach them, by a job like any other.

What such a job runs is a playbook row of its own, made on first use and found again by its
exact text: whatever people make of the playbook “Ping” meanwhile is never run as a ping.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from aops.core.actor import SYSTEM
from aops.core.columns import NAME_LENGTH
from aops.core.database import session
from aops.core.errors import AopsError
from aops.credentials import services as credentials_of_run
from aops.credentials.models import Credential
from aops.inventory.models import Host, Inventory
from aops.jobs import services, targets
from aops.jobs.models import Job, JobTemplate
from aops.playbooks import services as playbooks
from aops.playbooks.models import Playbook, PlaybookRevision
from aops.users.models import User

NAME = "Ping"

CONTENT = """\
# Made by aops for the Ping button of hosts. Change a copy: this text is what the button runs.
- name: Ping
  hosts: all
  gather_facts: false
  tasks:
    - name: Log in and see that Python works
      ansible.builtin.ping:
"""

TIMEOUT = 120
"""Seconds: a host that lets the connection hang is no better than one that refuses it."""

FORKS = 20
"""Hosts that are asked at once."""

TURN_TIMEOUT = 15
"""Seconds more for each turn of ``FORKS``: ssh itself gives up after ten."""

MAX_TIMEOUT = 4 * 3600

_SHA256 = hashlib.sha256(CONTENT.encode()).hexdigest()
_NAMES_TRIED = 100


def ping(
    host: Host,
    user: User,
    credentials: Sequence[Credential],
    *,
    launch_key: str,
    relaunch_of: int | None = None,
) -> Job:
    """Store a job that pings one host; sending the same form again gives the same job.

    Args:
        host: Must be enabled: runs do not see the others.
        user: Who asks.
        credentials: At most one of a machine, and one for each vault id.
        launch_key: From ``services.new_launch_key``.
        relaunch_of: Id of the ping that is repeated.

    Raises:
        AopsError: At the field to blame, if there is one.
    """
    refuse_disabled(host)
    return ping_hosts(
        host.inventory,
        [host.name],
        user,
        credentials,
        launch_key=launch_key,
        relaunch_of=relaunch_of,
    )


def ping_hosts(
    inventory: Inventory,
    hosts: Sequence[str],
    user: User,
    credentials: Sequence[Credential],
    *,
    launch_key: str,
    relaunch_of: int | None = None,
) -> Job:
    """Store a job that pings exactly these hosts.

    Args:
        inventory: All of them stand in it.
        hosts: Names of enabled ones, at least one, in inventory order.
        user: Who asks.
        credentials: At most one of a machine, and one for each vault id.
        launch_key: From ``services.new_launch_key``.
        relaunch_of: Id of the ping that is repeated.

    Raises:
        AopsError: At the field to blame, if there is one.
    """
    targets.refuse_unnameable(hosts)
    credentials_of_run.refuse_conflicts(credentials)
    revision = builtin_revision()
    turns = -(-len(hosts) // FORKS)
    job = Job(
        launch_key=launch_key[: services.KEY_LENGTH],  # it comes from a browser
        name=_name(hosts)[:NAME_LENGTH],
        playbook_id=revision.playbook_id,
        playbook_name=revision.playbook.name,
        revision=revision,
        inventory=inventory,
        inventory_name=inventory.name,
        credentials=list(credentials),
        limit="\n".join(hosts),
        limit_hosts=len(hosts),
        forks=min(len(hosts), FORKS),
        timeout=min(TIMEOUT + (turns - 1) * TURN_TIMEOUT, MAX_TIMEOUT),
        launched_by_id=user.id,
        launched_by_name=user.username,
        relaunch_of_id=relaunch_of,
    )
    return services.store(job)


def _name(hosts: Sequence[str]) -> str:
    if len(hosts) == 1:
        return str(_("Ping %(host)s", host=hosts[0]))
    number = format_decimal(len(hosts))
    return str(ngettext("Ping %(number)s host", "Ping %(number)s hosts", len(hosts), number=number))


def refuse_disabled(host: Host) -> None:
    """Refuse to ping a host that no run would see.

    Raises:
        AopsError: Saying what to do.
    """
    if not host.enabled:
        raise AopsError(
            _("%(host)s is disabled, and runs do not see it. Enable it first.", host=host.name)
        )


def proposed_credentials(inventory_id: int) -> list[Credential]:
    """Give what the template that last ran on an inventory logs in with."""
    template = session().scalar(
        select(JobTemplate)
        .join(Job, Job.template_id == JobTemplate.id)
        .where(Job.inventory_id == inventory_id)
        .order_by(Job.id.desc())
        .limit(1)
    )
    return list(template.credentials) if template else []


def is_ping(job: Job) -> bool:
    """Tell whether a job pinged hosts of an inventory that is still there."""
    if job.template_id is not None or job.inventory_id is None or job.revision is None:
        return False
    return job.revision.sha256 == _SHA256


def pinged_host(job: Job) -> Host | None:
    """Give the host that a job pinged; None if it is no ping of one, or the host is gone."""
    if not is_ping(job) or job.limit_hosts != 1:
        return None
    return session().scalar(
        select(Host).where(Host.inventory_id == job.inventory_id, Host.name == job.limit)
    )


def builtin_revision() -> PlaybookRevision:
    """Give the text that pings run, and store it first where it is not."""
    for name in (NAME, *(f"{NAME} ({number})" for number in range(2, _NAMES_TRIED))):
        found = session().scalar(
            select(PlaybookRevision)
            .where(PlaybookRevision.sha256 == _SHA256)
            .order_by(PlaybookRevision.id)
            .limit(1)
        )
        if found is not None:
            return found
        _add_playbook(name)
    raise AopsError(_("No free name for the playbook “%(name)s” was found.", name=NAME))


def _add_playbook(name: str) -> None:
    """Store the text under a name; one that is taken, even just now, changes nothing."""
    if session().scalar(select(Playbook.id).where(Playbook.name == name)) is not None:
        return
    playbook = Playbook(name=name, description=_("What the Ping button of a host runs"))
    try:
        with session().begin_nested():
            session().add(playbook)
            playbooks.save(playbook, CONTENT, author=SYSTEM)
    except IntegrityError:
        return
