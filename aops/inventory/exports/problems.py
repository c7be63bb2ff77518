"""Collects what a format cannot hold, for one sentence that names it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from aops.core import yaml_text
from aops.core.errors import AopsError
from aops.inventory import quick_yaml

_SHOWN = 5


class Unwritable:
    """Variables and names that would be lost or change their meaning."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, owner: str, variable: str = "") -> None:
        """Note a variable of a host or group, or the name of one."""
        self._found.append(f"{owner}: {variable}" if variable else owner)

    def read(self, owner: str, text: str) -> dict[str, Any]:
        """Read the variables of a host or group; what only Ansible could read is noted."""
        found = quick_yaml.variables(text)
        if not found and text.strip():
            try:
                yaml_text.parse_mapping(text)
            except yaml_text.YamlError:
                self.add(owner)
        return found

    def refuse(self, file: str) -> None:
        """Refuse to write anything if something was noted.

        Raises:
            AopsError: Naming the first few.
        """
        if not self._found:
            return
        shown = ", ".join(f"“{name}”" for name in self._found[:_SHOWN])
        if len(self._found) > _SHOWN:
            shown += ", …"
        raise AopsError(
            _(
                "%(format)s cannot hold all of this inventory: %(what)s (%(number)d in all). "
                "Nothing was written. Take YAML, which holds everything.",
                format=file,
                what=shown,
                number=len(self._found),
            )
        )
