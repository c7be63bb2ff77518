import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aops.core import yaml_text
from aops.inventory import effective
from aops.inventory.effective import Scope, Setting, Variable
from aops.inventory.levels import Levels
from aops.inventory.rendering import render_rows
from aops.inventory.rows import GroupRow, InventoryRows

NAMES = ("a", "b", "c", "d", "e", "f")
VARIABLES = ("x", "y", "z")
PRIORITIES = ("", "1", "2", "10", "-3", "'7'", "true", "2.9")
TEXTS = (
    "1",
    "null",
    "~",
    "yes",
    "'yes'",
    "0755",
    "1.10",
    "1e3",
    ".inf",
    "text",
    "'{{ z }}'",
    "!unsafe '{{ z }}'",
    "[1, two, [3]]",
    "{k: {l: 1}}",
    "12:30:45",
)

REAL = InventoryRows(
    variables="x: all\ny: [1, 2]\nansible_connection: local\nnothing: null\nmode: 0755\n",
    hosts={
        "alone": "",
        "deep": "x: host\nflag: yes\nnested: {a: {b: no}}\n",
        "many": "ansible_group_priority: 3\n",
        "tied": "template: '{{ mode }}-{{ x }}'\nraw: !unsafe '{{ mode }}'\n",
    },
    groups={
        "first": GroupRow("x: first\nansible_group_priority: 10\n", hosts=["many"]),
        "second": GroupRow("x: second\nflag: off\n", hosts=["many", "tied"]),
        "Second": GroupRow("x: Second\nz: capital\n", hosts=["tied"]),
        "top": GroupRow("x: top\ny: null\nz: top\n", children=["middle", "below"]),
        "middle": GroupRow("z: middle\nbase: &b {k: 1}\nmerged: {<<: *b, l: 2}\n", ["tied"]),
        "below": GroupRow("x: below\nwhen: 2024-02-29\n", hosts=["deep", "many"]),
    },
)


def test_a_real_run_sees_the_same_values(tmp_path: Path) -> None:
    seen = hostvars_of_a_run(REAL, tmp_path)

    told = dict(effective.values(REAL))

    for host in REAL.hosts:
        wanted = {name: seen[host][name] for name in told[host] if name not in {"template", "when"}}
        given_ = {name: told[host][name] for name in wanted}
        assert given_ == wanted, host
    assert seen["tied"]["template"] == "493-top"
    assert "ansible_group_priority" not in told["alone"] | told["tied"]


@st.composite
def inventories(draw: st.DrawFn) -> InventoryRows:
    def text() -> str:
        chosen = draw(st.dictionaries(st.sampled_from(VARIABLES), st.sampled_from(TEXTS)))
        priority = draw(st.sampled_from(PRIORITIES))
        lines = [f"{name}: {value}\n" for name, value in chosen.items()]
        return "".join([*lines, f"ansible_group_priority: {priority}\n" if priority else ""])

    hosts = {f"h{number}": text() for number in range(draw(st.integers(1, 4)))}
    names = draw(st.permutations(NAMES))[: draw(st.integers(0, 6))]
    ungrouped = GroupRow(text(), hosts=[*hosts][:1])
    groups = {"ungrouped": ungrouped} if draw(st.booleans()) else {}
    groups |= {
        name: GroupRow(
            text(),
            hosts=draw(st.lists(st.sampled_from([*hosts]), unique=True)),
            children=draw(st.lists(st.sampled_from(below), unique=True)) if below else [],
            in_all=draw(st.booleans()),
        )
        for number, name in enumerate(names)
        if (below := names[number + 1 :]) is not None
    }
    return InventoryRows(text(), hosts, groups)


@settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(inventories())
def test_of_any_inventory_the_values_are_those_that_ansible_finds(
    tmp_path: Path, rows: InventoryRows
) -> None:
    wanted = by_ansible(rows, tmp_path)

    told = dict(effective.values(rows))
    explained = {host: effective.explain(rows, host) for host in rows.hosts}

    assert repr(plain(told)) == repr(plain(wanted))
    assert {host: {v.name: read(v) for v in found} for host, found in explained.items()} == told


