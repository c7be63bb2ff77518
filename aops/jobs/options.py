"""Which values the switches of ansible-playbook may have: data, never an option or a file.

Every field is checked where it is saved and again where it is launched.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from aops.core import yaml_text
from aops.core.errors import AopsError

_TAG = re.compile(r"[\w.:/ -]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TEMPLATE = re.compile(r"\{\{|\{%|\{#")
_RESERVED = ("ansible_", "_ansible")


def check_tags(text: str, field: str) -> None:
    """Refuse what is not a list of tags, such as an option or ``@file``.

    Raises:
        AopsError: At ``field``.
    """
    for tag in filter(None, (part.strip() for part in text.split(","))):
        if tag.startswith("-") or not _TAG.fullmatch(tag):
            raise AopsError(
                _(
                    "“%(tag)s” is no tag. Write tags with commas between them; a tag is made of "
                    "letters, digits, dots, dashes and underscores.",
                    tag=tag[:80],
                ),
                field=field,
            )


def check_template_vars(text: str, field: str = "extra_vars") -> None:
    """Refuse what is not a mapping of variable names; values may be templates.

    Raises:
        AopsError: At ``field``.
    """
    for name in _mapping(text, field):
        _check_name(name, field)


def check_launch_vars(text: str, *, templated: bool, field: str = "launch_vars") -> None:
    """Refuse variables that would be more than data.

    Args:
        text: YAML as typed on the launch page.
        templated: Whether the person may have Ansible evaluate them: authors may.
        field: Where the error belongs.

    Raises:
        AopsError: At ``field``.
    """
    variables = _mapping(text, field)
    for name, value in variables.items():
        _check_name(name, field)
        if templated:
            continue
        if name.startswith(_RESERVED):
            raise AopsError(
                _(
                    "“%(name)s” is one of Ansible's own variables; only authors may set those.",
                    name=name,
                ),
                field=field,
            )
        if _holds(value, _is_encrypted):
            raise AopsError(
                _(
                    "The value of “%(name)s” is encrypted by ansible-vault, so nobody can see "
                    "whether it is plain data; only authors may give such values.",
                    name=name,
                ),
                field=field,
            )
        if _holds(value, _is_template):
            raise AopsError(
                _(
                    "The value of “%(name)s” holds a template ({{ … }}). Write the plain value: "
                    "what is typed here is never evaluated.",
                    name=name,
                ),
                field=field,
            )


def _mapping(text: str, field: str) -> dict[str, Any]:
    try:
        return yaml_text.parse_mapping(text)
    except yaml_text.YamlError as error:
        raise AopsError(str(error), field=field) from error


def _check_name(name: str, field: str) -> None:
    if not _NAME.fullmatch(name):
        raise AopsError(
            _(
                "“%(name)s” is no variable name: use letters, digits and underscores.",
                name=name[:80],
            ),
            field=field,
        )


def _holds(value: Any, found: Callable[[Any], bool]) -> bool:
    if isinstance(value, dict):
        return any(_holds(part, found) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(_holds(item, found) for item in value)
    return found(value)


def _is_template(value: Any) -> bool:
    return isinstance(value, str) and bool(_TEMPLATE.search(value))


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, yaml_text.VaultText)
