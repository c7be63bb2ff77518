"""Writes variables as the YAML that a person would have written, and quickly.

Nearly every value of a big inventory is a short text or a number, so those are written here,
one line each; the few others go through the YAML library. Plain text stays without quotes
only where YAML 1.1, as Ansible reads it, gives the same text back.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

from aops.core import yaml_text
from aops.core.yaml_text import UnsafeText, VaultText

_PLAIN = re.compile(r"[A-Za-z/_][A-Za-z0-9_/.@+=-]*(?: [A-Za-z0-9_/.@+=-]+)*")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"])
_PRINTABLE = re.compile(r"[\x20-\x7e\xa1-\ud7ff]*")


def write(variables: Mapping[str, Any]) -> str:
    """Give YAML text of variables that come encoded from a reading; "" if none."""
    return "".join([_line(name, value) for name, value in variables.items()])


def decoded(value: Any) -> Any:
    """Turn an encoded value into the Python value that ``yaml_text`` writes and reads."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "!" not in value:
        return {key: decoded(item) for key, item in value.items()}
    kind, content = value["!"]
    return _special(str(kind), content)


def _special(kind: str, content: Any) -> Any:  # noqa: PLR0911 - one line a kind
    match kind:
        case "vault":
            return VaultText(content)
        case "unsafe":
            return UnsafeText(content)
        case "float":
            return float(content)
        case "date":
            return dt.date.fromisoformat(content)
        case "time":
            return dt.datetime.fromisoformat(content)
        case "set":
            return {decoded(item) for item in content}
        case "binary":
            return base64.b64decode(content)
        case "map":
            return {decoded(key): decoded(item) for key, item in content}
    raise ValueError(kind)


def _line(name: str, value: Any) -> str:
    kind = type(value)
    if kind is str:
        return f"{_scalar(name)}: {_scalar(value)}\n"
    if kind is int:
        return f"{_scalar(name)}: {value}\n"
    if kind is bool:
        return f"{_scalar(name)}: {'true' if value else 'false'}\n"
    return yaml_text.dump({name: decoded(value)})


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if _PRINTABLE.fullmatch(text):
        return json.dumps(text, ensure_ascii=False)
    dumped = yaml_text.dump(text)
    return json.dumps(text) if dumped.count("\n") > 1 else dumped.rstrip("\n").removesuffix("\n...")
