"""The language of filters: ``distribution = Debian and memory < 2 GiB``.

A filter joins conditions with ``and``, ``or``, ``not`` and parentheses. A condition is a
name (``filters.names``), a comparison (``=`` ``!=`` ``<`` ``<=`` ``>`` ``>=``, ``~`` and
``!~`` for patterns with * and ?) and a value; ``name in (a, b)``, or ``name is missing``.
Texts with blanks or signs stand in quotes. Sizes have units (``2 GiB``), and moments are
``7 days ago`` or ``2026-01-31``. Case does not matter.

Reading gives plain data, which ``filters.evaluation`` answers in Python: no filter ever
becomes a piece of SQL.
"""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _

from aops.inventory.filters import literals, names
from aops.inventory.filters.expressions import (
    ORDERS,
    All,
    Any,
    Condition,
    Expression,
    Not,
    Operator,
)
from aops.inventory.filters.literals import Literal
from aops.inventory.filters.names import Kind, Name
from aops.inventory.filters.tokens import FilterError, Token, tokens
from aops.inventory.filters.tokens import Kind as TokenKind

MAX_DEPTH = 30
"""How deep parentheses may stand in each other."""

MAX_STARS = 8
"""How often paths may ask about all elements; each may lead through all facts of a host."""

_SAMENESS = frozenset({Operator.EQUAL, Operator.UNEQUAL, Operator.IN, Operator.NOT_IN})
_PATTERNS = frozenset({Operator.LIKE, Operator.UNLIKE})
_ALLOWED = {
    Kind.TEXT: _SAMENESS | _PATTERNS | ORDERS,
    Kind.NUMBER: _SAMENESS | ORDERS,
    Kind.BYTES: _SAMENESS | ORDERS,
    Kind.BOOLEAN: frozenset({Operator.EQUAL, Operator.UNEQUAL}),
    Kind.MOMENT: ORDERS,
    Kind.RESULT: _SAMENESS,
    Kind.ANY: _SAMENESS | _PATTERNS | ORDERS,
}


def parse(text: str) -> Expression:
    """Read a filter.

    Raises:
        FilterError: With the place and what was expected there.
    """
    return _Parser(tokens(text)).parse()


