"""Answers a filter for one host after another.

An answer is True, False or None: what is not known is neither like nor unlike anything,
so a host of which something is missing matches neither a condition nor its ``not``. Only
``is missing`` finds it. Labels and groups are never unknown; a host may just have none.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aops.core import clock
from aops.core.yaml_text import VaultText
from aops.inventory.filters import expressions
from aops.inventory.filters.expressions import Condition, Expression, Not, Operator
from aops.inventory.filters.literals import Literal
from aops.inventory.filters.names import WILDCARD, Kind, Name, Source

Answer = bool | None
_Test = Callable[[Any], bool]
_MIB = 1 << 20
_NO_VALUES = (dict, list, VaultText)
_NEGATIONS = {
    Operator.UNEQUAL: Operator.EQUAL,
    Operator.UNLIKE: Operator.LIKE,
    Operator.NOT_IN: Operator.IN,
}
_PIECES = re.compile(r"[0-9]+|[^0-9]+")


@dataclass(slots=True)
class Known:
    """What is known of a host, as far as a filter asks.

    Attributes:
        values: By the filter's names; what is missing is not there, None or "".
        summary: JSON text of the named facts, read when first asked for.
    """

    values: dict[str, Any]
    summary: str | None = None
    labels: Sequence[str] = ()
    groups: Sequence[str] = ()
    facts: Any = None
    variables: dict[str, Any] | None = None

    def fact(self, name: str) -> Any:
        """Give a fact that has a name of its own; None if it is missing."""
        if self.summary is not None:
            self.values |= _mapping(self.summary)
            self.summary = None
        return self.values.get(name)


def compiled(expression: Expression, now: datetime) -> Callable[[Known], Answer]:
    """Make a function that answers the filter for a host.

    Args:
        expression: From ``language.parse``.
        now: What ``7 days ago`` counts from.
    """
    match expression:
        case Condition():
            return _condition(expression, now)
        case Not():
            return _negated(compiled(expression.part, now))
        case expressions.All():
            return _joined([compiled(part, now) for part in expression.parts], stop=False)
        case expressions.Any():
            return _joined([compiled(part, now) for part in expression.parts], stop=True)


def choice(conditions: Iterable[Condition], source: Source) -> Callable[[str], bool] | None:
    """Tell which labels or groups a filter asks about; None means that it asks about all."""
    tests: list[_Test] = []
    for condition in conditions:
        if condition.name.source is source:
            if not condition.values:
                return None
            tests += [_test(condition, value) for value in condition.values]
    return lambda name: any(test(name) for test in tests)


def _mapping(text: str) -> dict[str, Any]:
    found = json.loads(text)
    return found if isinstance(found, dict) else {}


def _negated(part: Callable[[Known], Answer]) -> Callable[[Known], Answer]:
    def answer(host: Known) -> Answer:
        found = part(host)
        return None if found is None else not found

    return answer


def _joined(parts: list[Callable[[Known], Answer]], *, stop: bool) -> Callable[[Known], Answer]:
    """Stop at the first part that decides; what is unknown decides only if nothing else does."""

    def answer(host: Known) -> Answer:
        result: Answer = not stop
        for part in parts:
            found = part(host)
            if found is stop:
                return stop
            if found is None:
                result = None
        return result

    return answer


def _condition(condition: Condition, now: datetime) -> Callable[[Known], Answer]:
    values_of, name = _reader(condition.name), condition.name
    if condition.operator in {Operator.MISSING, Operator.PRESENT}:
        wanted = condition.operator is Operator.PRESENT
        return lambda host: bool(values_of(host)) is wanted
    negated = condition.operator in _NEGATIONS
    tests = [_test(condition, value, now) for value in condition.values]

    def answer(host: Known) -> Answer:
        values = values_of(host)
        if not values and not name.is_set:
            return None
        return any(test(value) for value in values for test in tests) is not negated

    return answer


def _reader(name: Name) -> Callable[[Known], Sequence[Any]]:
    """Give the values of a name; several for labels, groups and lists, none if it is missing."""
    match name.source:
        case Source.LABELS:
            return lambda host: host.labels
        case Source.GROUPS:
            return lambda host: host.groups
        case Source.FACTS:
            return lambda host: found_at(host.facts, name.path)
        case Source.VARIABLES:
            return lambda host: found_at(host.variables, name.path)
    key = name.name

    def values(host: Known) -> Sequence[Any]:
        value = host.fact(key) if name.source is Source.SUMMARY else host.values.get(key)
        return () if value is None or value == "" else (value,)

    return values


def found_at(data: Any, path: Iterable[str]) -> list[Any]:
    """Follow a path, into each element where it says ``*``; a list at its end is its elements.

    What is encrypted is not known.
    """
    found = [data]
    for part in path:
        found = [below for value in found for below in _step(value, part)]
    ends = (one for value in found for one in (value if isinstance(value, list) else [value]))
    return [one for one in ends if one is not None and not isinstance(one, _NO_VALUES)]


def _step(value: Any, part: str) -> Iterable[Any]:
    match value:
        case dict() if part == WILDCARD:
            return list(value.values())
        case list() if part == WILDCARD:
            return value
        case dict() if part in value:
            return (value[part],)
        case list() if part.isdecimal() and len(part) < len("1000000000"):
            return value[int(part) : int(part) + 1]
    return ()


def _test(condition: Condition, literal: Literal, now: datetime | None = None) -> _Test:
    operator = _NEGATIONS.get(condition.operator, condition.operator)
    if condition.name.kind is Kind.MOMENT:
        return _moment_test(operator, literal.at(now or clock.now()))
    if operator is Operator.LIKE:
        return _glob(literal.text)
    factor = _MIB if literal.sized and condition.name.name.lower().endswith("_mb") else 1
    if operator in expressions.ORDERS:
        return _order(operator, literal, factor)
    return _same(literal, factor)


def _same(literal: Literal, factor: int) -> _Test:
    text, number, truth = literal.text.casefold(), literal.number, literal.truth

    def test(value: Any) -> bool:
        if isinstance(value, bool):
            return value is truth
        if isinstance(value, int | float):
            return number is not None and value * factor == number
        return str(value).casefold() == text

    return test


def _glob(pattern: str) -> _Test:
    expression = re.compile(fnmatch.translate(pattern.casefold()))
    return lambda value: expression.match(str(value).casefold()) is not None


def _order(operator: Operator, literal: Literal, factor: int) -> _Test:
    number, pieces = literal.number, _pieces(literal.text)

    def test(value: Any) -> bool:
        if isinstance(value, bool):
            return False
        if isinstance(value, int | float):
            return number is not None and _holds(operator, value * factor, number)
        return _holds(operator, _pieces(str(value)), pieces)

    return test


def _moment_test(operator: Operator, moment: datetime | None) -> _Test:
    limit = moment or datetime.min.replace(tzinfo=UTC)
    return lambda value: isinstance(value, datetime) and _holds(operator, value, limit)


def _holds(operator: Operator, left: Any, right: Any) -> bool:
    match operator:
        case Operator.LESS:
            return bool(left < right)
        case Operator.LESS_OR_EQUAL:
            return bool(left <= right)
        case Operator.GREATER:
            return bool(left > right)
        case _:
            return bool(left >= right)


def _pieces(text: str) -> list[tuple[int, int, str]]:
    """Cut a text so that numbers in it are compared as numbers: 9.10 comes after 9.9."""
    return [_piece(piece) for piece in _PIECES.findall(text.casefold())]


def _piece(piece: str) -> tuple[int, int, str]:
    if not piece[0].isascii() or not piece[0].isdigit():
        return 1, 0, piece
    digits = piece.lstrip("0")
    return 0, len(digits), digits
