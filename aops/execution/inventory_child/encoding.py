"""Turns Ansible's values into JSON without losing what YAML can say and JSON cannot.

Plain values stand for themselves. ``{"!": [kind, value]}`` is everything else: ``vault``,
``unsafe``, ``date``, ``time``, ``float`` (not finite), ``set``, ``binary``, and ``map`` (pairs),
which is a mapping with other keys than text, or with the key ``!``.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible._internal._datatag._tags import TrustedAsTemplate, VaultedValue
from ansible.module_utils._internal._datatag import AnsibleTagHelper
from ansible.parsing.vault import EncryptedString, VaultHelper

from .problems import Refused

MAX_DEPTH = 50
MAX_NODES = 100_000
"""Of one host's or group's variables, with every alias written out."""

_TEMPLATE = re.compile(r"\{[{%#]")
_JSON_KEYS = (bool, int, float, type(None))


class Encoder:
    """Encodes the variables of one host or group after another.

    Attributes:
        everything_untrusted: Whether all text comes as ``!unsafe``, as that of plugins does; it
            then counts only where the text looks like a template.
    """

    def __init__(self, *, everything_untrusted: bool) -> None:
        self.everything_untrusted = everything_untrusted
        self._nodes = 0
        self._owner = ""

    def variables(self, owner: str, variables: Mapping[Any, Any]) -> dict[str, Any]:
        """Encode variables; a name that is no text becomes one."""
        self._owner, self._nodes = owner, 0
        return {self._name(key): self._value(value, 0) for key, value in variables.items()}

    def _name(self, key: Any) -> str:
        """Name a variable as ``ansible-inventory --list`` does, whatever YAML made of its name."""
        if isinstance(key, str):
            return str(key)
        plain = self._untagged(key)
        return json.dumps(plain) if isinstance(plain, _JSON_KEYS) else str(plain)

    def _value(self, value: Any, depth: int) -> Any:  # noqa: PLR0911, PLR0912, C901 - one line a type
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Refused("too_many_values", owner=self._owner, limit=MAX_NODES)
        if depth > MAX_DEPTH:
            raise Refused("too_deep", owner=self._owner)
        if isinstance(value, str):
            return self._text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"!": ["float", repr(float(value))]}
        if isinstance(value, EncryptedString):
            return {"!": ["vault", VaultHelper.get_ciphertext(value, with_tags=False)]}
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, set | frozenset):
            items = sorted(value, key=repr)
            return {"!": ["set", [self._value(item, depth + 1) for item in items]]}
        if isinstance(value, dt.datetime | dt.date):
            kind = "time" if isinstance(value, dt.datetime) else "date"
            return {"!": [kind, self._untagged(value).isoformat()]}
        if isinstance(value, dt.time):  # of TOML; YAML has none, and Ansible lists it as text
            return str(self._untagged(value).isoformat())
        if isinstance(value, bytes):
            return {"!": ["binary", base64.b64encode(value).decode()]}
        if isinstance(value, Iterable):
            return [self._value(item, depth + 1) for item in value]
        raise Refused("unknown_type", owner=self._owner, type=type(value).__name__)

    def _text(self, value: str) -> Any:
        tags = getattr(value, "_ansible_tags_mapping", ())
        if VaultedValue in tags:
            return {"!": ["vault", VaultHelper.get_ciphertext(value, with_tags=False)]}
        if TrustedAsTemplate in tags or (self.everything_untrusted and not _TEMPLATE.search(value)):
            return value
        return {"!": ["unsafe", value]}

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        if "!" not in value and all(isinstance(key, str) for key in value):
            return {key: self._value(item, depth + 1) for key, item in value.items()}
        pairs = [
            [
                str(key) if isinstance(key, str) else self._value(key, depth + 1),
                self._value(item, depth + 1),
            ]
            for key, item in value.items()
        ]
        return {"!": ["map", pairs]}

    @staticmethod
    def _untagged(value: Any) -> Any:
        return AnsibleTagHelper.untag(value)
