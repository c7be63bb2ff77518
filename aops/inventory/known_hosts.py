"""OpenSSH's public host keys and known_hosts lines, read and written without a database."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARKERS = ("@", "#", "|")  # authorities and revocations, comments, hashed names
_ADDRESS = r"[\w:][\w.:%-]*"
_PLAIN = re.compile(rf"{_ADDRESS}|\[{_ADDRESS}\]:[0-9]{{1,5}}")


@dataclass(frozen=True)
class PublicKey:
    """One host key; ``text`` is its base64 without type and comment."""

    key_type: str
    text: str

    @property
    def fingerprint(self) -> str:
        """Give the SHA256 form that ssh prints."""
        digest = hashlib.sha256(base64.b64decode(self.text)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def read(text: str) -> Iterator[tuple[str, PublicKey]]:
    """Give the address and the key of each plain line; whatever else stands there is passed over.

    Args:
        text: A known_hosts file, or what ssh-keyscan printed.
    """
    for line in text.splitlines():
        parts = line.split()
        if len(parts) < len(("address", "type", "key")) or parts[0].startswith(_MARKERS):
            continue
        key = PublicKey(parts[1], parts[2])
        if _is_whole(key):
            for address in filter(is_plain, parts[0].split(",")):
                yield address.lower(), key


def is_plain(address: str) -> bool:
    """Tell whether known_hosts means one machine by an address, with or without a port.

    Commas part several, ``*`` and ``?`` are patterns, ``!`` excludes, ``|`` begins a hash,
    ``@`` a marker and ``#`` a comment; nothing but what addresses are made of passes.
    """
    return bool(_PLAIN.fullmatch(address))


def line(address: str, key_type: str, public_key: str) -> str:
    """Write one line of known_hosts.

    Raises:
        ValueError: If the address would be read as more than one machine.
    """
    if not is_plain(address):
        raise ValueError(address)
    return f"{address} {key_type} {public_key}\n"


def _is_whole(key: PublicKey) -> bool:
    """Tell whether the base64 is a key of the type that stands before it."""
    try:
        blob = base64.b64decode(key.text, validate=True)
    except (binascii.Error, ValueError):
        return False
    length = int.from_bytes(blob[:4], "big")
    return blob[4 : 4 + length] == key.key_type.encode() and len(blob) > 4 + length
