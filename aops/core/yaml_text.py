"""Reads YAML that people typed, as Ansible would, and says where it is wrong.

Only plain values plus Ansible's ``!vault`` and ``!unsafe`` are built; anything that
could construct an object, grow without bound or refer to itself is refused.
"""

from __future__ import annotations

from typing import Any

import yaml
from flask_babel import gettext as _

MAX_BYTES = 1_000_000
MAX_NODES = 200_000
MAX_DEPTH = 60

_MERGE = "tag:yaml.org,2002:merge"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class YamlError(Exception):
    """Text is not the YAML that is wanted; ``str(error)`` is a translated sentence."""


class VaultText(str):
    """A value encrypted by ansible-vault; kept as it is."""

    __slots__ = ()


class UnsafeText(str):
    """A string that Ansible must never evaluate as a template."""

    __slots__ = ()


class _AnsibleLoader(_Loader):  # type: ignore[misc]
    """Refuses keys that are more than plain text or a number."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - PyYAML's signature
        self.flatten_mapping(node)
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool | None):
                raise _at(key_node.start_mark, _("a key must be plain text"))
        return super().construct_mapping(node, deep)


class _AnsibleDumper(_Dumper):  # type: ignore[misc]
    """Writes back what the loader kept."""


def parse(text: str) -> Any:
    """Read one YAML document.

    Returns:
        Mappings, lists, text, numbers, booleans, dates, None, VaultText and UnsafeText.

    Raises:
        YamlError: With line and column where there is one.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise YamlError(_("This is too long: at most %(n)d bytes are allowed.", n=MAX_BYTES))
    try:
        _refuse_depth(text)
        loader = _AnsibleLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _expanded_size(node, {}, set(), 0)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise _at(error.problem_mark or error.context_mark, error.problem or "") from None
    except yaml.YAMLError as error:
        raise YamlError(_("This is not YAML: %(problem)s.", problem=str(error))) from None
    except (ValueError, OverflowError, RecursionError) as error:
        raise YamlError(_("This is not YAML: %(problem)s.", problem=str(error))) from None


def parse_mapping(text: str) -> dict[str, Any]:
    """Read YAML that must be a mapping of names to values; empty text is an empty mapping.

    Raises:
        YamlError: If it is something else.
    """
    value = parse(text)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise YamlError(_("Write one “name: value” on each line; this is not a mapping."))
    for key in value:
        if not isinstance(key, str):
            raise YamlError(_("The name “%(key)s” must be text; put it in quotes.", key=key))
    return value


def dump(value: Any, *, compact: bool = False) -> str:
    """Write a value as YAML that ``parse`` and Ansible read back as the same.

    Args:
        value: As ``parse`` gives it.
        compact: Whether lists and mappings of plain values stand on one line.
    """
    text: str = yaml.dump(
        value,
        Dumper=_AnsibleDumper,
        default_flow_style=None if compact else False,
        allow_unicode=True,
        sort_keys=False,
        width=10_000,
    )
    return text


def _at(mark: Any, problem: str) -> YamlError:
    if mark is None:
        return YamlError(_("This is not YAML: %(problem)s.", problem=problem))
    return YamlError(
        _(
            "Line %(line)d, column %(column)d: %(problem)s.",
            line=mark.line + 1,
            column=mark.column + 1,
            problem=problem,
        )
    )


def _refuse_depth(text: str) -> None:
    """Look at the bare events first: on deep nesting libyaml's composer ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _at(event.start_mark, _("this is nested too deeply"))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _expanded_size(node: Any, known: dict[int, int], above: set[int], depth: int) -> int:
    """Count the nodes that a document has once every alias is written out."""
    if id(node) in above:
        raise _at(node.start_mark, _("a value may not contain itself"))
    if id(node) in known:
        return known[id(node)]
    if depth > MAX_DEPTH:
        raise _at(node.start_mark, _("this is nested too deeply"))
    size = 1
    if isinstance(node, yaml.MappingNode):
        _refuse_doubled_keys(node)
    if isinstance(node, yaml.MappingNode | yaml.SequenceNode):
        above.add(id(node))
        for child in _children(node):
            size += _expanded_size(child, known, above, depth + 1)
            if size > MAX_NODES:
                raise _at(node.start_mark, _("this is too large once its aliases are expanded"))
        above.remove(id(node))
    known[id(node)] = size
    return size


def _refuse_doubled_keys(node: yaml.MappingNode) -> None:
    """Refuse what YAML forbids and PyYAML forgives; overriding a merged (``<<``) key is fine."""
    seen: set[Any] = set()
    for key, _value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
            continue
        if (key.tag, key.value) in seen:
            raise _at(key.start_mark, _("the key “%(key)s” stands twice", key=key.value))
        seen.add((key.tag, key.value))


def _children(node: Any) -> list[Any]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value)


def _scalar_as(kind: type[str]) -> Any:
    def construct(loader: Any, node: Any) -> str:
        return kind(loader.construct_scalar(node))

    return construct


def _refuse_tag(_loader: Any, node: Any) -> None:
    raise _at(node.start_mark, _("the tag %(tag)s is not allowed", tag=node.tag))


_AnsibleLoader.add_constructor("!vault", _scalar_as(VaultText))
_AnsibleLoader.add_constructor("!unsafe", _scalar_as(UnsafeText))
_AnsibleLoader.add_constructor(None, _refuse_tag)
_AnsibleDumper.add_representer(
    VaultText, lambda dumper, text: dumper.represent_scalar("!vault", str(text), style="|")
)
_AnsibleDumper.add_representer(
    UnsafeText, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"')
)
