import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aops.core import yaml_text
from aops.inventory import quick_yaml

KEYS = ("rack", "ansible_host", "_x", "a1", "yes", "Null", "off_site", "no", "on", "ключ", "a-b")
SCALARS = (
    "B7",
    "web1.example.com",
    "10.0.0.1",
    "0755",
    "1_000",
    "1e3",
    "1.5e+3",
    "12:30:45",
    "2024-02-29",
    "2024-13-45",
    "fe80::1",
    "http://a.example.com:8080/x",
    "a: b",
    "a:",
    "a #b",
    "a#b",
    "yes",
    "Off",
    "NULL",
    "~",
    ".inf",
    ".nan",
    "two  words ",
    "'quoted'",
    "'it''s'",
    '"double"',
    '"tab\\t"',
    '"open',
    "'a' b",
    "'\x00'",
    "[1, 2]",
    "[]",
    "[ a.b/c ,'x y',  \"z\" ]",
    "[yes, ~, 0755, null, 2024-02-29, 1e3]",
    "[2024-13-45]",
    "[a,]",
    "[a b]",
    "[a:b]",
    "[a: 1]",
    "[[1]]",
    "[...]",
    "[a#b, .]",
    "['it''s']",
    "['a':1]",
    "[1, 2] x",
    "[1",
    "{a: 1}",
    "&x y",
    "*x",
    "!vault x",
    "!!str 1",
    "|",
    ">-",
    "-5",
    "- 5",
    "...",
    "=",
    "@x",
    "%x",
    "",
    "# comment",
    "y",
    "服务器",
    "'服务器'",
    "a\u2028b",
)
LINES = st.one_of(
    st.builds("{}: {}".format, st.sampled_from(KEYS), st.sampled_from(SCALARS)),
    st.builds("{}:".format, st.sampled_from(KEYS)),
    st.sampled_from(["", "  indented", "- item", "# comment", "---", "...", "\t", "  a: 1", "}"]),
)
TEXTS = st.builds(
    str.__add__,
    st.lists(LINES, max_size=5, unique=True).map("\n".join),
    st.sampled_from(["", "\n", "\n\n", "\r\n"]),
)


@settings(max_examples=2_000, deadline=None, database=None)
@given(TEXTS)
def test_quick_reading_gives_what_yaml_gives(text: str) -> None:
    found = quick_yaml.variables(text)

    try:
        wanted = yaml_text.parse_mapping(text)
    except yaml_text.YamlError as error:
        if "stands twice" in str(error):
            return
        wanted = {}
    assert repr(found) == repr(wanted)


@pytest.mark.parametrize("value", SCALARS)
def test_each_value_alone_is_what_yaml_makes_of_it(value: str) -> None:
    text = f"rack: {value}\nother: 1\n"

    found = quick_yaml.variables(text, ("rack",))

    try:
        wanted = {"rack": yaml_text.parse_mapping(text)["rack"]}
    except yaml_text.YamlError:
        wanted = {}
    assert repr(found) == repr(wanted)


def test_only_what_is_wanted_is_given() -> None:
    text = "rack: B7\nracks: [1]\nzone: eu\n"

    assert quick_yaml.variables(text, ("zone", "missing")) == {"zone": "eu"}
    assert quick_yaml.variables(text, ()) == {}


def test_whoever_changes_a_list_changes_nobody_elses() -> None:
    text = "roles: [web, 'db']\n"

    quick_yaml.variables(text)["roles"].append("mine")

    assert quick_yaml.variables(text) == {"roles": ["web", "db"]}


def test_lists_of_plain_values_do_not_need_the_slow_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(text)

    monkeypatch.setattr(yaml_text, "parse_mapping", refuse)

    assert quick_yaml.variables("roles: [web, 2]\nx: 1\n") == {"roles": ["web", 2], "x": 1}
