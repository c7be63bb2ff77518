"""Replaces secrets in output before anything is stored.

Also finds them as JSON, HTML, URL, shell and base64 write them. This is best effort
against an author who means to leak: the promises say so.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from urllib.parse import quote, quote_plus

MASK = "********"
MIN_LENGTH = 3
"""Shorter values would blacken the whole log and hide nothing."""

_ENCODED_FROM = 6
"""Encoded forms of shorter values would match by chance."""

_PIECE = 256
_MAX_HELD = 256 * 1024


class Masker:
    """Masks a stream; a secret that is split over two pieces is found all the same.

    Text is held back until its line ends, because no needle holds a line end. A line
    that never ends is let go but for its last characters, where a needle could begin.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        needles = _needles(secrets)
        self._pattern = _pattern_of(needles) if needles else None
        self._longest = max(map(len, needles), default=1)
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
        return self.mask(held[:cut])

    def close(self) -> str:
        """Give what was still held back."""
        held, self._held = self._held, ""
        return self.mask(held)

    def mask(self, text: str) -> str:
        """Mask a text of its own, such as a reason."""
        parts: list[str] = []
        position = 0
        for start, end in self._secrets_in(text):
            parts += (text[position:start], MASK)
            position = end
        return "".join((*parts, text[position:])) if parts else text

    def mask_cut(self, text: str) -> str:
        """Mask a text whose end was cut off, perhaps within a secret: drop that end."""
        return self.mask(text[: self._cut_within_line(text)]) if self._pattern else text

    def _secrets_in(self, text: str, position: int = 0) -> Iterator[tuple[int, int]]:
        """Give the stretches to hide; secrets that touch are one stretch."""
        if self._pattern is None:
            return
        while match := self._pattern.search(text, position):
            start, position = match.span()
            inner = start + 1
            while overlap := self._pattern.search(text, inner, position + self._longest):
                if overlap.start() > position:
                    break
                inner, position = overlap.start() + 1, max(position, overlap.end())
            yield start, position

    def _cut_within_line(self, held: str) -> int:
        cut = max(0, len(held) - self._longest + 1)
        for start, end in self._secrets_in(held, max(0, cut - 2 * self._longest)):
            if start < cut < end:
                return start
        return cut


def _pattern_of(needles: set[str]) -> re.Pattern[str]:
    """Group the needles by their first character: several times faster with a private key."""
    groups = groupby(sorted(needles), key=lambda needle: needle[0])
    return re.compile(
        "|".join(
            re.escape(first)
            + "(?:"
            + "|".join(re.escape(one[1:]) for one in sorted(group, key=len, reverse=True))
            + ")"
            for first, group in groups
        )
    )


def _needles(secrets: Iterable[str]) -> set[str]:
    needles: set[str] = set()
    for secret in secrets:
        for line in secret.splitlines():
            for piece in _pieces(line.strip()):
                needles |= _forms(piece)
    return {needle for needle in needles if len(needle) >= MIN_LENGTH}


def _pieces(line: str) -> Iterator[str]:
    """Cut what is very long: compiling an expression costs the square of its length."""
    return (line[start : start + _PIECE] for start in range(0, len(line), _PIECE))


def _forms(line: str) -> set[str]:
    if len(line) < _ENCODED_FROM:
        return {line}
    as_json = json.dumps(line)[1:-1]
    return {
        line,
        as_json,
        json.dumps(line, ensure_ascii=False)[1:-1],
        json.dumps(as_json)[1:-1],
        html.escape(line),
        line.replace("'", "''"),
        line.replace("'", "'\"'\"'"),
        quote(line),
        quote(line, safe=""),
        quote_plus(line),
        *_base64_forms(line.encode()),
    }


def _base64_forms(raw: bytes) -> set[str]:
    """Give base64 of the value at each of the three positions it can have in a longer text."""
    forms: set[str] = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        forms.add(encode(raw).decode().rstrip("="))
        for shift in range(3):
            encoded = encode(b"\0" * shift + raw).decode().rstrip("=")
            whole = (shift + len(raw)) % 3 == 0  # else its last character depends on what follows
            forms.add(encoded[shift + 1 if shift else 0 : None if whole else -1])
    return {form for form in forms if len(form) >= _ENCODED_FROM}
