"""Who refers to a thing, asked before it is deleted.

An earlier feature may not import a later one; so the later one registers here how
to find what of its own uses a thing of the earlier one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from aops.core.errors import InUse

Finder = Callable[[Any], list[str]]
_MAX_NAMES = 5
_finders: dict[type, list[Finder]] = defaultdict(list)


def finds_references(model: type) -> Callable[[Finder], Finder]:
    """Register a function that names what uses a row of this model, such as 'template Deploy'."""

    def register(finder: Finder) -> Finder:
        _finders[model].append(finder)
        return finder

    return register


def may_be_used(model: type) -> bool:
    """Tell whether anybody could name a user of such a thing, so that many need not be asked."""
    return bool(_finders.get(model))


def references_to(thing: Any) -> list[str]:
    """Name everything that uses a thing."""
    return [name for finder in _finders[type(thing)] for name in finder(thing)]


def refuse_if_used(thing: Any) -> None:
    """Stop a deletion that would break something else.

    Raises:
        InUse: Naming up to five of the users.
    """
    names = references_to(thing)
    if not names:
        return
    shown = ", ".join(names[:_MAX_NAMES])
    if len(names) > _MAX_NAMES:
        shown = _("%(names)s and %(number)d more", names=shown, number=len(names) - _MAX_NAMES)
    raise InUse(
        _("%(name)s cannot be deleted: it is used by %(users)s.", name=str(thing), users=shown)
    )
