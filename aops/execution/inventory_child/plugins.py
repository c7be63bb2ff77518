"""Knows which plugin a text configures, and which of Ansible's own never give a host."""

from __future__ import annotations

import re

from .problems import Refused

_NAME = re.compile(r"""^plugin[ \t]*:[ \t]*["']?([\w.]+)""", re.MULTILINE | re.ASCII)
BUILT_IN = ("ansible.builtin.", "ansible.legacy.")
_READERS = frozenset({"advanced_host_list", "auto", "host_list", "ini", "script", "toml", "yaml"})
"""They read a file of hosts, or are the way to another plugin; YAML does not configure them."""


def name_in(text: str) -> str:
    """Give the name of the plugin that a text configures; "" if none can be told."""
    found = _NAME.search(text)
    return found[1] if found else ""


def refuse_hostless(name: str) -> None:
    """Refuse the plugins of Ansible's own that never give a host to a source.

    Raises:
        Refused: Saying what to do instead.
    """
    own = name.removeprefix(BUILT_IN[0]).removeprefix(BUILT_IN[1])
    if own == "constructed":
        raise Refused("constructed_alone")
    if own in _READERS:
        raise Refused("reads_files", plugin=own)
