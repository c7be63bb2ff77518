"""Every name that a filter may ask for: what it holds, and where it is read from.

The help beside a filter is made from this, so that it never says less or more than
there is.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from aops.inventory.facts import paths, summary

WILDCARD = "*"
"""Stands in a path for each element of a list or each value of a mapping."""


class Kind(StrEnum):
    """What a name holds, and so what it may be compared with."""

    TEXT = "text"
    NUMBER = "number"
    BYTES = "bytes"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    RESULT = "result"
    ANY = "any"


class Source(StrEnum):
    """What has to be read to know a name's value, the cheap ones first."""

    HOST = "host"
    LABELS = "labels"
    GROUPS = "groups"
    RESULTS = "results"
    SUMMARY = "summary"
    VARIABLES = "variables"
    FACTS = "facts"


@dataclass(frozen=True)
class Name:
    """Something that is known of a host.

    Attributes:
        label: What people read in the help.
        path: Names and positions after ``var.`` or ``fact.``; else empty.
    """

    name: str
    kind: Kind
    source: Source
    label: Any = field(default="", compare=False)
    path: tuple[str, ...] = ()

    @property
    def is_set(self) -> bool:
        """Tell whether a host may have many, or none, without anything being unknown."""
        return self.source in {Source.LABELS, Source.GROUPS}


RESULTS = ("ok", "changed", "failed", "unreachable")
"""How a run ends on a host."""

OF_HOSTS = (
    Name("name", Kind.TEXT, Source.HOST, _l("Name of the host")),
    Name("inventory", Kind.TEXT, Source.HOST, _l("Name of its inventory")),
    Name("enabled", Kind.BOOLEAN, Source.HOST, _l("Whether runs see it")),
    Name("description", Kind.TEXT, Source.HOST, _l("Its description")),
    Name("changed_at", Kind.MOMENT, Source.HOST, _l("When it was last edited")),
    Name("label", Kind.TEXT, Source.LABELS, _l("One of its labels")),
    Name("group", Kind.TEXT, Source.GROUPS, _l("One of its groups, or of the groups above them")),
    Name("last_result", Kind.RESULT, Source.RESULTS, _l("How the last run ended there")),
    Name("last_seen", Kind.MOMENT, Source.RESULTS, _l("When a run last reached for it")),
    Name("last_ok", Kind.MOMENT, Source.RESULTS, _l("When a run last ended there well")),
    Name("last_failed", Kind.MOMENT, Source.RESULTS, _l("When a run last failed there")),
    Name("failed_task", Kind.TEXT, Source.RESULTS, _l("The task that failed there last")),
    Name("failed_message", Kind.TEXT, Source.RESULTS, _l("What the failed task said")),
    Name("facts_gathered", Kind.MOMENT, Source.SUMMARY, _l("When its facts were gathered")),
)
OF_FACTS = tuple(
    Name(one.name, Kind(one.kind.value), Source.SUMMARY, one.label) for one in summary.NAMES
)
PREFIXES = {"var": Source.VARIABLES, "fact": Source.FACTS}
_ALIASES = {"groups": "group", "labels": "label"}
_BY_NAME = {one.name: one for one in (*OF_FACTS, *OF_HOSTS)}


def find(text: str) -> Name | None:
    """Look up a name as it was typed; None if there is none."""
    prefix, _dot, path = text.partition(".")
    source = PREFIXES.get(prefix.lower())
    if source is not None and path:
        return Name(text, Kind.ANY, source, path=_parts(path, source))
    known = text.lower()
    return _BY_NAME.get(_ALIASES.get(known, known))


def suggestion(text: str) -> str:
    """Give a sentence that helps with a name that there is not."""
    close = difflib.get_close_matches(text.lower()[:50], [*_BY_NAME, "var.", "fact."], 1)
    if close:
        return str(_("did you mean “%(name)s”?", name=close[0]))
    return str(_("the help beside the filter lists all names."))


def _parts(path: str, source: Source) -> tuple[str, ...]:
    parts = paths.split(path)
    if source is Source.FACTS:
        parts[0] = parts[0].removeprefix("ansible_")
    return tuple(parts)
