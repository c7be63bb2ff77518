"""Variables as the audit log may keep them: without the passwords and keys in plain text.

Whoever reads an inventory sees them; but a log is kept for ever, and a password that was
taken out of the inventory must not go on standing there. All else stays as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from aops.core import yaml_text
from aops.inventory import reserved

HIDDEN = "(hidden)"
"""Stands for a value."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = "tag:yaml.org,2002:null"


def without_secrets(text: str) -> str:
    """Replace the values of variables that are named like a login's secret, nested ones too.

    Args:
        text: YAML; what is none comes back as nothing but a sign, if it may hold a secret.
    """
    if not reserved.may_name_secret(text):
        return text
    try:
        yaml_text.parse(text)  # refuses what a composer cannot bear
        node = yaml.compose(text, Loader=_Loader)
    except (yaml_text.YamlError, yaml.YAMLError):
        return HIDDEN
    spots = {(one.start_mark.index, one.end_mark.index) for one in _secrets(node, set())}
    for start, end in sorted(spots, reverse=True):
        ending = "\n" if text[start:end].endswith("\n") else ""
        text = f"{text[:start]}{HIDDEN}{ending}{text[end:]}"
    return text


def _secrets(node: Any, seen: set[int]) -> Iterator[Any]:
    """Find the outermost values to hide; what aliases share is looked at once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _secrets(item, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if reserved.is_secret(str(key.value)) and _is_plain(value):
                yield value
            else:
                yield from _secrets(value, seen)


def _is_plain(value: Any) -> bool:
    if not isinstance(value, yaml.ScalarNode):
        return True
    return value.tag not in ("!vault", _NULL) and "{{" not in value.value
