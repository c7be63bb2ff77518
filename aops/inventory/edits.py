"""One field that becomes another value, in words short enough for a page.

Variables are compared by what they mean, with their types: ``1``, ``true`` and ``"1"`` are
three values, and the order of keys or a comment is no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aops.core import yaml_text
from aops.core.errors import AopsError
from aops.core.yaml_text import VaultText
from aops.inventory import quick_yaml

VAULTED = "(vaulted)"
"""Stands for a value that only the vault's password opens."""

_MAX_VALUE = 400
_MAX_NAMES = 20
_PLAIN = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)\Z)[a-z][\w./ -]{,300}\w", re.IGNORECASE | re.ASCII
)
"""Text that YAML writes as it is; most values are, and asking YAML takes its time."""


@dataclass(frozen=True)
class Edit:
    """A field that changes.

    Attributes:
        field: ``variables``, ``groups``, ``hosts``, ``children``, ``labels``, ``enabled``,
            ``description``, ``in_all`` or ``order``.
        key: For variables, the name of the one; "" for the whole text of something new.
        old: As shown; None where there was nothing. For names: those that leave.
        new: As shown; None where nothing is left. For names: those that join.
    """

    field: str
    key: str = ""
    old: str | None = None
    new: str | None = None


def settle(old: str, new: str, *, merge: bool) -> tuple[str, tuple[Edit, ...]]:
    """Give the text that variables become, and how it differs from what they are.

    Args:
        old: YAML as it is; given back as it is where the meaning stays.
        new: YAML as it is wanted.
        merge: Whether variables stay that ``new`` does not name.

    Raises:
        AopsError: If a text is no YAML mapping.
    """
    if old == new or (merge and not new):
        return old, ()
    before, wanted = read(old), read(new)
    after = before | wanted if merge else wanted
    edits = tuple(_variable_edits(before, after))
    if not edits:
        return old, ()
    return (new if len(after) == len(wanted) else yaml_text.dump(after)), edits


def read(text: str) -> dict[str, Any]:
    """Parse variables.

    Raises:
        AopsError: At the field ``variables``, if it is no YAML mapping.
    """
    if found := quick_yaml.variables(text):
        return found
    try:
        return yaml_text.parse_mapping(text)
    except yaml_text.YamlError as error:
        raise AopsError(str(error), field="variables") from error


def whole(text: str) -> tuple[Edit, ...]:
    """Describe the variables of something that was not there before."""
    if not text.strip():
        return ()
    if "!vault" in text:
        return tuple(_variable_edits({}, read(text)))
    return (Edit("variables", new=_cut(text.strip())),)


def names(field: str, old: Sequence[str], new: Sequence[str]) -> tuple[Edit, ...]:
    """Describe which names leave and join; another order of the same ones is told as that."""
    if [*old] == [*new]:
        return ()
    before, after = frozenset(old), frozenset(new)
    leaving = [name for name in old if name not in after]
    joining = [name for name in new if name not in before]
    if leaving or joining:
        return (Edit(field, old=_list(leaving), new=_list(joining)),)
    return (Edit("order", key=field),)


def value(field: str, old: str | bool, new: str | bool) -> tuple[Edit, ...]:  # noqa: FBT001 - a value
    """Describe a text or a yes and no that changes."""
    return () if old == new else (Edit(field, old=_text(old), new=_text(new)),)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values mean the same to Ansible, types and all."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, VaultText):
        return bool(one.split() == other.split())
    return bool(one == other or (one != one and other != other))  # noqa: PLR0124 - not a number


def _variable_edits(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Edit]:
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield Edit("variables", name, old=_shown(old[name]))
        elif name not in old:
            yield Edit("variables", name, new=_shown(new[name]))
        elif not same(old[name], new[name]):
            yield Edit("variables", name, _shown(old[name]), _shown(new[name]))


def _shown(value: Any) -> str:
    if type(value) is str and _PLAIN.fullmatch(value):
        return value
    text = yaml_text.dump(_without_secrets(value)).strip()
    return _cut(VAULTED if isinstance(value, VaultText) else text.removesuffix("\n..."))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_secrets(part) for part in value]
    return VAULTED if isinstance(value, VaultText) else value


def _text(value: str | bool) -> str:  # noqa: FBT001 - a value
    return str(value).lower() if isinstance(value, bool) else _cut(value)


def _list(found: Sequence[str]) -> str | None:
    if not found:
        return None
    more = len(found) - _MAX_NAMES
    shown = ", ".join(found[:_MAX_NAMES])
    return f"{shown} … (+{more})" if more > 0 else shown


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"
