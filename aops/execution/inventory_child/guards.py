"""Limits and ears put into Ansible, where nothing of its own asks for them."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

from ansible._internal._datatag._tags import Origin
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.plugins import inventory as inventory_plugins
from ansible.utils.display import Display

from . import formats, plugin_faults
from .problems import Note, Refused

_RANGE = re.compile(r"\[([^\]]*)\]")
_PARSER = re.compile(r"with '([^']*)' plugin")
_SAID_ALREADY = re.compile(r"\AFailed to parse inventory: ")
_UNREAD = re.compile(r"Unable to parse (.+) as an inventory source")
_NO_RANGE = "“{}” is neither a group nor a range of hosts; is a bracket missing?"
_MAX_SAID = 2_000
_MAX_NOTES = 50


class Said:
    """What Ansible had to say while it read.

    Attributes:
        source: The file that it reads at the moment.
    """

    def __init__(self, notes: list[Note], folder: Path) -> None:
        self.source = ""
        self._notes = notes
        self._folder = f"{folder}/"
        self._failures: dict[str, str] = {}
        self._errors: list[BaseException] = []

    def warning(self, msg: object, *_: object, **__: object) -> None:
        """Keep a warning as a note; one about a file that could not be read with the reason."""
        text = self._plain(msg)
        note: Note = ("ansible", {"text": text})
        if unread := _UNREAD.fullmatch(text):
            if unread[1] != self._plain(self.source):
                return  # a folder, of whose files this was told
            note = ("unread", {"file": unread[1], "text": self._why()})
        if len(self._notes) < _MAX_NOTES and note not in self._notes:
            self._notes.append(note)

    def begin(self, source: str) -> None:
        """Forget what was said of the file before."""
        self.source = source
        if Path(source).is_file():
            self._failures = {}

    def failure(self, msg: object, exception: BaseException, **__: object) -> None:
        """Keep why one of the plugins could not read a file."""
        _refuse_exhaustion(exception)
        self._errors.append(exception)
        where = self._plain(_place_of(exception))
        named = _PARSER.search(str(msg))
        text = _SAID_ALREADY.sub("", self._plain(exception))
        by = named[1] if named else self._plain(msg).rstrip(".")
        self._failures[by] = f"{text} ({where})" if where else text

    def refusal(self, error: BaseException, plugin: str = "") -> Refused:
        """Say why the whole could not be read; what the other parsers said is printed.

        Args:
            error: What ended the reading.
            plugin: The name of the inventory plugin that was configured, if any was.
        """
        _refuse_exhaustion(error)
        text = (self._why("auto" if plugin else "") or self._plain(error))[:_MAX_SAID]
        self._print_all()
        if plugin:
            return plugin_faults.explained(plugin, self._errors or [error], text)
        return Refused("not_understood", text=text)

    def _why(self, parser: str = "") -> str:
        """Give what the parser said that the file was meant for."""
        meant = parser or formats.of(Path(self.source))
        return self._failures.get(meant) or next(iter(self._failures.values()), "")

    def _print_all(self) -> None:
        """Keep everything for who wants to see it; printing is how a reading says things beside."""
        told = [text for _code, note in self._notes if (text := note.get("text"))]
        failed = [f"{name}: {text}" for name, text in self._failures.items()]
        if told or len(failed) > 1:
            print(*told, *failed, sep="\n", flush=True)  # noqa: T201

    def _plain(self, message: object) -> str:
        return " ".join(str(message).replace(self._folder, "").split())[:_MAX_SAID]


def unreadable_variables(error: BaseException, source: Path) -> Refused:
    """Say in Ansible's words why a file of group_vars or host_vars cannot be read."""
    _refuse_exhaustion(error)
    folder = source if source.is_dir() else source.parent
    where = _place_of(error)
    said = f"{error} ({where})" if where else str(error)
    return Refused(
        "not_understood", text=" ".join(said.replace(f"{folder}/", "").split())[:_MAX_SAID]
    )


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
        try:
            return expand(line)
        except ValueError:
            raise AnsibleError(_NO_RANGE.format(line)) from None

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
