"""What a filter says, as plain data: conditions, and how they are joined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from aops.inventory.filters.literals import Literal
from aops.inventory.filters.names import Name


class Operator(StrEnum):
    """How a value is compared."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LIKE = "~"
    UNLIKE = "!~"
    IN = "in"
    NOT_IN = "not in"
    MISSING = "is missing"
    PRESENT = "is not missing"


ORDERS = frozenset(
    {Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL}
)


@dataclass(frozen=True)
class Condition:
    """One comparison; ``values`` is empty where it is asked whether something is missing."""

    name: Name
    operator: Operator
    values: tuple[Literal, ...] = ()


@dataclass(frozen=True)
class All:
    """True where each part is."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Any:
    """True where one part is."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Not:
    """True where the part is false."""

    part: Expression


Expression = Condition | All | Any | Not


def conditions(expression: Expression) -> Iterator[Condition]:
    """Give every condition of a filter, in order."""
    match expression:
        case Condition():
            yield expression
        case Not():
            yield from conditions(expression.part)
        case All() | Any():
            for part in expression.parts:
                yield from conditions(part)
