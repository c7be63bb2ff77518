"""Writes variables as the YAML that a person would have written, and quickly.

Nearly every value of a big inventory is a short text or a number, so those are written here,
one line each; the few others go through the YAML library. Text stays without quotes only
where YAML 1.1, as Ansible reads it, gives the same text back.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml
from yaml.resolver import Resolver

from aops.core import yaml_text
from aops.core.yaml_text import UnsafeText, VaultText

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_WORD = r"[A-Za-z0-9_./@+=,%~()-]|:(?=[A-Za-z0-9_./@-])"
_PLAIN = re.compile(rf"[A-Za-z0-9_/](?:{_WORD})*+(?: (?:{_WORD})++)*+")
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"})
_PRINTABLE = r"\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_ONE_LINE = re.compile(rf"[{_PRINTABLE}]*")
_LINES = re.compile(rf"[\x21-\x7e][{_PRINTABLE}]*(?:\n(?:[ ]*[\x21-\x7e][{_PRINTABLE}]*)?)+")
_WIDTH = 1_000_000_000
_STRING = "tag:yaml.org,2002:str"

_resolver: Any = Resolver()


def write(variables: Mapping[str, Any]) -> str:
    """Give YAML text of variables that come encoded from a reading; "" if none."""
    return "".join(
        [
            _line(name, decoded(value) if type(value) in (dict, list) else value)
            for name, value in variables.items()
        ]
    )


def write_values(variables: Mapping[str, Any]) -> str:
    """Give YAML text of variables as ``yaml_text`` reads them; "" if none."""
    return "".join([_line(name, value) for name, value in variables.items()])


def decoded(value: Any) -> Any:
    """Turn an encoded value into the Python value that ``yaml_text`` writes and reads.

    Raises:
        ValueError: If it is not encoded as a reading does.
    """
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
            return UnsafeText(content) if _stays_text(content) else str(content)
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


def _stays_text(text: str) -> bool:
    """Tell whether ``!unsafe`` leaves it text: Ansible reads ``!unsafe "yes"`` as true."""
    return bool(_resolver.resolve(yaml.ScalarNode, text, (True, False)) == _STRING)


def _line(name: str, value: Any) -> str:
    kind = type(value)
    if kind is str:
        return f"{_key(name)}: {_scalar(value)}\n"
    if kind is int:
        return f"{_key(name)}: {value}\n"
    if kind is bool:
        return f"{_key(name)}: {'true' if value else 'false'}\n"
    return yaml_text.dump({name: value})


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and _is_text(text):
        return text
    if _ONE_LINE.fullmatch(text):
        return json.dumps(text, ensure_ascii=False)
    if _LINES.fullmatch(text):
        return _block(text)
    return _quoted(text)


def _quoted(text: str) -> str:
    quoted: str = yaml.dump(text, Dumper=_Dumper, default_style='"', width=_WIDTH)
    return quoted.removesuffix("\n")


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    return _quoted(name) if "\n" in name else _scalar(name)


def _is_text(text: str) -> bool:
    """Tell whether YAML takes it for text; only what begins with a digit needs a closer look."""
    if text[0].isdigit():
        return _stays_text(text)
    return text.lower() not in _NO_TEXT


def _block(text: str) -> str:
    """Write several lines as they are, below a sign that says how they end."""
    body = text.rstrip("\n")
    ending = len(text) - len(body)
    sign = ("|-", "|", "|+")[min(ending, 2)]
    lines = (text.removesuffix("\n") if ending else text).split("\n")
    return "\n".join([sign, *(f"  {line}" if line else "" for line in lines)])
