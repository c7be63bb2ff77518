"""YAML as people type it: what it means, and where it is wrong."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from aops.core.yaml_text import (
    MAX_BYTES,
    UnsafeText,
    VaultText,
    YamlError,
    dump,
    parse,
    parse_mapping,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing\n", None),
        ("a: 1", {"a": 1}),
        ("a: yes\nb: 'yes'", {"a": True, "b": "yes"}),
        ("- a\n- {b: [c, null]}", ["a", {"b": ["c", None]}]),
        ("a: 0x10\nb: 1e3\nc: 1_000", {"a": 16, "b": "1e3", "c": 1000}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("名: 值🔑", {"名": "值🔑"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        (
            "a: &x {b: 1, c: 1}\nd:\n  <<: *x\n  c: 2",
            {"a": {"b": 1, "c": 1}, "d": {"b": 1, "c": 2}},
        ),
        ("a: '{{ b }}'", {"a": "{{ b }}"}),
    ],
)
def test_text_means_what_ansible_takes_it_for(text: str, value: object) -> None:
    assert parse(text) == value


def test_vaulted_and_unsafe_values_are_kept_apart() -> None:
    value = parse("a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\nb: !unsafe '{{ x }}'\n")

    assert isinstance(value["a"], VaultText)
    assert value["a"].startswith("$ANSIBLE_VAULT")
    assert isinstance(value["b"], UnsafeText)
    assert parse(dump(value)) == value
    assert "!vault |" in dump(value)
    assert "!unsafe" in dump(value)


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("a: [1\n", (2, 1), "expected"),
        ("a: b: c\n", (1, 5), "mapping values"),
        ("a: 1\n\tb: 2\n", (2, 1), "tab"),
        ("a: 1\na: 2\n", (2, 1), "“a” stands twice"),
        ("x:\n  a: 1\n  'a': 2\n", (3, 3), "“a” stands twice"),
        ("a: !!python/object/apply:os.system ['id']\n", (1, 4), "python/object"),
        ("a: !!python/name:os.system\n", (1, 4), "python/name"),
        ("a: !include secrets.yml\n", (1, 4), "!include"),
        ("a: *nowhere\n", (1, 4), "undefined alias"),
        ("a: &a [*a]\n", (1, 4), "contain itself"),
        ("? [a, b]\n: 1\n", (1, 3), "plain text"),
        ("a: 1\n---\nb: 2\n", (2, 1), "another document"),
        ("a: 'open\n", (2, 1), "end of stream"),
        ("a: !vault [x]\n", (1, 4), "scalar"),
    ],
)
def test_mistakes_are_told_with_line_and_column(
    text: str, where: tuple[int, int], why: str
) -> None:
    with pytest.raises(YamlError) as refused:
        parse(text)

    assert str(refused.value).startswith(f"Line {where[0]}, column {where[1]}: ")
    assert why in str(refused.value)


@pytest.mark.parametrize("text", ["a: \0", "a: \x1b[1m", "\ud800", "a: 2026-13-45"])
def test_what_has_no_place_is_still_a_sentence(text: str) -> None:
    with pytest.raises(YamlError, match="not YAML"):
        parse(text)


@pytest.mark.parametrize(
    "bomb",
    [
        "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        + "\n".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)),
        "[" * 5_000 + "]" * 5_000,
        "[" * 400_000,
        "a: " * 5_000,
        "\n".join(" " * n + "a:" for n in range(200)),
        "- " * 5_000,
        "x" * (MAX_BYTES + 1),
        "值" * (MAX_BYTES // 2),
    ],
    ids=["aliases", "deep", "unclosed", "keys", "indented", "dashes", "long", "long in bytes"],
)
def test_bombs_are_refused_at_once(bomb: str) -> None:
    begun = time.monotonic()

    with pytest.raises(YamlError):
        parse(bomb)

    assert time.monotonic() - begun < 5


def test_variables_are_a_mapping_of_names() -> None:
    assert parse_mapping("") == {}
    assert parse_mapping("# none yet\n") == {}
    assert parse_mapping("a: 1") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "why"), [("- a", "not a mapping"), ("text", "not a mapping"), ("1: a", "in quotes")]
)
def test_other_yaml_is_no_variables(text: str, why: str) -> None:
    with pytest.raises(YamlError, match=why):
        parse_mapping(text)


_plain = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=20),
    lambda inner: (
        some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(_plain)
def test_what_is_written_reads_back_the_same(value: object) -> None:
    assert parse(dump(value)) == value
    assert yaml.safe_load(dump(value)) == value
