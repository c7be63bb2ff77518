"""Short cuts through Ansible's code for what nearly every line of a big inventory is.

Each gives exactly what Ansible's own code gives, which a test compares, but for one thing: no
value remembers the line that it came from. Anything unusual takes Ansible's own way. Without
them, 10,000 hosts with 20 variables take half a minute instead of a few seconds.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from ansible._internal._datatag._tags import Origin, TrustedAsTemplate
from ansible._internal._yaml._loader import AnsibleLoader
from ansible.inventory import group, helpers, host
from ansible.inventory.manager import _InventoryDataWrapper
from ansible.plugins.inventory import ini
from ansible.utils.vars import validate_variable_name
from yaml.constructor import SafeConstructor

_YAML = "tag:yaml.org,2002:"
_PLAIN_LINE = re.compile(
    r"""[ \t\r\n]*(?:(?:[^\s'"\\#]|"[^"\\]*"|'[^']*')+(?:[ \t\r\n]+|$))*""", re.ASCII
)
_TOKEN = re.compile(r"""(?:[^ \t\r\n'"]|"[^"]*"|'[^']*')+""")
_QUOTED = re.compile(r""""([^"]*)"|'([^']*)'""")
_SURELY_TEXT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+(?:\.[0-9]+){3}")
_SURELY_INT = re.compile(r"0|[1-9][0-9]{0,15}")
_CONSTANTS = frozenset({"True", "False", "None"})

_trusted_empty = TrustedAsTemplate().tag("")
_Trusted: Any = type(_trusted_empty)
_TRUST = _trusted_empty._ansible_tags_mapping  # noqa: SLF001 - what tag() would make anew each time
_SCALARS = frozenset({bool, int, float, type(None)})


def trusted(text: str) -> Any:
    """Give text that may be a template, as ``TrustedAsTemplate().tag`` does."""
    tagged = _Trusted(text)
    tagged._ansible_tags_mapping = _TRUST  # noqa: SLF001
    return tagged


def install() -> None:
    """Put the short cuts into the modules that are loaded in this process."""
    _shorten_yaml()
    _shorten_ini()
    _shorten_names()
    _shorten_setting()


def shlex_split(line: str, comments: bool = False, posix: bool = True) -> list[str]:  # noqa: FBT001, FBT002 - Ansible's signature
    """Split a line that has neither escapes nor comments as ``shlex`` does."""
    if not _PLAIN_LINE.fullmatch(line):
        return list(_shlex_split(line, comments, posix))
    if '"' not in line and "'" not in line:
        return line.split()
    return [_QUOTED.sub(_inside, token) for token in _TOKEN.findall(line)]


_shlex_split = ini.shlex_split


def _inside(match: re.Match[str]) -> str:
    return match[1] if match[1] is not None else match[2]


class _Unmarked(Origin):  # type: ignore[misc]
    """A place in a file, for messages; not written on every value."""

    def tag(self, value: Any) -> Any:
        return value

    def replace(self, line_num: int | None = None, **others: Any) -> Any:
        """Keep the last line, which Ansible forgets before it says what is wrong there."""
        return self if line_num is None else super().replace(line_num=line_num, **others)


def _shorten_ini() -> None:
    ini.shlex_split, ini.Origin = shlex_split, _Unmarked
    whole = ini.InventoryModule._parse_value  # noqa: SLF001

    def parse_value(self: Any, text: str) -> Any:
        if _SURELY_TEXT.fullmatch(text) and text not in _CONSTANTS:
            return trusted(text)
        if _SURELY_INT.fullmatch(text):
            return int(text)
        return whole(self, text)

    ini.InventoryModule._parse_value = parse_value  # noqa: SLF001


def _shorten_yaml() -> None:
    def text(self: Any, node: Any) -> Any:
        value = self.construct_scalar(node)
        return trusted(value) if self.trusted_as_template else value

    def mapping(self: Any, node: Any) -> Iterator[dict[Any, Any]]:
        data: dict[Any, Any] = {}
        yield data
        data.update(self.construct_mapping(node))

    def sequence(self: Any, node: Any) -> Iterator[list[Any]]:
        data: list[Any] = []
        yield data
        data.extend(self.construct_sequence(node))

    add: Callable[[str, Any], None] = AnsibleLoader.add_constructor
    add(f"{_YAML}str", text)
    add(f"{_YAML}map", mapping)
    add(f"{_YAML}seq", sequence)
    add(f"{_YAML}int", SafeConstructor.construct_yaml_int)
    add(f"{_YAML}float", SafeConstructor.construct_yaml_float)


def _shorten_names() -> None:
    helpers.remove_trust = functools.lru_cache(1 << 18, typed=True)(helpers.remove_trust)
    valid = functools.lru_cache(1 << 16, typed=True)(validate_variable_name)  # errors are not kept
    host.validate_variable_name = group.validate_variable_name = valid


def _shorten_setting() -> None:
    whole = _InventoryDataWrapper.set_variable

    def set_variable(self: Any, entity: str, name: str, value: Any) -> None:
        kind = type(value)
        tags = getattr(value, "_ansible_tags_mapping", None)
        if kind in _SCALARS or (kind is _Trusted and tags is _TRUST):
            self.__wrapped__.set_variable(entity, name, value)
        else:
            whole(self, entity, name, value)

    _InventoryDataWrapper.set_variable = set_variable
