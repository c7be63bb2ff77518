"""What stands on the right side of a comparison: texts, numbers with units, moments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BYTE_UNITS = {
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "pb": 10**15,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
    "tib": 1 << 40,
    "pib": 1 << 50,
}
"""In lower case; in filters the case does not matter."""

TIME_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
"""In the singular; filters may use the plural as well."""

_NUMBER = re.compile(r"(?P<number>[+-]?[0-9]{1,18}(?:\.[0-9]{1,9})?)(?P<unit>[A-Za-z]*)")
_TRUTHS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_MAX_MINUTES = 1_000_000_000


@dataclass(frozen=True)
class Literal:
    """A value that a filter names, in every way in which it can be read.

    Attributes:
        text: As typed.
        number: With its unit counted in; None if it is none.
        sized: Whether the number has a unit of bytes.
        truth: For yes and no; else None.
        moment: A point in time; None if it is none.
        ago: How long before the moment of asking; None if it is none.
    """

    text: str
    number: float | None = None
    sized: bool = False
    truth: bool | None = None
    moment: datetime | None = None
    ago: timedelta | None = None

    def at(self, now: datetime) -> datetime | None:
        """Give the point in time that is meant; None if it lies before all time."""
        if self.ago is None:
            return self.moment
        try:
            return now - self.ago
        except OverflowError:
            return None


def read(text: str) -> Literal:
    """Read one word or quoted text."""
    number, unit = number_and_unit(text)
    size = BYTE_UNITS.get(unit.lower()) if unit else 1
    return Literal(
        text=text,
        number=number * size if number is not None and size is not None else None,
        sized=bool(unit) and size is not None,
        truth=_TRUTHS.get(text.lower()),
        moment=_moment(text),
    )


def number_and_unit(text: str) -> tuple[float | None, str]:
    """Part ``2GiB`` into number and unit; the number is None if there is none."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None, ""
    number = match["number"]
    return (float(number) if "." in number else int(number)), match["unit"]


def duration(number: float, unit: str) -> timedelta | None:
    """Give ``7`` ``days`` as a duration; None if the unit is no unit of time."""
    step = TIME_UNITS.get(unit.lower().removesuffix("s"))
    if step is None or not 0 <= number * (step / TIME_UNITS["minute"]) < _MAX_MINUTES:
        return None
    return step * number


def _moment(text: str) -> datetime | None:
    """Read a date or a date with a time, in UTC unless it says otherwise."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