class _Parser:
    """Descends through ``or``, ``and``, ``not``, parentheses and conditions."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = iter(found)
        self._token = next(self._tokens)
        self._depth = 0
        self._stars = 0

    def parse(self) -> Expression:
        if self._at_end():
            raise self._error(_("write a condition, such as enabled = yes."))
        expression = self._any()
        if not self._at_end():
            raise self._error(
                _("“and”, “or” or the end was expected, not “%(text)s”.", text=self._token.text)
            )
        return expression

    def _any(self) -> Expression:
        parts = [self._all()]
        while self._token.says("or"):
            self._next()
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _all(self) -> Expression:
        parts = [self._one()]
        while self._token.says("and"):
            self._next()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Expression:
        if self._depth == MAX_DEPTH:
            raise self._error(_("this is nested too deeply."))
        self._depth += 1
        try:
            if self._token.says("not"):
                self._next()
                return Not(self._one())
            if self._token.kind is TokenKind.OPEN:
                return self._parenthesis()
            return self._condition()
        finally:
            self._depth -= 1

    def _parenthesis(self) -> Expression:
        opened = self._next()
        expression = self._any()
        self._expect(TokenKind.CLOSE, _("the parenthesis is not closed."), at=opened)
        return expression

    def _condition(self) -> Condition:
        name = self._name()
        if self._token.says("is"):
            return self._missing(name)
        return self._comparison(name)

    def _name(self) -> Name:
        token = self._token
        if token.kind is not TokenKind.WORD or token.says("and", "or", "in", "is"):
            raise self._error(_("the name of something known of hosts was expected."))
        name = names.find(token.text)
        if name is None:
            raise self._error(
                _("“%(name)s” is no name that filters know;", name=token.text)
                + f" {names.suggestion(token.text)}"
            )
        self._stars += name.path.count(names.WILDCARD)
        if self._stars > MAX_STARS:
            raise self._error(_("paths may have at most %(n)d “*” together.", n=MAX_STARS))
        self._next()
        return name

    def _missing(self, name: Name) -> Condition:
        self._next()
        negated = self._token.says("not")
        if negated:
            self._next()
        if not self._token.says("missing"):
            raise self._error(_("“missing” or “not missing” was expected after “is”."))
        self._next()
        return Condition(name, Operator.PRESENT if negated else Operator.MISSING)

    def _comparison(self, name: Name) -> Condition:
        token = self._token
        operator = self._operator(name)
        if operator not in _ALLOWED[name.kind]:
            allowed = " ".join(one for one in Operator if one in _ALLOWED[name.kind])
            raise FilterError(
                _(
                    "“%(name)s” cannot be compared by “%(sign)s”; use one of: %(allowed)s.",
                    name=name.name,
                    sign=operator.value,
                    allowed=allowed,
                ),
                token.position,
            )
        if operator in {Operator.IN, Operator.NOT_IN}:
            return Condition(name, operator, self._list(name))
        return Condition(name, operator, (self._value(name),))

    def _operator(self, name: Name) -> Operator:
        token = self._token
        if token.kind is TokenKind.OPERATOR:
            self._next()
            return Operator(token.text if token.text != "==" else "=")
        negated = token.says("not")
        if negated:
            self._next()
        if not self._token.says("in"):
            raise self._error(
                _("a comparison such as = or < was expected after “%(name)s”.", name=name.name)
            )
        self._next()
        return Operator.NOT_IN if negated else Operator.IN

    def _list(self, name: Name) -> tuple[Literal, ...]:
        opened = self._token
        self._expect(TokenKind.OPEN, _("values in parentheses were expected after “in”."))
        values = [self._value(name)]
        while self._token.kind is TokenKind.COMMA:
            self._next()
            values.append(self._value(name))
        self._expect(TokenKind.CLOSE, _("the parenthesis is not closed."), at=opened)
        return tuple(values)

    def _value(self, name: Name) -> Literal:
        token = self._token
        if token.kind not in {TokenKind.WORD, TokenKind.QUOTED} or token.says("and", "or"):
            raise self._error(_("a value was expected."))
        self._next()
        literal = literals.read(token.text)
        if name.kind is Kind.MOMENT:
            literal = self._ago(literal)
        elif name.kind in {Kind.BYTES, Kind.ANY} and token.kind is TokenKind.WORD:
            literal = self._sized(literal)
        problem = _problem(name, literal)
        if problem:
            raise FilterError(problem, token.position)
        return literal

    def _sized(self, literal: Literal) -> Literal:
        """Take in a unit that stands apart: ``2 GiB``."""
        factor = literals.BYTE_UNITS.get(self._token.text.lower())
        if literal.number is None or literal.sized or not factor or not self._is_word():
            return literal
        unit = self._next()
        text = f"{literal.text} {unit.text}"
        return replace(literal, text=text, number=literal.number * factor, sized=True)

    def _ago(self, literal: Literal) -> Literal:
        """Take in the rest of ``7 days ago``, or of ``7days ago``."""
        number, unit = literals.number_and_unit(literal.text)
        if number is None:
            return literal
        if not unit and self._is_word():
            unit = self._next().text
        passed = literals.duration(number, unit)
        if passed is None or not self._token.says("ago"):
            return replace(literal, moment=None)
        self._next()
        return replace(literal, ago=passed)

    def _at_end(self) -> bool:
        return self._token.kind is TokenKind.END

    def _is_word(self) -> bool:
        return self._token.kind is TokenKind.WORD

    def _next(self) -> Token:
        """Go on, and give the token that was read."""
        token = self._token
        self._token = next(self._tokens, token)
        return token

    def _expect(self, kind: TokenKind, sentence: str, *, at: Token | None = None) -> None:
        if self._token.kind is not kind:
            if at is not None and self._token.kind is TokenKind.END:
                raise FilterError(sentence, at.position)
            raise self._error(sentence)
        self._next()

    def _error(self, sentence: str) -> FilterError:
        return FilterError(sentence, self._token.position)


def _problem(name: Name, literal: Literal) -> str:
    """Say why a value does not fit to a name; "" when it does."""
    sentence: str = ""
    match name.kind:
        case Kind.NUMBER if literal.number is None or literal.sized:
            sentence = _("“%(name)s” is a number, such as 4.", name=name.name)
        case Kind.BYTES if literal.number is None:
            sentence = _("“%(name)s” is a size, such as 2 GiB.", name=name.name)
        case Kind.BOOLEAN if literal.truth is None:
            sentence = _("“%(name)s” is either yes or no.", name=name.name)
        case Kind.MOMENT if literal.moment is None and literal.ago is None:
            sentence = _(
                "“%(name)s” is a moment, such as 7 days ago or 2026-01-31.", name=name.name
            )
        case Kind.RESULT if literal.text.lower() not in names.RESULTS:
            allowed = ", ".join(names.RESULTS)
            sentence = _("“%(name)s” is one of: %(allowed)s.", name=name.name, allowed=allowed)
    return sentence
