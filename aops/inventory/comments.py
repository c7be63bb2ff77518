"""Tells whether people wrote comments into variables, so that none is lost without a word."""

from __future__ import annotations

import re

from aops.core import yaml_text

_PERHAPS = re.compile(r"(?:(?<=\s)|^)#", re.MULTILINE)
_SURELY = re.compile(r"^#", re.MULTILINE)
"""Nothing within a mapping's values stands at the beginning of a line."""

_NO_TEXT_BLOCKS = re.compile(r"[^'\"|>]*")
_MOST = 20
"""Candidates that are looked at in one text; the first is nearly always one."""


def has_comments(text: str) -> bool:
    """Tell whether a text of variables has a comment; a ``#`` within a value is none."""
    if "#" not in text:
        return False
    found = [*_PERHAPS.finditer(text)][:_MOST]
    if found and (_SURELY.search(text) or _NO_TEXT_BLOCKS.fullmatch(text)):
        return True
    return any(_says_nothing(text, one) for one in found)


def _says_nothing(text: str, one: re.Match[str]) -> bool:
    """See whether the text means the same without the rest of a line."""
    rest_of_line = text[one.start() :].partition("\n")[0]
    end = one.start() + len(rest_of_line)
    try:
        meaning = yaml_text.parse_mapping(text)
        rest = yaml_text.parse_mapping(text[: one.start()] + text[end:])
    except yaml_text.YamlError:
        return False
    return repr(meaning) == repr(rest)
