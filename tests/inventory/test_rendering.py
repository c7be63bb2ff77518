import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aops.core import yaml_text
from aops.inventory.rendering import render_rows
from aops.inventory.rows import GroupRow, InventoryRows, members_of
from tests.inventory import ansible_says

NASTY = """\
# a comment
yes_bare: yes
yes_text: 'yes'
octal: 0755
octal_text: "0755"
exponent: 1e3
real_exponent: 1.5e+3
infinite: .inf
tiny: 1.0e-300
nothing: null
tilde: ~
empty:
empty_text: ""
base60: 12:30:45
version: 1.10
big: 123456789012345678901234567890
day: 2024-02-29
moment: 2024-02-29T12:30:00Z
emoji: "\\U0001F600 😀"
chinese: 服务器
colon_key: {"a: b": 1, "c:d": {"- e": "#f"}}
lines: |
  first
    second

  # no comment
folded: >-
  one
  two
indented: |2
    two more
trailing: "ends with blanks   "
tabs: "a\\tb"
carriage: "a\\r\\nb"
nel: "a\\x85b\\u2028c\\ufeffd"
template: "{{ yes_text }}-{% raw %}x{% endraw %}"
unsafe: !unsafe "{{ not a template }}"
list: [1, "1", [], {}, [null, true, "true"]]
number_keys: {1: one, 2.5: two, true: three}
base: &base {a: 1}
alias: *base
merged:
  <<: *base
  b: 2
vaulted: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  31323334353637383930313233343536373839303132333435363738393031323334353637383930
quotes: "it's \\"quoted\\""
dashes: "---"
question: "? x"
at: "@x"
backtick: "`x`"
percent: "%x"
bang: "!x"
star: "*x"
equals: "="
"""


def test_values_mean_what_they_mean_in_a_file_of_ones_own(tmp_path: Path) -> None:
    indented = "".join(f"      {line}\n" if line else "\n" for line in NASTY.splitlines())
    by_hand = f"all:\n  hosts:\n    web1:\n{indented}"
    rows = InventoryRows(hosts={"web1": NASTY})

    rendered = ansible_says.listed(render_rows(rows), tmp_path)

    assert rendered == ansible_says.listed(by_hand, tmp_path)
    assert len(rendered["_meta"]["hostvars"]["web1"]) == len(yaml_text.parse_mapping(NASTY))


def test_groups_hosts_and_variables_arrive_where_they_belong(tmp_path: Path) -> None:
    rows = InventoryRows(
        variables="where: everywhere\n",
        hosts={"db1": "", "lonely": "{a: 1}", "web1": "b: 2\n", "服务器1": ""},
        groups={
            "empty": GroupRow(),
            "inner": GroupRow("c: 3\n", hosts=["db1"]),
            "outer": GroupRow("d: 4\n", hosts=["web1"], children=["inner", "plugin"]),
            "plugin": GroupRow(hosts=["服务器1"]),
            "second-parent": GroupRow(children=["inner"]),
            "vars": GroupRow(hosts=["web1"]),
        },
    )

    listed = ansible_says.listed(render_rows(rows), tmp_path)

    shared = {"where": "everywhere"}
    assert listed.pop("_meta")["hostvars"] == {
        "db1": shared | {"c": 3, "d": 4},
        "lonely": shared | {"a": 1},
        "web1": shared | {"b": 2, "d": 4},
        "服务器1": shared | {"d": 4},
    }
    assert sorted(listed.pop("all")["children"]) == [
        "empty",
        "outer",
        "second-parent",
        "ungrouped",
        "vars",
    ]
    assert listed == {
        "inner": {"hosts": ["db1"]},
        "outer": {"children": ["inner", "plugin"], "hosts": ["web1"]},
        "plugin": {"hosts": ["服务器1"]},
        "second-parent": {"children": ["inner"]},
        "ungrouped": {"hosts": ["lonely"]},
        "vars": {"hosts": ["web1"]},
    }


def test_an_empty_inventory_is_one_that_ansible_reads(tmp_path: Path) -> None:
    text = render_rows(InventoryRows())

    listed = ansible_says.listed(text, tmp_path)

    assert listed["_meta"]["hostvars"] == {}


def test_names_that_look_like_numbers_stay_names(tmp_path: Path) -> None:
    rows = InventoryRows(hosts=dict.fromkeys(["10", "0x1f", "no", "1.5", "2024-01-01", "::1"], ""))

    listed = ansible_says.listed(render_rows(rows), tmp_path)

    assert sorted(listed["ungrouped"]["hosts"]) == sorted(rows.hosts)


