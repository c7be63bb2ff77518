"""Opens files of variables that ansible-vault encrypted as a whole, and seals each text again.

A file is opened with Ansible's own ``VaultLib``. What was secret as a file stays secret as
values: every text in it leaves here as a ``!vault`` value under the same password and id. The
salt hangs on place and text alone, so that the next import of the same file gives the same
values, and nothing seems changed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from ansible._internal._datatag._tags import Origin, TrustedAsTemplate, VaultedValue
from ansible.errors import AnsibleError
from ansible.module_utils._internal._datatag import AnsibleTagHelper
from ansible.parsing.vault import (
    EncryptedString,
    VaultLib,
    VaultSecret,
    is_encrypted,
    parse_vaulttext_envelope,
)
from jinja2 import Environment, TemplateError, nodes

from . import entries
from .problems import Note, Refused

MAX_VALUES = 5_000
"""Texts that are sealed in one reading; each costs some milliseconds, on purpose of the vault."""

_MOST_NAMED = 50
_TEMPLATE = re.compile(r"\{[{%#]")
_STRETCHING = 100_000
_templates = Environment()  # noqa: S701 - only parsed, never rendered


@dataclass(frozen=True)
class _Opened:
    """A file, by its name in the upload, and what sealed it."""

    name: str
    vault_id: str
    secret: Any
    key: bytes
    plain: list[str] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)
    seen: dict[int, Any] = field(default_factory=dict)


class Vaults:
    """The passwords of one reading, and what they opened."""

    def __init__(self, passwords: list[list[str]], folder: Path) -> None:
        secrets = [(name, VaultSecret(word.strip().encode())) for name, word in passwords]
        self._library = VaultLib(secrets)
        self._folder = folder
        self._opened: dict[str, _Opened] = {}
        self._locked: dict[str, str] = {}
        self._mixed: list[str] = []
        self._sealed = 0
        self._keys: dict[bytes, bytes] = {}

    def open(self, data: bytes) -> tuple[bytes, bool]:
        """Decrypt a file; one that no password opens is remembered, and reads as empty.

        Returns:
            What is in it, and whether it may be read as if it had been plain.

        Raises:
            Refused: If it is no file of variables.
        """
        path = getattr(Origin.get_tag(data), "path", None) or "?"
        name = self._name(path)
        if entries.BESIDE.isdisjoint(PurePath(name).parts):
            raise Refused("vault_inventory", file=name)
        vault_id = ""
        try:
            vault_id = str(parse_vaulttext_envelope(data)[3] or "")
            text, _, secret = self._library.decrypt_and_get_vault_id(data)
        except (AnsibleError, ValueError, IndexError):
            self._locked[name] = vault_id
            return AnsibleTagHelper.tag_copy(data, b""), True
        self._opened[path] = _Opened(name, vault_id, secret, self._key(secret.bytes))
        return text, False

    def load(self, path: str, parse: Callable[[], Any]) -> Any:
        """Parse what was decrypted, and seal its texts; what Ansible says of it is not repeated.

        Raises:
            Refused: If it holds no variables.
        """
        file = self._opened[path]
        try:
            variables = parse() or {}
            if isinstance(variables, Mapping):
                return self._value(variables, file, ())
        except (MemoryError, RecursionError):
            raise
        except Exception:  # noqa: BLE001, S110 - any of them may quote a secret
            pass
        raise Refused("vault_content", file=file.name)

    def finish(self, notes: list[Note]) -> None:
        """Say what stayed as it is.

        Raises:
            Refused: If a file stayed closed, or a text can be no single value.
        """
        if self._locked:
            files = [[name, vault_id] for name, vault_id in sorted(self._locked.items())]
            code = "vault_password" if self._library.secrets else "vault_file"
            raise Refused(code, files=files)
        if self._mixed:
            raise Refused("vault_template", variables=_listed(self._mixed))
        for file in sorted(self._opened.values(), key=lambda one: one.name):
            for code, names in (("vault_plain", file.plain), ("vault_kept", file.templates)):
                if names:
                    notes.append((code, {"file": file.name, "variables": _listed(names)}))

    def _name(self, path: str) -> str:
        place = PurePath(path)
        inside = place.is_relative_to(self._folder)
        return str(place.relative_to(self._folder)) if inside else place.name

    def _key(self, password: bytes) -> bytes:
        """Stretch a password, so that a salt helps nobody who guesses it."""
        if password not in self._keys:
            self._keys[password] = hashlib.pbkdf2_hmac(
                "sha256", password, b"aops: salts of vault values", _STRETCHING
            )
        return self._keys[password]

    def _value(self, value: Any, file: _Opened, place: tuple[Any, ...]) -> Any:
        if isinstance(value, EncryptedString):
            return value
        if isinstance(value, str):
            return self._text(value, file, place)
        if not isinstance(value, Mapping | list | tuple):
            file.plain.append(_variable(place))
            return value
        if id(value) not in file.seen:  # an alias stands for the same value wherever it is
            file.seen[id(value)] = (value, self._container(value, file, place))
        return file.seen[id(value)][1]

    def _container(self, value: Any, file: _Opened, place: tuple[Any, ...]) -> Any:
        if isinstance(value, Mapping):
            return {key: self._value(item, file, (*place, key)) for key, item in value.items()}
        items = [self._value(item, file, (*place, n)) for n, item in enumerate(value)]
        return tuple(items) if isinstance(value, tuple) else items

    def _text(self, value: str, file: _Opened, place: tuple[Any, ...]) -> Any:
        if _TEMPLATE.search(value) and TrustedAsTemplate.is_tagged_on(value):
            if _holds_no_text(value):
                file.templates.append(_variable(place))
            else:
                self._mixed.append(f"{_variable(place)} ({file.name})")
            return value
        plain = AnsibleTagHelper.untag(value)
        if is_encrypted(plain):
            return value
        self._sealed += 1
        if self._sealed > MAX_VALUES:
            raise Refused("too_many_vaulted", limit=MAX_VALUES)
        words = json.dumps([_owner(file.name), *map(str, place), plain]).encode()
        ciphertext = self._library.encrypt(
            plain,
            secret=file.secret,
            vault_id=file.vault_id or None,
            salt=hmac.digest(file.key, words, "sha256"),
        )
        return VaultedValue(ciphertext=ciphertext.decode()).tag(plain)


def _owner(name: str) -> list[str]:
    """Name whose variables a file holds, whichever of several files of theirs it is."""
    parts = PurePath(name).parts
    below = next(n for n, part in enumerate(parts) if part in entries.BESIDE)
    kind, *inner = parts[below:]
    owner = inner[0] if len(inner) > 1 else re.sub(r"\.(?:ya?ml|json)\Z", "", inner[0])
    return [kind, owner]


def _holds_no_text(template: str) -> bool:
    """Tell whether a template only names variables, so that nothing in it can be secret."""
    try:
        tree = _templates.parse(template)
    except (TemplateError, RecursionError):
        return False
    texts = [node.data for node in tree.find_all(nodes.TemplateData)]
    constants = [node.value for node in tree.find_all(nodes.Const)]
    return "{#" not in template and not any((*(text.strip() for text in texts), *constants))


def _variable(place: tuple[Any, ...]) -> str:
    return ".".join(map(str, place))


def _listed(names: list[str]) -> str:
    more = ", …" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
