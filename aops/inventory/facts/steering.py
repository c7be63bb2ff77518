"""Which facts would steer Ansible itself, and so never come from a host.

What a host answers becomes variables of the runs that start with known facts, and some
variables are options: a host that answers ``ansible_remote_tmp`` would choose what a shell
on the control node is told. Ansible itself drops only some of these names. So the names are
read off the installed Ansible, once: every option that a plugin documents as a variable,
and Ansible's own names.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from aops.inventory import reserved

_BARE = ("facter_", "ohai_", "_ansible_")
_BARE_NAMES = frozenset({"gather_subset", "module_setup", "discovered_interpreter_python"})

_KINDS = (
    "action",
    "become",
    "cliconf",
    "connection",
    "doc_fragments",
    "httpapi",
    "netconf",
    "shell",
    "strategy",
    "terminal",
)
_DOCUMENTED = re.compile(r"\bname:\s*[\"']?(ansible_\w+)")
_QUOTED = re.compile(r"[\"'](ansible_\w+)[\"']")

_OWN = re.compile(
    r"ansible_("
    r"async_dir|become|become_method|check_mode|collection_name|collections|config_file|"
    r"connection|delegated_host|delegated_vars|dependent_role_names|diff_mode|facts|"
    r"failed_result|failed_task|forks|index_var|inventory_sources|job_id|limit|loop|"
    r"loop_var|managed|network_os|package_use|parent_role_names|parent_role_paths|"
    r"play_batch|play_hosts|play_hosts_all|play_name|play_role_names|playbook_python|"
    r"role_name|role_names|run_tags|search_path|service_use|shell_executable|shell_type|"
    r"skip_tags|socket|syslog_facility|timeout|verbosity|version"
    r")"
)
_OF_COLLECTIONS = re.compile(
    r"ansible_("
    r"aws_ssm|buildah|chroot|docker|doas|dzdo|funcd|httpapi|incus|iocage|jail|ksu|"
    r"kubectl|libssh|libvirt_lxc|lxc|lxd|machinectl|netconf|network_cli|oc|"
    r"paramiko_ssh|pbrun|persistent|pfexec|pmrun|podman|proxmox_pct_remote|qubes|run0|"
    r"saltstack|sesu|sudosu|vmware_tools|zone"
    r")_\w+"
)
_FACTS_ALL_THE_SAME = re.compile(
    r"ansible_ssh_host_key_(?!checking$|auto_add$)\w+|ansible_\w+_(gw)?bridge"
)


@lru_cache(maxsize=8192)
def steers(name: str) -> bool:
    """Tell whether a variable of this name would be an option or a name of Ansible's own."""
    if reserved.is_reserved(name) or _OWN.fullmatch(name) or name in _names():
        return True
    of_a_plugin = name.startswith(_prefixes()) or _OF_COLLECTIONS.fullmatch(name)
    return bool(of_a_plugin and not _FACTS_ALL_THE_SAME.fullmatch(name))


def injected(name: str) -> str:
    """Give the variable's name back under which a module reported a fact."""
    bare = name in _BARE_NAMES or name.startswith(_BARE)
    return name if bare else f"ansible_{name}"


@cache
def _names() -> frozenset[str]:
    """Read the names that the installed Ansible documents or lists itself."""
    root = _ansible()
    sources = [
        *(path for kind in _KINDS for path in (root / "plugins" / kind).glob("*.py")),
        root / "config" / "base.yml",
    ]
    documented = (_DOCUMENTED.findall(path.read_text("utf-8")) for path in sources)
    listed = _QUOTED.findall((root / "constants.py").read_text("utf-8"))
    return frozenset(listed).union(*documented)


@cache
def _prefixes() -> tuple[str, ...]:
    """Name the plugins, as some take every variable that begins with their name."""
    plugins = {
        path.stem
        for kind in ("connection", "become")
        for path in (_ansible() / "plugins" / kind).glob("*.py")
    }
    return tuple(f"ansible_{name}_" for name in sorted(plugins - {"__init__"} | {"become"}))


def _ansible() -> Path:
    """Find the package without importing it: nothing here may run its code."""
    spec = find_spec("ansible")
    return Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path("/")
