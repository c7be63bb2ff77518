"""What a check of `flask doctor` raises when it cannot just say ok."""

from __future__ import annotations


class Finding(Exception):  # noqa: N818 - an ordinary answer of a check
    """``str(finding)`` says what is the matter, and what to do.

    Attributes:
        level: The first word of its line.
        colour: Of that word.
    """

    level = ""
    colour = ""


class Problem(Finding):
    """Something does not work, or soon will not."""

    level = "problem"
    colour = "red"


class Caution(Finding):
    """It works, but somebody should know or decide."""

    level = "warning"
    colour = "yellow"
