"""Says what is missing when an inventory plugin gives nothing.

Ansible tries one parser after the other and reports what each of them says; whoever wrote the
plugin's YAML wants to know of the one thing: a collection that is not installed, a library
that it needs, a file name that it does not take, an option that it did not find.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator

from ansible.plugins.loader import inventory_loader

from .plugins import BUILT_IN
from .problems import Refused

_UNKNOWN = "specifies unknown plugin"
_NOT_VERIFIED = "could not be verified by inventory plugin"
_LIBRARY = re.compile(r"required Python library \(([^()\s]+)\)")
_COLLECTIONS = "ansible_collections."
_PARTS = 3


def explained(plugin: str, errors: Iterable[BaseException], text: str) -> Refused:
    """Name what a plugin lacks, or else what it said.

    Args:
        plugin: Its name, as the YAML has it.
        errors: What it raised, and what loading it raised.
        text: The same in Ansible's words.
    """
    causes = [cause for error in errors for cause in _chain(error)]
    if library := _missing_library(causes, text):
        return Refused("no_library", plugin=plugin, library=library)
    if _UNKNOWN in text:
        return _unknown(plugin)
    if _NOT_VERIFIED in text:
        return Refused("file_name_not_taken", plugin=plugin)
    absent = next((cause.args[0] for cause in causes if isinstance(cause, KeyError)), None)
    if isinstance(absent, str):
        return Refused("option_not_found", plugin=plugin, option=absent)
    return Refused("plugin_failed", plugin=plugin, text=text)


def _unknown(plugin: str) -> Refused:
    """Tell a collection that is not there from one that has no such plugin."""
    found = inventory_loader.find_plugin_with_context(plugin)
    name = [plugin, *found.redirect_list][-1]
    parts = name.split(".")
    if len(parts) < _PARTS or name.startswith(BUILT_IN):
        return Refused("no_plugin", plugin=plugin)
    collection = ".".join(parts[:2])
    code = "not_in_collection" if _is_installed(collection) else "no_collection"
    return Refused(code, plugin=name, collection=collection)


def _is_installed(collection: str) -> bool:
    try:
        return importlib.util.find_spec(f"{_COLLECTIONS}{collection}") is not None
    except ImportError:
        return False


def _missing_library(causes: list[BaseException], text: str) -> str:
    for cause in causes:
        name = cause.name if isinstance(cause, ModuleNotFoundError) else None
        if name and not name.startswith(_COLLECTIONS):
            return name.partition(".")[0]
    said = _LIBRARY.search(text)
    return said[1] if said else ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
