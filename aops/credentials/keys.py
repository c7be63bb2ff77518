"""Reads private keys that people paste, and says in a sentence what is wrong with one.

Pure: knows no database and no page. Everything that leaves here beside ``unencrypted``
is public.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from flask_babel import gettext as _

from aops.core.errors import AopsError

MAX_LENGTH = 64_000
"""Longer than any key in use; keeps a pasted file away from the parser."""

_PUBLIC = ("ssh-", "ecdsa-", "sk-", "-----BEGIN PUBLIC KEY", "---- BEGIN SSH2 PUBLIC KEY")
_PUBLIC_RSA = "-----BEGIN RSA PUBLIC KEY"
_DSA = "-----BEGIN DSA PRIVATE KEY"
_SSH_CURVES = {"secp256r1", "secp384r1", "secp521r1"}
_SMALLEST_RSA = 1024

_Key = Ed25519PrivateKey | RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True)
class KeyFacts:
    """What may be shown of a key.

    Attributes:
        public_key: One line, as for authorized_keys.
        fingerprint: ``SHA256:…`` as ssh-keygen prints it.
    """

    public_key: str
    fingerprint: str


def check(private_key: str, passphrase: str | None = None) -> KeyFacts:
    """Prove that a private key can be used.

    Args:
        private_key: OpenSSH or PEM form; line ends and blanks around lines do not matter.
        passphrase: None or "" when the key has none.

    Raises:
        AopsError: At ``private_key`` or ``passphrase``, saying what to do.
    """
    return _facts(_load(private_key, passphrase))


def is_encrypted(private_key: str) -> bool:
    """Tell whether a passphrase is needed to read a key.

    Raises:
        AopsError: If it is no private key.
    """
    text = tidy(private_key)
    _refuse_look_alikes(text)
    return _opens_without_passphrase(text) is None


def tidy(private_key: str) -> str:
    """Give the text with the line ends that OpenSSH wants, and nothing around it."""
    lines = [line.strip() for line in private_key.lstrip("\ufeff").strip().splitlines()]
    return "\n".join(lines) + "\n"


def unencrypted(private_key: str, passphrase: str | None = None) -> str:
    """Give the key in OpenSSH form without passphrase, for the run.

    Raises:
        AopsError: As ``check`` does.
    """
    return _text_of(_load(private_key, passphrase))


def generate_ed25519() -> str:
    """Make a new private key, in OpenSSH form without passphrase."""
    return _text_of(Ed25519PrivateKey.generate())


def _load(private_key: str, passphrase: str | None) -> _Key:
    text = tidy(private_key)
    _refuse_look_alikes(text)
    key = _opens_without_passphrase(text)
    if key is None:
        key = _open(text, passphrase)
    elif passphrase:
        raise AopsError(
            _("This key has no passphrase: leave the passphrase empty."), field="passphrase"
        )
    return _usable(key)


def _usable(key: object) -> _Key:
    if isinstance(key, DSAPrivateKey):
        raise _dsa()
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name not in _SSH_CURVES:
        raise _unsupported()
    if isinstance(key, RSAPrivateKey) and key.key_size < _SMALLEST_RSA:
        raise _refused(_("SSH refuses RSA keys this short. Make a new key, best of type Ed25519."))
    if not isinstance(key, _Key):
        raise _unsupported()
    return key


def _refuse_look_alikes(text: str) -> None:
    """Recognise what people paste by mistake."""
    if len(text) > MAX_LENGTH:
        raise _refused(_("This is too long to be a private key."))
    if text.startswith("PuTTY-User-Key-File"):
        raise _refused(
            _(
                "This is a key in PuTTY's own format. Open it in PuTTYgen, choose "
                "“Conversions”, “Export OpenSSH key”, and paste that."
            )
        )
    if text.startswith("-----BEGIN CERTIFICATE") or "-cert-v01@openssh.com " in text:
        raise _refused(_("This is a certificate. Paste the private key that belongs to it."))
    if text.startswith((*_PUBLIC, _PUBLIC_RSA)):
        raise _refused(
            _("This is the public key. Paste the private one, usually the file without “.pub”.")
        )
    if text.startswith(_DSA) or b"ssh-dss" in _body(text):
        raise _dsa()
    if not (text.startswith("-----BEGIN ") and "PRIVATE KEY-----" in text.splitlines()[0]):
        raise _refused(
            _("This is no private key: one starts with a line “-----BEGIN … PRIVATE KEY-----”.")
        )


def _body(text: str) -> bytes:
    lines = [line for line in text.splitlines() if not line.startswith("-----")]
    try:
        return base64.b64decode("".join(lines), validate=True)
    except ValueError:
        return b""


def _opens_without_passphrase(text: str) -> object | None:
    """Give the key, or None if it wants a passphrase."""
    try:
        return _parse(text, None)
    except TypeError:
        return None
    except UnsupportedAlgorithm as error:
        raise _unsupported() from error
    except ValueError as error:
        raise _refused(
            _("This private key is damaged. Paste all of it, from the BEGIN to the END line.")
        ) from error


def _open(text: str, passphrase: str | None) -> object:
    if not passphrase:
        raise AopsError(
            _("This key is protected by a passphrase: enter it here."), field="passphrase"
        )
    try:
        return _parse(text, passphrase.encode())
    except UnsupportedAlgorithm as error:
        raise _unsupported() from error
    except (ValueError, TypeError) as error:
        raise AopsError(
            _("This passphrase does not open the key, or not all of the key was pasted."),
            field="passphrase",
        ) from error


def _parse(text: str, passphrase: bytes | None) -> object:
    if "OPENSSH" in text.splitlines()[0]:
        return load_ssh_private_key(text.encode(), passphrase)
    return load_pem_private_key(text.encode(), passphrase)


def _facts(key: _Key) -> KeyFacts:
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    fingerprint = base64.b64encode(digest).decode().rstrip("=")
    return KeyFacts(line.decode(), f"SHA256:{fingerprint}")


def _text_of(key: _Key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def _refused(sentence: str) -> AopsError:
    return AopsError(sentence, field="private_key")


def _unsupported() -> AopsError:
    return _refused(_("Keys of this kind cannot be used here. Use Ed25519, RSA or ECDSA."))


def _dsa() -> AopsError:
    return _refused(
        _("DSA keys are too weak, and SSH no longer takes them. Make a new key of type Ed25519.")
    )
