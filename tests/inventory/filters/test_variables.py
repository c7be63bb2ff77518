from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aops.core import yaml_text
from aops.inventory import quick_yaml
from aops.inventory.filters import variables

PLAIN = r"""
B7|10.0.0.1|0755|1e3|12:30:45|2024-02-29|fe80::1|http://a.b:8080/x|a#b|yes|Off|~|two  words|.inf
it's|'it''s'|"a\tb"|"{{ x }}"|'a: b'|[1, two]|[]|{a: 1}|["x]", 'y']|-5|!vault x|!unsafe "{{ x }}"
x # comment|'#'|a - b|a, b|a [b]|{a: {b: 1}}|[[1]]|!!str 1|:x|a:b|服务器|null|0x1F|1_000|a -
"""
ODD = r"""
...|=|"[1"|%x|@x|*x|&a x|- 1|? x|<x|x:|'a' b|a 'b|``|"a|y: 1|-x|--|-|a: |!vault |
"""
SCALARS = st.one_of(
    st.sampled_from(PLAIN.strip().replace("\n", "|").split("|")),
    st.sampled_from(PLAIN.strip().replace("\n", "|").split("|")),
    st.sampled_from([*ODD.strip().split("|"), "a\u2028b", "\xa0x", "a\xa0", "x\x00", "\ufeffx"]),
)
KEYS = st.sampled_from(["rack", "racks", "users", "name", "_x", "a1", "a-b", "ключ"])


def below(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    )


VALUES = st.recursive(SCALARS, below, max_leaves=5)
PIECES = st.sampled_from(
    [
        "text: |\n  rack: 1\n\n  'odd\n",
        "secret: !vault |\n          $ANSIBLE_VAULT;1.1\n          6162\n",
        "folded: >-\n rack: a\n more\n",
        'long: "a\nrack: b"\n',
        "long: [a,\nrack: b]\n",
        "long: a\n  b\n",
        "# rack: comment\n",
        "\n",
        "  # indented\n",
        "base: &base\n  rack: 1\n<<: *base\n",
        "---\n",
        "other: 1 # rack: 2\n",
        "\t\n",
        "...\n",
        "text: |2\n    x\n",
        "text: |\nrack: 3\n",
    ]
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    parts, place = [], draw(st.sampled_from([0, 0, 0, 2]))
    for name, value in draw(st.dictionaries(KEYS, VALUES, min_size=1, max_size=3)).items():
        parts.append("\n".join(written(draw, {name: value}, place)) + "\n")
        parts += draw(st.lists(PIECES, max_size=1))
    return "".join(parts).removesuffix(draw(st.sampled_from(["", "\n"])))


def written(draw: st.DrawFn, value: Any, place: int) -> list[str]:
    """Write YAML as people do: with their own indentation, blanks and comments."""
    lines: list[str] = []
    indent = " " * place
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        head = (
            f"{indent}{key}{draw(st.sampled_from(['', '', '', ' ']))}:"
            if isinstance(value, dict)
            else f"{indent}-"
        )
        if isinstance(one, str):
            lines.append(f"{head} {one}" + draw(st.sampled_from(["", "", " ", " # rack: 1"])))
            continue
        deeper = place + draw(st.sampled_from([2, 2, 4, 1]))
        if isinstance(value, dict) and isinstance(one, list):
            deeper = draw(st.sampled_from([place, deeper]))
        inner = written(draw, one, deeper)
        if isinstance(value, list) and draw(st.booleans()):
            lines.append(f"{head}{' ' * (deeper - place - 1)}{inner[0].strip()}")
            lines += inner[1:]
        else:
            lines += [head, *inner]
        lines += draw(st.sampled_from([[], [], [""], ["# comment"], [f"{indent}  # more"]]))
    return lines


@settings(max_examples=1_500, deadline=None, database=None)
@given(texts(), st.sets(KEYS, min_size=1, max_size=2))
def test_a_variable_is_read_as_the_whole_text_would_have_it(text: str, names: set[str]) -> None:
    try:
        whole = yaml_text.parse_mapping(text)
    except yaml_text.YamlError:
        return

    found = variables.read(text, names)

    wanted = {name: whole[name] for name in whole if name in names}
    assert repr(sorted(found.items())) == repr(sorted(wanted.items()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "users:\n- name: ann\n  uid: 7\n- name: bob\n",
            [{"name": "ann", "uid": 7}, {"name": "bob"}],
        ),
        ("users:\n    - web\n    - 'db'\nrack: 1\n", ["web", "db"]),
        (
            "users:\n  ann:\n    uid: 7\n    keys:\n    - a\n\n    - b\n",
            {"ann": {"uid": 7, "keys": ["a", "b"]}},
        ),
        ("rack: x\nusers:\n  - - 1\n    - 2\n  -\n  - a:\n", [[1, 2], None, {"a": None}]),
        ("s: !vault |\n  $ANSIBLE\n  61\nusers: [a, b]\nlast: |\n  users:\n", ["a", "b"]),
    ],
)
def test_blocks_do_not_need_the_slow_reader(
    text: str, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert yaml_text.parse_mapping(text)["users"] == expected

    def refuse(text: str) -> None:
        raise AssertionError(text)

    monkeypatch.setattr(yaml_text, "parse_mapping", refuse)

    assert variables.read(text, {"users", "missing"}) == {"users": expected}


@pytest.mark.parametrize(
    "text",
    ['a: 1\n"us\\x65rs": [x]\n', "a: 1\n!!str users: [x]\n", "a: 1\n? users\n: [x]\n"],
)
def test_a_name_that_is_written_oddly_is_found(text: str) -> None:
    assert variables.read(text, {"users"}) == quick_yaml.variables(text, {"users"})
    assert variables.read(text, {"users"}) == {"users": ["x"]}


@pytest.mark.parametrize(
    "text", ["users:\n" + "- " * 5_000 + "x\n", "users:\n  - a\n - b\n", "users"]
)
def test_a_text_that_is_no_yaml_does_no_harm(text: str) -> None:
    assert variables.read(text, {"users"}) == quick_yaml.variables(text, {"users"}) == {}
