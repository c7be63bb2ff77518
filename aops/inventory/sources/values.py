"""The three-way rule for one value: what a source gave, what it gives, what people made of it.

Pure. A value that is still what the source gave last follows the source. One that people
changed, added or took away stays theirs, and is reported. What a source withdraws passes
to another source that gives it too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aops.core import yaml_text
from aops.core.errors import AopsError
from aops.inventory import edits

Report = Callable[[str, str], None]
"""Takes a field and a key whose value was not taken."""


@dataclass(frozen=True)
class Texts:
    """The variables of one thing, as YAML.

    Attributes:
        before: What the source gave last.
        given: What it gives now.
        current: What the inventory has.
        others: What other sources gave last.
    """

    before: str
    given: str
    current: str
    others: Sequence[str] = ()


def variables(texts: Texts, report: Report) -> str:
    """Give the text that the variables become; as it is wherever the meaning stays."""
    others = [text for text in texts.others if text]
    if texts.current == texts.given:
        return texts.current
    if texts.current == texts.before and not others:
        return texts.given
    try:
        current = edits.read(texts.current)
        others_values = [edits.read(text) for text in others]
    except AopsError:  # somebody's text that is no YAML stays theirs
        report("variables", "")
        return texts.current
    before, given = edits.read(texts.before), edits.read(texts.given)
    after = _merged(before, given, current, others_values, report)
    if edits.same(after, current):
        return texts.current
    return texts.given if edits.same(after, given) else yaml_text.dump(after) if after else ""


def names(
    before: Collection[str],
    given: Sequence[str],
    current: Sequence[str],
    *,
    elsewhere: Collection[str] = (),
    new: Collection[str] = (),
    report: Callable[[str], None],
) -> list[str]:
    """Give the names that a list becomes; those that are there keep their order.

    Args:
        before: What the source gave last.
        given: What it gives now.
        current: What the inventory has.
        elsewhere: What other sources give; it is not taken away.
        new: What the inventory did not have at all, so that nobody took it out.
        report: Is told what was taken out by hand and stays out.
    """
    had, has, wanted = frozenset(before), frozenset(current), frozenset(given)
    withdrawn = had - wanted - frozenset(elsewhere)
    staying = [name for name in current if name not in withdrawn]
    taken_out = had & wanted - has - frozenset(new)
    for name in sorted(taken_out):
        report(name)
    joining = [name for name in given if name not in has and name not in taken_out]
    return [*staying, *dict.fromkeys(joining)]


def _merged(
    before: Mapping[str, Any],
    given: Mapping[str, Any],
    current: Mapping[str, Any],
    others: Iterable[Mapping[str, Any]],
    report: Report,
) -> dict[str, Any]:
    after: dict[str, Any] = {}
    inherited = {key: value for other in reversed([*others]) for key, value in other.items()}
    for key, value in current.items():
        if key not in before or not edits.same(before[key], value):
            after[key] = value
            if key in given and not edits.same(given[key], value):
                report("variables", key)
        elif key in given:
            after[key] = given[key]
        elif key in inherited:
            after[key] = inherited[key]
    for key, value in given.items():
        if key not in current:
            if key in before:
                report("variables", key)
            else:
                after[key] = value
    return after
