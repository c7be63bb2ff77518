"""Which variables decide what runs on the control node, and who may set them.

The rule, read off the documentation of Ansible's connection, shell and become plugins: a
connection variable is reserved if its value names a program, adds arguments to one, names a
plugin, a file or a proxy on the control node, or turns the check of host keys off. Where a
host is (``ansible_host``, ``ansible_port``), who signs in and what becomes whom stay free, as
long as the value is no template that runs something there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from flask_babel import gettext as _

from aops.core.errors import AopsError
from aops.core.yaml_text import VaultText
from aops.inventory.template_calls import runs_something

_NAMES = frozenset(
    {
        "ansible_connection",
        "ansible_control_path",
        "ansible_control_path_dir",
        "ansible_interpreter_python_fallback",
        "ansible_private_key_file",
        "ansible_psrp_ca_cert",
        "ansible_psrp_cert_trust_path",
        "ansible_psrp_cert_validation",
        "ansible_psrp_certificate_key_pem",
        "ansible_psrp_certificate_pem",
        "ansible_psrp_ignore_proxy",
        "ansible_psrp_proxy",
        "ansible_shell_type",
        "ansible_ssh_control_path",
        "ansible_ssh_control_path_dir",
        "ansible_ssh_pkcs11_provider",
        "ansible_ssh_transfer_method",
        "ansible_sshpass_prompt",
        "ansible_winrm_ca_trust_path",
        "ansible_winrm_cert_key_pem",
        "ansible_winrm_cert_pem",
        "ansible_winrm_proxy",
        "ansible_winrm_server_cert_validation",
    }
)

_PATTERN = re.compile(
    r"_ansible_\w*"  # what Ansible hands to itself, such as debuggers of modules
    r"|ansible_\w*_(args|cmd|command|exe|executable|flags|interpreter|plugin)"
    r"|ansible_\w*kinit_\w+"
    r"|ansible_(\w+_)?host_key_(checking|auto_add)"
    r"|ansible_\w+_private_key_file"
    r"|ansible_(\w+_)?proxy_command"
    r"|ansible_(\w+_)?(config_file|kubeconfig|ssh_config)"
)

_SECRETS = re.compile(
    r"ansible_(\w+_)?(password|pass|passphrase|private_key|private_key_passphrase)"
)


def is_reserved(name: str) -> bool:
    """Tell whether a variable of this name is reserved."""
    return name in _NAMES or bool(_PATTERN.fullmatch(name))


def check(
    new: Mapping[str, Any], old: Mapping[str, Any], *, allowed: bool, may_go: bool = False
) -> None:
    """Refuse to set, change or take away reserved variables; what was there before may stay.

    Args:
        new: Names to values as they shall be.
        old: Names to values as they are; empty for what is just being made.
        allowed: Whether the person has the right ``inventory:reserved``.
        may_go: Whether they may be taken away all the same, so that Ansible's default decides.

    Raises:
        AopsError: At the field ``variables``; names them all.
    """
    if allowed:
        return
    changed = [
        name for name, value in new.items() if name not in old or not _same(old[name], value)
    ]
    if refused := [name for name in changed if is_reserved(name)]:
        _refuse(
            _(
                "Only administrators may set %(names)s: this decides what runs on the control "
                "node. Take it out, or ask an administrator to set it.",
                names=_listed(refused),
            )
        )
    if refused := [name for name in changed if _is_option(name) and runs_something(new[name])]:
        _refuse(
            _(
                "Only administrators may give %(names)s a template that calls a lookup or hides "
                "which names it uses: it would run on the control node. Write it without, mark "
                "it as !unsafe, or ask an administrator to set it.",
                names=_listed(refused),
            )
        )
    gone = [] if may_go else [name for name in old if name not in new and is_reserved(name)]
    if gone:
        _refuse(
            _(
                "Only administrators may take away %(names)s: this decides what runs on the "
                "control node. Put it back as it was, or ask an administrator to remove it.",
                names=_listed(gone),
            )
        )


def is_secret(name: str) -> bool:
    """Tell whether a variable of this name holds a password or a key."""
    return bool(_SECRETS.fullmatch(name))


def may_name_secret(text: str) -> bool:
    r"""Tell whether YAML may name such a variable; it can write any letter as ``\x..``."""
    return bool(_SECRETS.search(text)) or "\\" in text


def plain_secrets(variables: Mapping[str, Any]) -> list[str]:
    """Name the passwords and keys that stand in plain text, where every reader sees them."""
    return sorted(
        name
        for name, value in variables.items()
        if is_secret(name)
        and isinstance(value, str | int)
        and not isinstance(value, VaultText)
        and "{{" not in str(value)
    )


def _same(old: Any, new: Any) -> bool:
    """Compare values with their types: 1, true and an !unsafe text are not the same."""
    return type(old) is type(new) and bool(old == new)


def _is_option(name: str) -> bool:
    return name.startswith("ansible_")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _refuse(sentence: str) -> NoReturn:
    raise AopsError(sentence, field="variables")
