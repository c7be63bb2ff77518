"""The help beside a filter: examples, and all names with what they may be compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from aops.inventory.filters import names
from aops.inventory.filters.names import Kind, Name

KINDS: dict[Kind, Any] = {
    Kind.TEXT: _l("text"),
    Kind.NUMBER: _l("number"),
    Kind.BYTES: _l("size, such as 2 GiB"),
    Kind.BOOLEAN: _l("yes or no"),
    Kind.MOMENT: _l("moment"),
    Kind.RESULT: _l("ok, changed, failed or unreachable"),
    Kind.ANY: _l("anything"),
}

EXAMPLES: tuple[tuple[str, Any], ...] = (
    ("distribution = Debian and memory < 2 GiB", _l("Two conditions, both true")),
    ("label = prod and not group = db", _l("Labels and groups, with the groups above them")),
    ("name ~ web* or name in (db1, db2)", _l("A pattern with * and ?, and a list")),
    ("last_result = failed and last_seen > 7 days ago", _l("What the last run did there, lately")),
    ("last_seen is missing", _l("Hosts that no run ever reached for")),
    ("distribution_version >= 12", _l("Numbers in texts are compared as numbers")),
    ("var.http_port = 80", _l("An effective variable, from groups too")),
    ("fact.mounts.*.fstype = ext4", _l("Any fact by its path, * for each element")),
    ('failed_message ~ "*No space left*"', _l("Texts with blanks or signs stand in quotes")),
)
"""Each with what it shows."""


@dataclass(frozen=True)
class Section:
    """Names of one kind."""

    title: Any
    names: tuple[Name, ...]


SECTIONS = (
    Section(_l("Hosts"), names.OF_HOSTS),
    Section(_l("Facts"), names.OF_FACTS),
)
