"""Reads and writes the words on hosts: which ones there may be, and how they are typed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask_babel import gettext as _

from aops.core.errors import AopsError
from aops.inventory.models import Host, HostLabel

MAX_LENGTH = 50
MAX_LABELS = 50
"""On one host; a page still shows them all."""

_LABEL = re.compile(r"[\w.:/-]+")


def parse(text: str) -> list[str]:
    """Read labels parted by commas or blanks; each once, in alphabetical order.

    Raises:
        AopsError: At the field ``labels``, naming the one that cannot be a label.
    """
    found = sorted({part for part in re.split(r"[,\s]+", text) if part})
    for label in found:
        check(label)
    if len(found) > MAX_LABELS:
        raise AopsError(
            _("A host can have at most %(n)d labels.", n=MAX_LABELS),
            field="labels",
        )
    return found


def check(label: str) -> None:
    """Refuse what cannot be a label.

    Raises:
        AopsError: At the field ``labels``.
    """
    if not _LABEL.fullmatch(label) or len(label) > MAX_LENGTH:
        raise AopsError(
            _(
                "“%(label)s” cannot be a label. Use letters, digits and . _ - : /, at most "
                "%(n)d characters.",
                label="".join(sign if sign.isprintable() else "�" for sign in label[:MAX_LENGTH]),
                n=MAX_LENGTH,
            ),
            field="labels",
        )


def settle(host: Host, labels: Iterable[str]) -> None:
    """Give a host exactly these labels; those that it has already stay the same rows."""
    known = {label.name: label for label in host.labels}
    host.labels = [known.get(name) or HostLabel(name=name) for name in sorted(set(labels))]
