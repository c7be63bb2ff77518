"""What a check of `flask doctor` raises."""

from __future__ import annotations


class Problem(Exception):  # noqa: N818 - an ordinary answer of a check
    """Something is not as it should be; ``str(problem)`` says what to do."""
