"""Limits and ears put into Ansible, where nothing of its own asks for them."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

from ansible._internal._datatag._tags import Origin
from ansible.inventory.data import InventoryData
from ansible.plugins import inventory as inventory_plugins
from ansible.utils.display import Display

from .problems import Note, Refused

_RANGE = re.compile(r"\[([^\]]*)\]")
_MAX_SAID = 2_000
_MAX_NOTES = 50


class Said:
    """What Ansible had to say while it read."""

    def __init__(self, notes: list[Note], folder: Path) -> None:
        self._notes = notes
        self._folder = f"{folder}/"
        self._failures: list[str] = []

    def warning(self, msg: object, *_: object, **__: object) -> None:
        """Keep a warning as a note."""
        note: Note = ("ansible", {"text": self._plain(msg)})
        if len(self._notes) < _MAX_NOTES and note not in self._notes:
            self._notes.append(note)

    def failure(self, msg: object, exception: BaseException, **__: object) -> None:
        """Keep why one of the plugins could not read a file."""
        _refuse_exhaustion(exception)
        where = self._plain(_place_of(exception))
        said = f"{self._plain(msg or '')} {self._plain(exception)}".strip()
        self._failures.append(f"{said} ({where})" if where else said)

    def refusal(self, error: BaseException) -> Refused:
        """Say in Ansible's words why the whole could not be read."""
        _refuse_exhaustion(error)
        texts = dict.fromkeys(self._failures or [self._plain(error)])
        return Refused("not_understood", text="\n".join(texts)[:_MAX_SAID])

    def _plain(self, message: object) -> str:
        return " ".join(str(message).replace(self._folder, "").split())[:_MAX_SAID]


def _place_of(exception: BaseException | None) -> str:
    """Give file and line of the innermost error that has them."""
    found = ""
    while exception is not None:
        thing = getattr(exception, "obj", None)
        origin = thing if isinstance(thing, Origin) else Origin.get_tag(thing)
        if origin is not None and origin.path and origin.line_num:
            found = str(origin)
        exception = exception.__cause__ or exception.__context__
    return found


def _refuse_exhaustion(exception: BaseException | None) -> None:
    """End the reading where memory or the stack gave out, instead of trying another plugin."""
    while exception is not None:
        if isinstance(exception, MemoryError):
            raise Refused("memory")
        if isinstance(exception, RecursionError):
            raise Refused("nested_too_deeply")
        exception = exception.__cause__ or exception.__context__


def listen(notes: list[Note], folder: Path) -> Said:
    """Hear Ansible's warnings and failures instead of printing them."""
    said = Said(notes, folder)
    display: Any = Display()
    display.warning = said.warning
    display.deprecated = said.warning
    display.error_as_warning = said.failure
    return said


def limit_hosts(hosts: int, groups: int) -> None:
    """Refuse too many hosts or groups while they come, and ranges before they are expanded."""
    expand = inventory_plugins.expand_hostname_range
    add_host, add_group = InventoryData.add_host, InventoryData.add_group

    def expand_within(line: str | None = None) -> Any:
        if size_of_range(line or "") > hosts:
            raise Refused("range_too_big", range=str(line)[:200], limit=hosts)
        return expand(line)

    def add_host_within(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(self.hosts) > hosts:
            raise Refused("too_many_hosts", limit=hosts)
        return add_host(self, *args, **kwargs)

    def add_group_within(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(self.groups) > groups:
            raise Refused("too_many_groups", limit=groups)
        return add_group(self, *args, **kwargs)

    inventory_plugins.expand_hostname_range = expand_within
    InventoryData.add_host, InventoryData.add_group = add_host_within, add_group_within


def size_of_range(line: str) -> int:
    """Say how many names ``web[1:3][a:c]`` stands for; 0 where Ansible will complain itself."""
    size = 1
    for inner in _RANGE.findall(line):
        size *= _steps(inner.split(":"))
    return size


def _steps(bounds: list[str]) -> int:
    if len(bounds) not in (2, 3):
        return 0
    first, last, step = bounds[0] or "0", bounds[1], bounds[2] if len(bounds) == 3 else "1"  # noqa: PLR2004
    letters = string.ascii_letters
    try:
        if first in letters and last in letters:
            return len(range(letters.index(first), letters.index(last) + 1, int(step)))
        return len(range(int(first), int(last) + 1, int(step)))
    except (ValueError, OverflowError):
        return 0
