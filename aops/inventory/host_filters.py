"""What the list of hosts is narrowed to and sorted by, as it stands in its URL.

The same filters travel through bulk actions and exports, so that "all that match" means the
same everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from aops.core.columns import MAX_ID

PAGE_SIZES = (25, 50, 100, 200)
PAGE_SIZE = 50
SORTS = ("name", "changed", "last")
LAST = ("ok", "changed", "failed", "unreachable", "never")
KEYS = ("unknown", "to_check", "changed", "accepted")

_MAX_TEXT = 200
_MAX_QUERY = 2_000
MAX_HOSTS = 200
"""Certain hosts in one address, which must stay short of 4 KiB."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_OLD_NAME = re.compile(r"flt\d*_(inventory|group|enabled)_equals")
_OLD = {"inventory": "inventory", "group": "group_id", "enabled": "enabled"}


@dataclass(frozen=True)
class Filters:
    """What the hosts have in common; "" and None narrow nothing.

    Attributes:
        search: Part of the name or the description; with ``variables`` of those too.
        group: Name of a group, in whichever inventory; its child groups count.
        group_id: One certain group, with its child groups.
        enabled: ``1`` or ``0``.
        last: How the last run ended there; ``never`` is without any.
        keys: What is known of the SSH keys.
        source: The dynamic source that they come from.
        filter: In the language of ``filters.language``.
        saved: A filter that was saved under a name.
        host: Certain hosts, such as those that were ticked.
        size: Rows on a page.
        after: Key of the row before the page; ``before`` that of the row behind it.
    """

    search: str = ""
    variables: bool = False
    inventory: int | None = None
    group: str = ""
    group_id: int | None = None
    label: str = ""
    enabled: str = ""
    last: tuple[str, ...] = ()
    keys: str = ""
    source: int | None = None
    filter: str = ""
    saved: int | None = None
    host: tuple[int, ...] = ()
    sort: str = "name"
    desc: bool = False
    size: int = PAGE_SIZE
    after: str = ""
    before: str = ""

    @classmethod
    def read(cls, arguments: MultiDict[str, str]) -> Filters:
        """Read them from a URL; what cannot be understood narrows nothing."""
        given = _with_old_names(arguments)
        return cls(
            search=_text(given.get("search", "")),
            variables=given.get("variables") == "1",
            inventory=_number(given.get("inventory", "")),
            group=_text(given.get("group", "")),
            group_id=_number(given.get("group_id", "")),
            label=_text(given.get("label", "")),
            enabled=_one_of(given.get("enabled", ""), ("1", "0")),
            last=tuple(word for word in LAST if word in given.getlist("last")),
            keys=_one_of(given.get("keys", ""), KEYS),
            source=_number(given.get("source", "")),
            filter=_CONTROL.sub(" ", given.get("filter", "")).strip()[:_MAX_QUERY].strip(),
            saved=_number(given.get("saved", "")),
            host=_numbers(given.getlist("host")),
            sort=_one_of(given.get("sort", ""), SORTS) or "name",
            desc=given.get("desc") == "1",
            size=_size(given.get("page_size", "")),
            after=_text(given.get("after", ""), _MAX_TEXT * 2),
            before=_text(given.get("before", ""), _MAX_TEXT * 2),
        )

    @property
    def narrowing(self) -> bool:
        """Tell whether anything is filtered; order and page are no filters."""
        return self.condition != Filters()

    @property
    def condition(self) -> Filters:
        """Give only what narrows, without order and page."""
        return replace(self, sort="name", desc=False, size=PAGE_SIZE, after="", before="")

    @property
    def keeps(self) -> bool:
        """Tell whether the same hosts match until an inventory changes; runs change results."""
        return not (self.last or self.keys or self.source or self.filter or self.saved)

    def query(self, **changes: Any) -> str:
        """Write them as a query string with some of them changed, from the first page on."""
        wanted = replace(self, **({"after": "", "before": ""} | changes))
        return urlencode(wanted.pairs(), errors="replace")

    def pairs(self) -> list[tuple[str, str]]:
        """Give names and values as a form or a URL carries them; what is usual is left out."""
        found: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default:
                continue
            name = "page_size" if field.name == "size" else field.name
            values = value if isinstance(value, tuple) else (value,)
            found += [(name, "1" if one is True else str(one)) for one in values]
        return found


def _with_old_names(arguments: MultiDict[str, str]) -> MultiDict[str, str]:
    """Understand links to the list as it once was, such as ``flt0_inventory_equals=3``."""
    given = MultiDict(arguments)
    for name, value in arguments.items():
        match = _OLD_NAME.fullmatch(name)
        if match:
            given.setdefault(_OLD[match[1]], value)
    return given


def _text(text: str, longest: int = _MAX_TEXT) -> str:
    """Drop what no name holds and no page may show, such as a NUL."""
    return _CONTROL.sub("", text).strip()[:longest].strip()


def _one_of(text: str, known: tuple[str, ...]) -> str:
    return text if text in known else ""


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()):
        return None
    number = int(text[:12])
    return number if number <= MAX_ID else None


def _numbers(texts: list[str]) -> tuple[int, ...]:
    found = (_number(text) for text in texts[:MAX_HOSTS])
    return tuple(sorted({number for number in found if number is not None}))


def _size(text: str) -> int:
    number = _number(text)
    return number if number in PAGE_SIZES else PAGE_SIZE