@settings(max_examples=50, deadline=None, database=None)
@given(inventories())
def test_whoever_asks_for_few_variables_gets_the_same_of_them(rows: InventoryRows) -> None:
    everything = dict(effective.values(rows))

    found = dict(effective.values(rows, ("x", "unknown")))

    assert found == {
        host: {"x": values["x"]} if "x" in values else {} for host, values in everything.items()
    }


def test_each_level_that_says_something_is_named_the_strongest_first() -> None:
    found = {variable.name: variable for variable in effective.explain(REAL, "many")}

    x = found["x"]
    assert origin(x.setting) == (Scope.GROUP, "below", 2, 1)
    assert [origin(setting) for setting in x.overridden] == [
        (Scope.GROUP, "first", 1, 10),
        (Scope.GROUP, "top", 1, 1),
        (Scope.GROUP, "second", 1, 1),
        (Scope.ALL, "all", 0, 1),
    ]
    assert [setting.text for setting in x.overridden] == ["first", "top", "second", "all"]
    assert [setting.origin.inherited for setting in x.overridden] == [False, True, False, False]


def test_a_host_whose_namesake_stands_in_ungrouped_gets_nothing_from_there(tmp_path: Path) -> None:
    rows = InventoryRows(
        hosts={"web": "", "db": ""},
        groups={"ungrouped": GroupRow("x: 1\n", children=["web"]), "web": GroupRow("y: 1\n")},
    )

    told = dict(effective.values(rows))

    assert told == {"web": {}, "db": {"x": 1}}
    assert by_ansible(rows, tmp_path) == told
    assert effective.explain(rows, "web") == []


def test_only_a_host_has_the_group_priority_as_a_variable() -> None:
    rows = InventoryRows(
        "ansible_group_priority: 1\n",
        hosts={"web1": "ansible_group_priority: 3\n", "web2": ""},
        groups={"web": GroupRow("ansible_group_priority: 2\n", hosts=["web1", "web2"])},
    )

    found = [[v.name for v in effective.explain(rows, host)] for host in rows.hosts]

    assert found == [["ansible_group_priority"], []]


@pytest.mark.parametrize(
    ("written", "shown", "reads_as"),
    [
        ("yes", "yes", "true"),
        ("true", "true", ""),
        ("'yes'", "'yes'", ""),
        ("0755", "0755", "493"),
        ("12:30:45", "12:30:45", "45045"),
        ("1.10", "1.10", "1.1"),
        ("~", "~", "null"),
        ("", "", "null"),
        ("10.0.0.1", "10.0.0.1", ""),
        ("2024-02-29", "2024-02-29", ""),
        (".inf", ".inf", "Infinity"),
        ("|\n  one\n  two\n", "|\n  one\n  two", ""),
        ("[1, two]  # why", "[1, two]", ""),
        ("\n  # why\n  - a\n  - b: 1\n", "- a\n- b: 1", ""),
        ("服务器", "服务器", ""),
    ],
)
def test_values_are_shown_as_they_were_written(written: str, shown: str, reads_as: str) -> None:
    found = only(f"value: {written}\nother: 1\n")

    assert (found.text, found.reads_as) == (shown, reads_as)


def test_what_is_merged_or_aliased_is_written_out() -> None:
    rows = InventoryRows(
        hosts={"web1": "one: &x {a: 1}\ntwo: *x\nthree: {<<: *x, b: 2}\n<<: {four: 4}\n"}
    )

    found = {v.name: v.setting.text for v in effective.explain(rows, "web1")}

    assert found["two"] == "{a: 1}"
    assert found["four"] == "4"
    assert yaml_text.parse(found["three"]) == {"a": 1, "b": 2}


def test_an_encrypted_value_is_neither_decrypted_nor_shown() -> None:
    vaulted = "!vault |\n    $ANSIBLE_VAULT;1.1;AES256\n    31323334\n"

    alone = only(f"value: {vaulted}")
    inside = only(f"value:\n  user: deploy\n  password: {vaulted}")

    assert alone.vaulted
    assert inside.vaulted
    assert "31323334" not in alone.text + inside.text
    assert "deploy" in inside.text


