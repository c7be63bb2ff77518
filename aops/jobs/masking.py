"""Replaces secrets in output before anything is stored.

Also finds them as JSON, URL, shell and base64 write them. This is best effort against
an author who means to leak: the promises say so.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "********"
MIN_LENGTH = 3
"""Shorter values would blacken the whole log and hide nothing."""

_ENCODED_FROM = 6
"""Encoded forms of shorter values would match by chance."""

_MAX_HELD = 256 * 1024


class Masker:
    """Masks a stream; a secret that is split over two pieces is found all the same.

    Text is held back until its line ends, because no needle holds a line end. A line
    that never ends is let go but for its last characters, where a needle could begin.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        needles = sorted(_needles(secrets), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, needles))) if needles else None
        self._longest = len(needles[0]) if needles else 1
        self._held = ""

    def feed(self, text: str) -> str:
        """Take the next piece and give what is safe to pass on."""
        if self._pattern is None:
            return text
        held = self._held + text
        cut = held.rfind("\n") + 1
        if len(held) - cut > _MAX_HELD:
            cut = self._cut_within_line(held)
        self._held = held[cut:]
        return self._pattern.sub(MASK, held[:cut])

    def close(self) -> str:
        """Give what was still held back."""
        held, self._held = self._held, ""
        return self._pattern.sub(MASK, held) if self._pattern else held

    def mask(self, text: str) -> str:
        """Mask a text of its own, such as a reason."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def _cut_within_line(self, held: str) -> int:
        cut = len(held) - self._longest + 1
        assert self._pattern is not None  # noqa: S101 - only called when there is one
        for match in self._pattern.finditer(held, max(0, cut - self._longest)):
            if match.start() < cut < match.end():
                return match.start()
        return cut


def _needles(secrets: Iterable[str]) -> set[str]:
    needles: set[str] = set()
    for secret in secrets:
        for line in secret.splitlines():
            needles |= _forms(line.strip())
    return {needle for needle in needles if len(needle) >= MIN_LENGTH}


def _forms(line: str) -> set[str]:
    if len(line) < _ENCODED_FROM:
        return {line}
    as_json = json.dumps(line)[1:-1]
    return {
        line,
        as_json,
        json.dumps(line, ensure_ascii=False)[1:-1],
        json.dumps(as_json)[1:-1],
        line.replace("'", "''"),
        shlex.quote(line),
        quote(line, safe=""),
        quote_plus(line),
        *_base64_forms(line.encode()),
    }


def _base64_forms(raw: bytes) -> set[str]:
    """Give base64 of the value at each of the three positions it can have in a longer text."""
    forms = {base64.b64encode(raw).decode().rstrip("=")}
    for shift in (1, 2):
        encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        forms.add(encoded[shift + 1 : -1])
    forms |= {base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    return {form for form in forms if len(form) >= _ENCODED_FROM}
