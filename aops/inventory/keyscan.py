"""Asks a machine for its SSH host keys; the only module that calls ssh-keyscan."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from enum import StrEnum

from aops.inventory import known_hosts
from aops.inventory.known_hosts import PublicKey

TIMEOUT = 10
"""Seconds for all; a machine that drops packets costs no more."""

_CONNECT_TIMEOUT = 5
_TYPES = "ed25519,ecdsa,rsa"


class ScanProblem(StrEnum):
    """Why a fetch brought no key; stored by value, worded where it is shown."""

    NONE = ""
    """It did bring keys."""

    NO_ADDRESS = "no_address"
    """The address comes from a template or a vaulted value."""

    BAD_ADDRESS = "bad_address"
    """What stands where the address belongs, such as a name with a comma, is none."""

    NO_PROGRAM = "no_program"
    """ssh-keyscan is not installed where the worker runs."""

    UNKNOWN_NAME = "unknown_name"
    """The name has no address."""

    NO_ANSWER = "no_answer"
    """Nothing listens there, or packets are dropped; ssh-keyscan does not tell which."""

    NO_KEYS = "no_keys"
    """Something answered, and not with the keys of an SSH server."""


@dataclass(frozen=True)
class Scan:
    """What a fetch brought: keys, or a problem."""

    keys: tuple[PublicKey, ...] = ()
    problem: ScanProblem = ScanProblem.NONE


_UNKNOWN_NAME = ("not known", "name resolution", "No address associated")


def scan(address: str | None, port: int, *, timeout: float = TIMEOUT) -> Scan:
    """Fetch the host keys that a machine shows to anybody.

    Args:
        address: A host name or IP address; None where only a run can know it. ssh-keyscan
            takes a list of several, which is refused.
        port: From 1 to 65535.
        timeout: Seconds after which the attempt is given up.
    """
    if address is None:
        return Scan(problem=ScanProblem.NO_ADDRESS)
    if not known_hosts.is_plain(address):
        return Scan(problem=ScanProblem.BAD_ADDRESS)
    program = shutil.which("ssh-keyscan")
    if program is None:
        return Scan(problem=ScanProblem.NO_PROGRAM)
    command = [program, "-T", str(_CONNECT_TIMEOUT), "-p", str(port), "-t", _TYPES, "--", address]
    try:
        answer = subprocess.run(  # noqa: S603 - a list, and the address stands after "--"
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        return Scan(problem=ScanProblem.NO_ANSWER)
    found = dict.fromkeys(key for _name, key in known_hosts.read(_text(answer.stdout)))
    return Scan(keys=tuple(found)) if found else Scan(problem=_problem(_text(answer.stderr)))


def _problem(complaint: str) -> ScanProblem:
    if not complaint.strip():
        return ScanProblem.NO_ANSWER
    if any(sign in complaint for sign in _UNKNOWN_NAME):
        return ScanProblem.UNKNOWN_NAME
    return ScanProblem.NO_KEYS


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")
