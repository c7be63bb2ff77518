"""The settings files and the environment that a run is given.

They stay as near to Ansible's defaults as safety lets them, so that a playbook behaves
as it does in a shell.
"""

from __future__ import annotations

from aops.execution.layout import PYTHON, Layout

_ANSIBLE_CFG = """\
[defaults]
home = {scratch}/ansible
local_tmp = {scratch}/ansible/tmp
callback_plugins = {callbacks}
stdout_callback = aops
roles_path = {project}/roles:/usr/share/ansible/roles:/etc/ansible/roles
collections_path = {project}/collections:/usr/share/ansible/collections
force_color = True
nocows = True
host_key_checking = True
interpreter_python = auto_silent
localhost_warning = False
retry_files_enabled = False
{fact_cache}
[inventory]
enable_plugins = yaml
inventory_unparsed_warning = False

[connection]
pipelining = False

[ssh_connection]
ssh_args = -F {ssh_config} -C -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = {scratch}/cp
"""
# Without pipelining SSH gets a terminal, and so a cancelled command on a host gets its
# hangup. -F reaches jump hosts too, and the -o of a host's own arguments still wins.

_FACT_CACHE = """\
gathering = smart
fact_caching = aops
fact_caching_connection = {facts}
cache_plugins = {plugins}
"""

_SSH_CONFIG = """\
StrictHostKeyChecking {checking}
UserKnownHostsFile {known_hosts}
GlobalKnownHostsFile /dev/null
HashKnownHosts no
UpdateHostKeys no
IdentityFile none
Include /etc/ssh/ssh_config.d/*.conf
"""
# "IdentityFile none": a key is the run's own or none; never the service account's.


def ansible_cfg(layout: Layout, *, fact_cache: bool = False) -> str:
    """Return the run's ansible.cfg.

    Args:
        layout: Where things are.
        fact_cache: Whether facts lie ready, so that only those of other hosts are gathered.
    """
    return _ANSIBLE_CFG.format(
        fact_cache=_fact_cache(layout) if fact_cache else "",
        scratch=layout.scratch,
        callbacks=layout.callback.parent,
        project=layout.project,
        ssh_config=layout.ssh_config,
    )


def _fact_cache(layout: Layout) -> str:
    return _FACT_CACHE.format(facts=layout.facts, plugins=layout.cache.parent)


def ssh_config(layout: Layout, *, accept_new_host_keys: bool) -> str:
    """Return the settings of the run's SSH clients.

    Args:
        layout: Where the file of known hosts is.
        accept_new_host_keys: Take an unknown host's key; a changed one is refused anyway.
    """
    checking = "accept-new" if accept_new_host_keys else "yes"
    return _SSH_CONFIG.format(checking=checking, known_hosts=layout.known_hosts)


def environment(layout: Layout, run_id: str) -> dict[str, str]:
    """Return all environment variables of ansible-playbook; none of ours reaches it."""
    return {
        "PATH": f"{PYTHON.parent}:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
        "HOME": str(layout.home),
        "TMPDIR": str(layout.scratch),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ANSIBLE_CONFIG": str(layout.ansible_cfg),
        "AOPS_EVENTS": str(layout.events),
        "AOPS_RUN_ID": run_id,
    }
