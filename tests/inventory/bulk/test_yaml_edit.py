from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aops.core import yaml_text
from aops.inventory import edits
from aops.inventory.bulk.yaml_edit import setting, values_of, without_variable

PERSONS = """\
# where it stands
rack: B7  # third floor
ntp:
  - a.example.com
  - b.example.com

# who is called
owner: "web team"
note: |
  first
  second
port: 8080
"""


@pytest.mark.parametrize(
    ("text", "name", "value", "expected"),
    [
        ("", "a", 1, "a: 1\n"),
        ("# only this\n", "a", 1, "# only this\na: 1\n"),
        ("a: 1", "b", "x", "a: 1\nb: x\n"),
        ("a: 1  # why\nb: 2\n", "a", 9, "a: 9  # why\nb: 2\n"),
        ("a: 1  # why\nb: 2\n", "a", [1, 2], "a: [1, 2]  # why\nb: 2\n"),
        ("a:\n  - 1\n# of b\nb: 2\n", "a", 3, "a: 3\n# of b\nb: 2\n"),
        ("a: |\n  x\n  y\n\nb: 2\n", "a", 3, "a: 3\n\nb: 2\n"),
        ("a:\nb: 2\n", "a", 3, "a: 3\nb: 2\n"),
        ("a: ''\nb: 2\n", "a", 3, "a: 3\nb: 2\n"),
        ("a: {x: 1}  # c\nb: 2\n", "a", True, "a: true  # c\nb: 2\n"),
        ("é: ü\na: 1\n", "a", "ö", "é: ü\na: ö\n"),
        ("ab: 1\n", "a", 2, "ab: 1\na: 2\n"),
        ("ab: 'a: 1'\n", "a", 2, "ab: 'a: 1'\na: 2\n"),
    ],
)
def test_a_variable_is_set_and_the_rest_stays(
    text: str, name: str, value: Any, expected: str
) -> None:
    assert setting(name, value)(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{a: 1, c: 2}",
        "a: &x 1\nc: *x\n",
        "<<: {a: 1}\nc: 2\n",
        "---\na: 1\nc: 2\n...\n",
        "  c: 2\n",
        'c: 2\n"\\x61": 1\n',
        "c: 2\n!!str a: 1\n",
    ],
)
@pytest.mark.parametrize("name", ["a", "b"])
def test_where_the_text_cannot_stay_the_meaning_does(text: str, name: str) -> None:
    edited = setting(name, [1, "x"])(text)

    wanted = yaml_text.parse_mapping(text) | {name: [1, "x"]}
    assert edits.same(yaml_text.parse_mapping(edited), wanted)


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("rack", "rack: B7  # third floor\n"),
        ("ntp", "ntp:\n  - a.example.com\n  - b.example.com\n"),
        ("owner", 'owner: "web team"\n'),
        ("note", "note: |\n  first\n  second\n"),
        ("port", "port: 8080\n"),
    ],
)
def test_a_variable_is_removed_and_the_rest_stays(name: str, gone: str) -> None:
    assert without_variable(PERSONS, name) == PERSONS.replace(gone, "")


@pytest.mark.parametrize("text", ["{a: 1}", "a: 1", "a: 1\n", "{a: 1, b: 2}"])
def test_the_last_variable_leaves_a_valid_text(text: str) -> None:
    assert "a" not in yaml_text.parse_mapping(without_variable(text, "a"))


def test_what_is_not_there_is_not_removed() -> None:
    assert without_variable(PERSONS, "stand") == PERSONS
    assert without_variable(PERSONS, "second") == PERSONS


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="ascii"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner),
    max_leaves=5,
)
VARIABLES = st.dictionaries(st.sampled_from(["a", "b", "ab", "note"]), VALUES, max_size=4)


@given(VARIABLES, st.sampled_from(["a", "b"]), VALUES, st.booleans())
def test_any_value_is_set_and_removed_again(
    variables: dict[str, Any], name: str, value: Any, with_comment: bool
) -> None:
    text = yaml_text.dump(variables) if variables else ""
    text = f"# first\n{text}# last\n" if with_comment and variables else text

    edited = setting(name, value)(text)
    removed = without_variable(edited, name)

    assert edits.same(yaml_text.parse_mapping(edited), variables | {name: value})
    assert edits.same(values_of(edited, name), [value])
    assert values_of(removed, name) == []
    rest = {key: kept for key, kept in variables.items() if key != name}
    assert edits.same(yaml_text.parse_mapping(removed), rest)


LINES = [
    "a: 1",
    "a:",
    "a:   # nothing yet",
    "a: yes",
    "a: 1:30",
    "a: 'b: 2'  # quoted",
    "a: [1, 'x']",
    "b: x y  # why: a: 1",
    'b: "a: 1"',
    "b: http://example.com:80/a",
    "ab: a",
    "# a: 9",
    "  # a: 9",
    "",
    "  ",
]


@given(st.lists(st.sampled_from(LINES), max_size=6), st.sampled_from([7, None, "x # y", [1, 2]]))
def test_plain_lines_and_comments_stay_as_they_are(lines: list[str], value: Any) -> None:
    names = [line.partition(":")[0] for line in lines if line[:1].isalpha()]
    assume(len(names) == len(set(names)))
    text = "".join(f"{line}\n" for line in lines)
    known = yaml_text.parse_mapping(text)

    edited = setting("a", value)(text)

    assert edits.same(values_of(text, "a"), [known["a"]] if "a" in known else [])
    assert edits.same(yaml_text.parse_mapping(edited), known | {"a": value})
    rest = [line for line in lines if not line.startswith("a:")]
    assert [line for line in edited.splitlines() if not line.startswith("a:")] == rest
    assert without_variable(edited, "a").splitlines() == rest


def test_a_secret_of_several_lines_beside_plain_ones_stays() -> None:
    secret = "key: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n"
    text = f"# first\na: 1  # why\n{secret}b: 2\n"

    assert setting("a", 3)(text) == f"# first\na: 3  # why\n{secret}b: 2\n"
    assert without_variable(text, "a") == f"# first\n{secret}b: 2\n"
    assert values_of(text, "a") == [1]
