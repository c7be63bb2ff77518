"""Passwords of vaults, and files and folders that they encrypt."""

from __future__ import annotations

import io
import tarfile

from ansible.parsing.vault import VaultLib, VaultSecret

from aops.execution.spec import VaultPassword

PASSWORDS = {"default": "first-password", "prod": "second-password"}
VAULTS = [VaultPassword(*one) for one in PASSWORDS.items()]


def sealed(text: str, vault_id: str = "default") -> bytes:
    secret = VaultSecret(PASSWORDS[vault_id].encode())
    found: bytes = VaultLib().encrypt(text, secret=secret, vault_id=vault_id)
    return found


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()
