"""Runs inventory scripts in place of Ansible's own function, which keeps all that they print.

What Ansible makes of the answer stays Ansible's; only how a script may behave is decided here.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

from ansible._internal._datatag._tags import TrustedAsTemplate
from ansible.plugins.inventory import script

from .problems import Refused


def install(limit: int) -> None:
    """Let Ansible's ``script`` plugin ask scripts through here.

    Args:
        limit: Bytes that a script may answer.
    """

    def run_command(path: str, options: list[str], origin: Any) -> tuple[Any, str, None]:
        text = _answer([path, *options], limit)
        if options == ["--list"]:
            _check(text)
        return TrustedAsTemplate().tag(origin.tag(text)), "", None

    script.run_command = run_command


def _answer(command: list[str], limit: int) -> str:
    try:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
    except OSError as error:
        raise Refused("script_not_started", reason=error.strerror or "") from None
    with process:
        data = process.stdout.read(limit + 1) if process.stdout else b""
        if len(data) > limit:
            process.kill()
            raise Refused("script_answer_too_big", limit=limit >> 20)
    if process.returncode:
        raise Refused("script_failed", status=process.returncode)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused("script_not_utf8") from None


def _check(text: str) -> None:
    if not text.strip():
        raise Refused("script_silent")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("script_no_json") from None
    if not isinstance(answer, dict):
        raise Refused("script_no_json")