@pytest.mark.parametrize(
    ("written", "templated"),
    [
        ("'{{ a }}'", True),
        ("[plain, '{% if a %}b{% endif %}']", True),
        ("!unsafe '{{ a }}'", False),
        ("plain", False),
        ("5", False),
    ],
)
def test_a_template_is_told_from_a_value(written: str, *, templated: bool) -> None:
    assert only(f"value: {written}\n").templated is templated


def test_a_text_that_is_no_mapping_says_nothing() -> None:
    rows = InventoryRows("- a\n", {"web1": "a: [1"}, {"g": GroupRow("b: 1\n", hosts=["web1"])})

    assert [v.name for v in effective.explain(rows, "web1")] == ["b"]
    assert dict(effective.values(rows)) == {"web1": {"b": 1}}


def test_ten_thousand_hosts_in_two_hundred_groups_are_quick() -> None:
    own = "".join(f"own_{number}: value{number}\n" for number in range(20))
    names = [f"host{number:05}" for number in range(10_000)]
    rows = InventoryRows(
        hosts={name: f"{own}rack: {name[-2:]}\nansible_host: 10.0.0.1\n" for name in names},
        groups={
            f"g{n:03}": GroupRow(own.replace("own", f"g{n % 7}"), hosts=names[n::200])
            for n in range(200)
        },
    )

    seconds = min(seconds_to_read(rows) for _attempt in range(3))

    assert seconds < 2
    assert Levels(rows).of("host00007") == ("g007",)


def only(text: str) -> Setting:
    """Explain the variable of one host."""
    found = effective.explain(InventoryRows(hosts={"web1": text}), "web1")
    return next(variable.setting for variable in found if variable.name == "value")


def origin(setting: Setting) -> tuple[Any, ...]:
    where = setting.origin
    return where.scope, where.name, where.depth, where.priority


def read(variable: Variable) -> Any:
    return yaml_text.parse(f"- {variable.setting.text}\n")[0]


def plain(values: Any) -> Any:
    """Forget Ansible's and our own kinds of text, which tell where a value came from."""
    if isinstance(values, dict):
        return {plain(key): plain(value) for key, value in sorted(values.items())}
    if isinstance(values, list):
        return [plain(value) for value in values]
    return str(values) if isinstance(values, str) else values


def by_ansible(rows: InventoryRows, folder: Path) -> dict[str, dict[str, Any]]:
    """Merge as Ansible's own variable manager does, without what it adds by itself."""
    file = folder / "hosts.yml"
    file.write_text(render_rows(rows), encoding="utf-8")
    loader = DataLoader()
    inventory = InventoryManager(loader, sources=[str(file)])
    manager = VariableManager(loader, inventory)
    known = {*VARIABLES, "ansible_group_priority"}
    return {
        host.name: {
            name: value for name, value in manager.get_vars(host=host).items() if name in known
        }
        for host in inventory.get_hosts("all")
    }


def hostvars_of_a_run(rows: InventoryRows, folder: Path) -> dict[str, Any]:
    """Let ansible-playbook itself write down what each host sees."""
    (folder / "hosts.yml").write_text(render_rows(rows), encoding="utf-8")
    (folder / "play.yml").write_text(
        "- hosts: all\n"
        "  gather_facts: false\n"
        "  tasks:\n"
        "    - ansible.builtin.copy:\n"
        "        dest: '{{ playbook_dir }}/{{ inventory_hostname }}.json'\n"
        "        content: '{{ hostvars[inventory_hostname] | to_json }}'\n"
        "        mode: '0600'\n"
        "      vars: {ansible_python_interpreter: '{{ ansible_playbook_python }}'}\n"
    )
    subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "hosts.yml", "play.yml"],
        cwd=folder,
        check=True,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"},
    )
    return {host: json.loads((folder / f"{host}.json").read_text()) for host in rows.hosts}


def seconds_to_read(rows: InventoryRows) -> float:
    started = time.process_time()
    assert sum(len(found) for _host, found in effective.values(rows)) == 420_000
    return time.process_time() - started
