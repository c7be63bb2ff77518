"""List filters with the same URLs in every language, and with choices from the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import has_request_context
from flask_admin.contrib.sqla import ModelView
from flask_admin.contrib.sqla.filters import FilterEqual
from flask_babel import force_locale

from aops.core.columns import MAX_ID

Choices = Callable[[], list[tuple[str, str]]]


class ReferenceFilter(FilterEqual):
    """Chooses one row of another table by its id.

    Args:
        column: Holds the id.
        name: What the filter is called.
        choices: Gives pairs of id and name; asked in each request, never before.
    """

    def __init__(self, column: Any, name: Any, choices: Choices) -> None:
        super().__init__(column, name)
        self._choices = choices

    def get_options(self, _view: Any) -> list[tuple[str, str]]:
        """Give the choices; none while the application is being built."""
        return self._choices() if has_request_context() else []

    def clean(self, value: Any) -> int:
        """Read an id; ValueError makes Flask-Admin say that the value is not valid."""
        number = int(value)
        if not 0 <= number <= MAX_ID:
            raise ValueError(value)
        return number


class StableFilters(ModelView):
    """A list whose filters Flask-Admin would otherwise fix when the application starts."""

    def get_filter_arg(self, index: int, flt: Any) -> str:
        """Name a filter in the URL: from its English label, whatever the reader's language."""
        with force_locale("en"):
            return str(super().get_filter_arg(index, flt))

    def _get_filter_groups(self) -> Any:
        groups: dict[str, Any] = super()._get_filter_groups() or {}
        known: list[Any] = self._filters or []
        for filters in groups.values():
            for one in filters:
                one["options"] = known[one["index"]].get_options(self)
        return groups
