"""Finds out how a text is encoded, and says what was assumed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from .problems import Note, Refused

_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_PLACE = re.compile(r"\{[{%][^{}]*\b(inventory_dir|inventory_file)\b")
_COMMENT = re.compile(
    r"""^\s*[#;]|^(?:[^#'"\n]|(?<=\w)'|(?<=\S)\#|'[^'\n]*+'|"(?:\\.|[^"\\\n])*+")*+(?<=\s)\#""",
    re.MULTILINE,
)
"""A sign at the beginning of a line, or behind a blank and outside of quotes."""


def decode(content: bytes, name: str, notes: list[Note]) -> str:
    """Turn bytes into text, with a note where they were not plain UTF-8.

    Raises:
        Refused: If that is no text.
    """
    for bom, encoding, shown in _BOMS:
        if content.startswith(bom):
            if encoding != "utf-8":
                notes.append(("decoded", {"file": name, "encoding": shown}))
            return _strictly(content[len(bom) :], encoding, name)
    if b"\0" in content:
        text = _strictly(content, _wide(content[:4096]), name)
        notes.append(("decoded", {"file": name, "encoding": "UTF-16"}))
        return text
    try:
        return content.decode()
    except UnicodeDecodeError:
        notes.append(("guessed_encoding", {"file": name, "encoding": "Windows-1252"}))
        return content.decode("cp1252", "replace")


def note_comments(texts: Iterable[str], notes: list[Note]) -> None:
    """Add one note if there are comments, which no inventory of rows can keep."""
    if any(_COMMENT.search(text) for text in texts):
        notes.append(("comments", {}))


def note_places(texts: Iterable[str], notes: list[Note]) -> None:
    """Add a note for each variable in a template that names where the inventory lies on disk."""
    found = {name for text in texts for name in _PLACE.findall(text)}
    notes.extend(("place_used", {"variable": name}) for name in sorted(found))


def _wide(beginning: bytes) -> str:
    """Tell which UTF-16 it may be: there, every second byte of plain letters is zero.

    A zero here and there is of no text at all, which reading it as UTF-8 then shows.
    """
    for encoding, zeros in (("utf-16-le", beginning[1::2]), ("utf-16-be", beginning[::2])):
        count = zeros.count(0)
        if count == beginning.count(0) and count * 8 >= len(zeros):
            return encoding
    return "utf-8"


def _strictly(content: bytes, encoding: str, name: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise Refused("not_text", file=name) from None
    if "\0" in text:
        raise Refused("not_text", file=name)
    return text
