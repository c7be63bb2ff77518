"""Turns values into cells of a table and back, so that no cell is ever a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import Any

import yaml

from aops.core import yaml_text
from aops.core.yaml_text import UnsafeText, VaultText

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_FIRST = r"[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]"
"""What begins a formula; the wide signs do in some spreadsheet programs of East Asia."""

_RISKY = re.compile(f"'*{_FIRST}")
_GUARDED = re.compile(f"'+{_FIRST}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_./]*(?: [A-Za-z0-9_./]+)*")
_NO_TEXT = frozenset(("false", "n", "no", "null", "off", "on", "true", "y", "yes"))
_SEPARATING = re.compile(r'[,"\s]')
_WIDTH = 1_000_000_000


def guarded(text: str) -> str:
    """Give a cell that spreadsheet programs take for text, whatever it says."""
    return "'" + text if _RISKY.match(text) else text


def unguarded(cell: str) -> str:
    """Give the text that ``guarded`` made a cell of."""
    return cell[1:] if _GUARDED.match(cell) else cell


def value(variable: Any) -> str:
    """Write a variable as YAML on one line."""
    if type(variable) is str and _WORD.fullmatch(variable) and variable.lower() not in _NO_TEXT:
        return variable
    if type(variable) is int:
        return str(variable)
    text: str = yaml.dump(
        variable,
        Dumper=_OneLine,
        default_flow_style=True,
        allow_unicode=True,
        sort_keys=False,
        width=_WIDTH,
    )
    return text.removesuffix("\n").removesuffix("\n...")


def parsed(text: str) -> Any:
    """Read a variable that ``value`` wrote, or that somebody typed.

    Raises:
        YamlError: If it is no YAML.
    """
    return yaml_text.parse(text)


def names(items: Iterable[str]) -> str:
    """Write names into one cell."""
    return ", ".join(_quoted(name) if _SEPARATING.search(name) else name for name in items)


def split(text: str) -> list[str]:
    """Read names from one cell; empty ones are left out."""
    found = next(csv.reader([" ".join(text.splitlines())], skipinitialspace=True), [])
    return [name.strip() for name in found if name.strip()]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _OneLine(_Dumper):  # type: ignore[misc]
    """Writes text with line breaks or invisible characters in double quotes."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's
        """Write out what stands in several places: an alias in a cell helps nobody."""
        return True


def _text(dumper: Any, text: str) -> Any:
    odd = not text.isprintable()
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if odd else None)


def _tagged(tag: str) -> Any:
    return lambda dumper, text: dumper.represent_scalar(tag, str(text), style='"')


_OneLine.add_representer(str, _text)
_OneLine.add_representer(VaultText, _tagged("!vault"))
_OneLine.add_representer(UnsafeText, _tagged("!unsafe"))
