"""Lets Ansible read an inventory, and tells what it understood."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

from . import places
from .problems import Note, Refused

_PLUGINS = {
    "upload": "yaml,ini,toml",
    "archive": "yaml,ini,toml",
    "script": "script",
    "plugin": "auto",
}


def read(order: dict[str, Any], content: bytes) -> dict[str, Any]:
    """Lay the content out as files, load them, and describe the inventory."""
    folder = Path(order["folder"])
    folder.mkdir(mode=0o700, parents=True)
    notes: list[Note] = []
    source = places.lay_out(order, content, folder, notes)
    kind = "script" if source.is_answer else order["kind"]
    _set_environment(order, _PLUGINS[kind], whole=not source.path.is_dir())
    gc.disable()  # nothing here is garbage before the end, and its search costs a third
    from . import ansible_side  # noqa: PLC0415 - reads its settings from the environment above

    inventory = ansible_side.load(
        source, order["limits"], notes, folder, passwords=order["vault_passwords"]
    )
    document = ansible_side.describe(
        inventory, everything_untrusted=kind == "plugin", limits=order["limits"], notes=notes
    )
    ansible_side.finish(inventory, notes)
    if not document["hosts"] and order["kind"] in ("script", "plugin"):
        raise Refused("no_hosts")
    if not document["hosts"] and not document["variables"] and len(document["groups"]) == 1:
        raise Refused("nothing_there")
    document["notes"] = notes
    return document


def _set_environment(order: dict[str, Any], plugins: str, *, whole: bool) -> None:
    """Set what Ansible reads when it is loaded.

    Args:
        order: With the environment of who ordered it.
        plugins: The parsers that may be tried.
        whole: Whether each file must be understood; of a folder Ansible reads what it can.
    """
    scratch = order["scratch"]
    home = Path(scratch, "home")
    home.mkdir(mode=0o700, exist_ok=True)
    no_settings = Path(scratch, "ansible.cfg")
    no_settings.touch()
    defaults = {
        "PATH": order["path"],
        "HOME": str(home),
        "USER": "aops",
        "LOGNAME": "aops",
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    settings = {
        "ANSIBLE_CONFIG": str(no_settings),
        "ANSIBLE_HOME": f"{scratch}/ansible",
        "ANSIBLE_LOCAL_TEMP": f"{scratch}/ansible/tmp",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_INVENTORY_ENABLED": plugins,
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": str(int(whole)),
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
        "ANSIBLE_DEVEL_WARNING": "0",
        "ANSIBLE_LOCALHOST_WARNING": "0",
    }
    os.environ.update(defaults | order["environment"] | settings)
