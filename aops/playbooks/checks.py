"""Reads a playbook's text and says what Ansible would not accept, and where.

Pure and quick: the checks that need Ansible itself are a worker's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from flask_babel import gettext as _

from aops.core import yaml_text

MAX_PROBLEMS = 10

_IMPORTS = frozenset(
    {"import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook"}
)
_LISTS = ("roles", "pre_tasks", "tasks", "post_tasks", "handlers")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def problems_of(text: str) -> list[str]:
    """Check that a text is a list of plays.

    Returns:
        Up to ten translated sentences with line and column; empty when all is well.
    """
    try:
        value = yaml_text.parse(text)
    except yaml_text.YamlError as error:
        return [str(error)]
    if not value:
        return [_("A playbook needs at least one play, such as “- hosts: all”.")]
    root: Any = yaml.compose(text, Loader=_Loader)  # parse() has proved it harmless
    if not isinstance(value, list):
        return [_at(root, _("a playbook is a list of plays: begin each play with “- ”"))]
    found = [
        problem
        for play, node in zip(value, root.value, strict=True)
        for problem in _problems_of_play(play, node)
    ]
    return found[:MAX_PROBLEMS]


def _problems_of_play(play: Any, node: yaml.Node) -> Iterator[str]:
    if not isinstance(play, dict):
        yield _at(node, _("a play is a mapping, such as “hosts: all”"))
        return
    if "hosts" in play:
        yield from _problems_of_hosts(play["hosts"], _value_of(node, "hosts"))
    elif not _IMPORTS & play.keys():
        yield _at(node, _("this play has neither “hosts” nor “import_playbook”"))
    for name in _LISTS:
        if not isinstance(play.get(name), list | None):
            yield _at(_value_of(node, name), _("“%(name)s” must be a list", name=name))


def _problems_of_hosts(hosts: Any, node: yaml.Node) -> Iterator[str]:
    if not hosts:
        yield _at(node, _("“hosts” is empty"))
    elif isinstance(hosts, list):
        if not all(isinstance(host, str) for host in hosts):
            yield _at(node, _("“hosts” must be text or a list of texts"))
    elif not isinstance(hosts, str):
        yield _at(node, _("“hosts” must be text or a list of texts"))


def _value_of(play: yaml.Node, name: str) -> yaml.Node:
    """Find a key's value; the play itself where a merge brought the key in."""
    for key, value in play.value:
        if key.value == name:
            found: yaml.Node = value
            return found
    return play


def _at(node: yaml.Node, problem: str) -> str:
    return str(
        _(
            "Line %(line)d, column %(column)d: %(problem)s.",
            line=node.start_mark.line + 1,
            column=node.start_mark.column + 1,
            problem=problem,
        )
    )
