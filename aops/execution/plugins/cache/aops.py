# ruff: noqa: INP001 - Ansible loads plugins by path; a package would be taken for one
"""Ansible's fact cache: what lies ready in files, and in memory what the run adds.

Not Ansible's own ``jsonfile``, which turns a mapping with ``__ansible_type`` back into
whatever it names, a trusted template too. Facts come from hosts; here they are read as
plain JSON, and so every text of them stays a text. And nothing is written anywhere.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ansible.plugins.cache.memory import CacheModule as MemoryCache

DOCUMENTATION = """
name: aops
short_description: facts that lie ready, else memory
description: Reads each host's facts from a JSON file when they are first asked for.
options:
  _uri:
    required: true
    description: The folder with the files.
    env: [{name: ANSIBLE_CACHE_PLUGIN_CONNECTION}]
    ini: [{key: fact_caching_connection, section: defaults}]
    type: path
"""


class CacheModule(MemoryCache):  # type: ignore[misc]
    """The cache in memory, which first looks into a folder."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._folder = Path(self.get_option("_uri"))
        self._asked: set[str] = set()

    def get(self, key: str) -> dict[str, object]:
        """Give a host's facts, or raise KeyError."""
        self._read(key)
        facts: dict[str, object] = super().get(key)
        return facts

    def contains(self, key: str) -> bool:
        """Tell whether there are facts of a host."""
        self._read(key)
        return bool(super().contains(key))

    def _read(self, key: str) -> None:
        if key in self._asked:
            return
        self._asked.add(key)
        try:
            text = (self._folder / hashlib.sha256(key.encode()).hexdigest()).read_bytes()
        except OSError:
            return
        if not super().contains(key):
            self.set(key, json.loads(text))