@pytest.mark.parametrize(
    "text", ["", "   \n", "# only a comment\n", "---\n", "{}", "--- {}\n...\n"]
)
def test_variables_without_a_variable_are_an_empty_mapping(text: str) -> None:
    document = yaml.safe_load(render_rows(InventoryRows(hosts={"web1": text})))

    assert document["all"]["hosts"]["web1"] == {}


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: two words\n",
        "a: 'it is'\nb: \"#\"\n",
        "a: |\n  one\n   two\n\n  three\nb: |+\n  x\n\n",
        "a: >-\n  one\n  two\n",
        "a: |2\n    indented\nb: 1\n",
        'a: "x\\x85y\\u2028z"\n',
        "a: 'one\n\n  two'\n",
        "{a: 1, b: [x, {c: d}]}",
        "a:\n- 1\n- - 2\n  - 3\n",
        "? a\n: b\n",
        "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n",
        "a: !unsafe '{{ x }}'\nb: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  31\n",
        "a: 1",
        "a:\nb:   \n",
    ],
)
def test_a_text_means_the_same_at_every_depth(text: str) -> None:
    rows = InventoryRows(
        variables=text,
        hosts={"web1": text, "web2": text},
        groups={"outer": GroupRow(text, children=["inner"]), "inner": GroupRow(text)},
    )

    document = yaml_text.parse(render_rows(rows))["all"]

    outer = document["children"]["outer"]
    parts = (document["vars"], *document["hosts"].values(), outer["vars"])
    assert [*parts, outer["children"]["inner"]["vars"]] == [yaml_text.parse_mapping(text)] * 5


@pytest.mark.parametrize(
    "name", ["yes", "10", "1e3", "a b", "a: b", 'say "hi"', "C:\\x", "组", "#x", "é😀", "-", "~"]
)
def test_a_name_is_read_as_it_is(name: str) -> None:
    rows = InventoryRows(hosts={name: "a: 1\n"}, groups={name: GroupRow(hosts=[name])})

    document = yaml.safe_load(render_rows(rows))["all"]

    assert document["hosts"] == {name: {"a": 1}}
    assert document["children"][name] == {"hosts": {name: None}}


def test_what_is_said_of_ungrouped_reaches_the_hosts_without_a_group(tmp_path: Path) -> None:
    rows = InventoryRows(
        hosts={"in1": "", "out1": "", "out2": ""},
        groups={"ungrouped": GroupRow("a: 1\n"), "web": GroupRow(hosts=["in1"])},
    )

    listed = ansible_says.listed(render_rows(rows), tmp_path)

    assert listed["ungrouped"] == {"hosts": ["out1", "out2"]}
    assert listed["_meta"]["hostvars"] == {"out1": {"a": 1}, "out2": {"a": 1}}
    assert members_of(rows)["ungrouped"] == ["out1", "out2"]


def test_hosts_without_a_group_may_have_an_order_of_their_own(tmp_path: Path) -> None:
    rows = InventoryRows(
        hosts={"a": "", "b": "", "c": ""}, groups={"ungrouped": GroupRow(hosts=["c"])}
    )

    listed = ansible_says.listed(render_rows(rows), tmp_path)

    assert (
        listed["ungrouped"]
        == {"hosts": ["c", "a", "b"]}
        == {"hosts": members_of(rows)["ungrouped"]}
    )


def test_a_host_keeps_its_variables_from_a_group_of_its_name(tmp_path: Path) -> None:
    rows = InventoryRows(
        hosts={"web": "a: host\n", "other": ""},
        groups={"web": GroupRow("b: group\n", hosts=["other"])},
    )

    listed = ansible_says.listed(render_rows(rows), tmp_path)

    assert listed["_meta"]["hostvars"] == {"web": {"a": "host"}, "other": {"b": "group"}}
    assert listed["ungrouped"] == {"hosts": ["web"]}


def test_a_nested_group_may_stand_in_all_as_well(tmp_path: Path) -> None:
    rows = InventoryRows(
        groups={
            "last": GroupRow(hosts=[]),
            "outer": GroupRow(children=["inner"]),
            "inner": GroupRow(in_all=True),
        }
    )

    listed = ansible_says.listed(render_rows(rows), tmp_path)

    assert listed["all"]["children"] == ["ungrouped", "last", "outer", "inner"]


def test_two_hosts_may_use_the_same_anchor() -> None:
    text = "one: &x [1, 2]\ntwo: *x\n"

    document = yaml.safe_load(render_rows(InventoryRows(hosts={"a": text, "b": text})))

    assert document["all"]["hosts"]["b"] == {"one": [1, 2], "two": [1, 2]}


def test_ten_thousand_hosts_with_twenty_variables_take_less_than_a_second() -> None:
    names = [f"host{number:05}.example.com" for number in range(10_000)]
    text = "".join(f"number_{n}: {n}\nword_{n}: some words\n" for n in range(10))
    rows = InventoryRows(
        hosts=dict.fromkeys(names, text),
        groups={f"g{n:03}": GroupRow("a: 1\n", hosts=names[n::200]) for n in range(200)},
    )

    seconds = min(_seconds_to_render(rows) for _attempt in range(3))

    assert seconds < 1


KEYS = st.integers() | st.text(st.characters(codec="utf-8"))
SCALARS = KEYS | st.none() | st.booleans() | st.floats(allow_nan=False) | st.dates()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@settings(max_examples=150, deadline=None, database=None)
@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), VALUES, max_size=4))
def test_whatever_can_be_typed_survives(variables: dict[str, Any]) -> None:
    typed = yaml_text.dump(variables)

    document = yaml.safe_load(render_rows(InventoryRows(hosts={"web1": typed})))

    assert document["all"]["hosts"]["web1"] == yaml_text.parse_mapping(typed)


def _seconds_to_render(rows: InventoryRows) -> float:
    started = time.process_time()
    render_rows(rows)
    return time.process_time() - started
