"""Turns a claimed job into what the execution needs, with every secret looked up once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from aops.core import yaml_text
from aops.core.database import session
from aops.core.errors import AopsError
from aops.credentials import services as credentials
from aops.credentials.models import Credential
from aops.execution.spec import Options, RunSpec
from aops.inventory import rendering, rows
from aops.inventory import services as inventory
from aops.inventory.facts import cache as fact_cache
from aops.inventory.rows import InventoryRows
from aops.jobs import targets
from aops.jobs.lifecycle import DELETED
from aops.jobs.models import Job, job_credentials
from aops.jobs.reasons import msgid

PLAYBOOK_FILE = "playbook.yml"

GONE = msgid("None of the hosts that this job was launched on is an enabled host any more.")


@dataclass(frozen=True)
class PreparedRun:
    """A run and what its output must not show.

    Attributes:
        secrets: Values to mask.
    """

    spec: RunSpec
    secrets: tuple[str, ...]


def prepare(job: Job) -> PreparedRun:
    """Look up everything that a job's run needs.

    Raises:
        AopsError: If something it refers to is gone or does not fit together.
    """
    if job.revision is None or job.inventory is None:
        raise AopsError(DELETED)
    loaded = rows.load(job.inventory.id)
    hosts = _hosts_of(job, loaded)
    used = _credentials_of(job)
    secrets = replace(credentials.secrets_for_run(used), extra_vars=extra_vars_of(job))
    spec = RunSpec(
        run_id=f"{job.id}-{job.attempt}",
        playbook=PLAYBOOK_FILE,
        project={PLAYBOOK_FILE: job.revision.content},
        inventory=rendering.render_rows(loaded),
        known_hosts=inventory.known_hosts_for(job.inventory.id),
        accept_new_host_keys=job.inventory.accept_new_host_keys,
        facts=_known_facts(job, hosts),
        options=_options_of(job, hosts, credentials.machine_of(used)),
        secrets=secrets,
    )
    credentials.mark_used([credential.id for credential in used])
    return PreparedRun(spec=spec, secrets=tuple(credentials.values_to_mask(used, secrets)))


def extra_vars_of(job: Job) -> str:
    """Merge what the author wrote with what was typed at launch, which wins.

    What an operator typed is data: every text of it is marked ``!unsafe``, so that
    Ansible never evaluates it as a template.
    """
    merged = yaml_text.parse_mapping(job.extra_vars)
    typed = yaml_text.parse_mapping(job.launch_vars)
    merged |= typed if job.launch_vars_templated else _unsafe(typed)
    return yaml_text.dump(merged) if merged else ""


def _unsafe(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unsafe(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unsafe(item) for item in value]
    if isinstance(value, str) and not isinstance(value, yaml_text.VaultText):
        return yaml_text.UnsafeText(value)
    return value


def _credentials_of(job: Job) -> list[Credential]:
    return list(
        session().scalars(
            select(Credential)
            .join(job_credentials, job_credentials.c.credential_id == Credential.id)
            .where(job_credentials.c.job_id == job.id)
            .order_by(Credential.id)
        )
    )


def _hosts_of(job: Job, loaded: InventoryRows) -> tuple[str, ...]:
    """Name the hosts that a job is pinned to, as far as they are there.

    A name that is gone must not reach Ansible: it would be a pattern, or a group's name.
    """
    pinned = targets.pinned(job)
    hosts = tuple(host for host in pinned if host in loaded.hosts)
    if pinned and not hosts:
        raise AopsError(GONE)
    targets.refuse_unnameable(hosts)
    return hosts


def _known_facts(job: Job, hosts: tuple[str, ...]) -> dict[str, str] | None:
    if not job.use_fact_cache or job.inventory is None:
        return None
    return fact_cache.of(job.inventory.id, job.limit, hosts=hosts)


def _options_of(job: Job, hosts: tuple[str, ...], machine: Credential | None) -> Options:
    return Options(
        limit="" if hosts else job.limit,
        limit_hosts=hosts,
        tags=job.tags,
        skip_tags=job.skip_tags,
        forks=job.forks,
        verbosity=job.verbosity,
        check=job.check_mode,
        diff=job.diff_mode,
        become=job.become,
        become_method=machine.become_method if machine else "",
        become_user=machine.become_user if machine else "",
        remote_user=machine.username if machine else "",
        timeout=job.timeout or None,
    )
