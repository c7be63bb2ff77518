"""Errors that are sentences for people; pages show them as they are."""

from __future__ import annotations


class AopsError(Exception):
    """Something was refused; ``str(error)`` is a translated sentence saying what to do.

    Attributes:
        field: Name of the form field that it belongs to; None for the form as a whole.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class InUse(AopsError):  # noqa: N818 - reads as what happened
    """The thing cannot be deleted while others refer to it; the message names them."""
