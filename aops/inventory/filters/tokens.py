"""Cuts a filter into words, quoted texts and signs, each with its place.

Apart from the language, so that a message can always say where something stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext as _

from aops.core.errors import AopsError

MAX_LENGTH = 2_000
"""Longest filter; far more than anybody reads."""

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator>!=|!~|<=|>=|==|[=<>~])
      | (?P<open>\()
      | (?P<close>\))
      | (?P<comma>,)
      | (?P<word>[^\s()<>=!~,"']+)
      | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted"
    OPERATOR = "operator"
    OPEN = "open"
    CLOSE = "close"
    COMMA = "comma"
    END = "end"


@dataclass(frozen=True)
class Token:
    """A piece of a filter.

    Attributes:
        text: Without its quotes.
        position: Of its first character; the first of all is 1.
    """

    kind: Kind
    text: str
    position: int

    def says(self, *words: str) -> bool:
        """Tell whether this is one of the language's own words, in any case and unquoted."""
        return self.kind is Kind.WORD and self.text.lower() in words


class FilterError(AopsError):
    """A filter that cannot be understood; the sentence says where and what was expected.

    Attributes:
        position: Of the character to look at, from 1.
    """

    def __init__(self, sentence: str, position: int) -> None:
        super().__init__(
            _("At character %(n)d: %(sentence)s", n=position, sentence=sentence), field="query"
        )
        self.position = position


def tokens(text: str) -> list[Token]:
    """Cut a filter into its pieces; the last one is the end.

    Raises:
        FilterError: If a quote is not closed, or a sign means nothing.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(
            _("a filter may have at most %(n)d characters.", n=MAX_LENGTH), MAX_LENGTH + 1
        )
    found: list[Token] = []
    place = 0
    while not found or found[-1].kind is not Kind.END:
        match = _TOKEN.match(text, place)
        if match is None:
            raise _unreadable(text, place)
        found.append(_token(match))
        place = match.end()
    return found


def _token(match: re.Match[str]) -> Token:
    kind = Kind(str(match.lastgroup))
    text = match[kind.value]
    if kind is Kind.QUOTED:
        text = _ESCAPED.sub(r"\1", text[1:-1])
    return Token(kind, text, match.start(kind.value) + 1)


def _unreadable(text: str, place: int) -> FilterError:
    place += len(text[place:]) - len(text[place:].lstrip())
    sign = text[place]
    if sign in "\"'":
        return FilterError(_("the quote %(sign)s is not closed.", sign=sign), place + 1)
    return FilterError(
        _("“%(sign)s” means nothing here; put texts with signs in quotes.", sign=sign), place + 1
    )
