"""Public keys for tests: whole ones, made up."""

from __future__ import annotations

import base64

from aops.inventory.known_hosts import PublicKey


def public_key(seed: str, key_type: str = "ssh-ed25519") -> PublicKey:
    """Make a key of that type; the same seed gives the same key."""
    kind = key_type.encode()
    blob = len(kind).to_bytes(4, "big") + kind + seed.encode().ljust(32, b"\0")
    return PublicKey(key_type, base64.b64encode(blob).decode())
