"""What INI and JSON cannot hold is refused before anything is written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from flask import Flask

from aops.core.errors import AopsError
from aops.inventory import rendering
from aops.inventory.exports import ini, script_json
from aops.inventory.rows import GroupRow, InventoryRows

SHOP = InventoryRows(
    variables="where: here\n",
    hosts={"web1": "port: 80\nname: 'it''s'\n", "db 1": "", "lonely": "up: true\n"},
    groups={
        "web": GroupRow("a: [1, x]\n", hosts=["web1"], children=["db"]),
        "db": GroupRow("ansible_group_priority: 5\n", hosts=["db 1"]),
    },
)
TWENTY = "".join(f"number_{n}: {n}\nword_{n}: value {n}\n" for n in range(10))


def test_ini_names_hosts_first_then_groups_then_what_is_nested() -> None:
    text = ini.render(SHOP)

    assert text == (
        "[all]\nweb1 port=80 name='\"it'\"'\"'s\"'\n'db 1'\nlonely up=True\n\n"
        "[all:vars]\nwhere=here\n\n"
        "[web]\nweb1\n\n[web:vars]\na=[1, 'x']\n\n"
        "[db]\n'db 1'\n\n[db:vars]\nansible_group_priority=5\n\n"
        "[web:children]\ndb\n\n[all:children]\nweb\n"
    )


def test_json_is_what_an_inventory_script_prints() -> None:
    document = json.loads(script_json.render(SHOP))

    assert document == {
        "all": {
            "hosts": ["web1", "db 1", "lonely"],
            "children": ["web"],
            "vars": {"where": "here"},
        },
        "web": {"hosts": ["web1"], "children": ["db"], "vars": {"a": [1, "x"]}},
        "db": {"hosts": ["db 1"], "vars": {"ansible_group_priority": 5}},
        "_meta": {
            "profile": "inventory_legacy",
            "hostvars": {"web1": {"port": 80, "name": "it's"}, "lonely": {"up": True}},
        },
    }


def test_json_keeps_what_is_encrypted_and_what_is_no_template() -> None:
    text = "secret: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\nraw: [!unsafe '{{ x }}']\n"

    document = json.loads(script_json.render(InventoryRows(hosts={"web1": text})))

    assert document["_meta"]["hostvars"]["web1"] == {
        "secret": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n3132\n"},
        "raw": [{"__ansible_unsafe": "{{ x }}"}],
    }


@pytest.mark.parametrize(
    "text",
    [
        "x: !vault abc",
        "x: !unsafe abc",
        "x: 2024-02-29",
        "x: .nan",
        "x: [!vault abc]",
        "x: !!set {a}",
        f"x: {'9' * 1_500}",
    ],
)
def test_ini_refuses_a_value_that_it_cannot_hold_and_names_it(app: Flask, text: str) -> None:
    rows = InventoryRows(hosts={"web1": "a: 1\n", "web2": text})

    with app.test_request_context(), pytest.raises(AopsError) as refusal:
        ini.render(rows)

    assert "“web2: x”" in str(refusal.value)
    assert "Take YAML" in str(refusal.value)


@pytest.mark.parametrize("name", ["my group", "a:b", "x]", "#x", ";x"])
def test_ini_refuses_a_group_that_it_cannot_name(app: Flask, name: str) -> None:
    rows = InventoryRows(groups={name: GroupRow()})

    with app.test_request_context(), pytest.raises(AopsError, match="Take YAML"):
        ini.render(rows)


def test_only_the_first_few_of_many_are_named(app: Flask) -> None:
    rows = InventoryRows(hosts={f"web{n}": "x: 2024-02-29\n" for n in range(9)})

    with app.test_request_context(), pytest.raises(AopsError) as refusal:
        ini.render(rows)

    assert "“web4: x”, … (9 in all)" in str(refusal.value)


@pytest.mark.parametrize("text", ["x: !!binary aGk=", "x: [!!binary aGk=]"])
def test_json_refuses_what_it_cannot_hold(app: Flask, text: str) -> None:
    with app.test_request_context(), pytest.raises(AopsError, match="“web1: x”"):
        script_json.render(InventoryRows(hosts={"web1": text}))


def test_json_refuses_variables_that_a_group_of_that_name_would_get(app: Flask) -> None:
    rows = InventoryRows(hosts={"web": "a: 1\n"}, groups={"web": GroupRow(hosts=["web"])})

    with app.test_request_context(), pytest.raises(AopsError, match="“web”"):
        script_json.render(rows)


@pytest.mark.parametrize("write", [rendering.render_rows, ini.render, script_json.render])
def test_ten_thousand_hosts_with_twenty_variables_take_less_than_two_seconds(
    write: Callable[[InventoryRows], str],
) -> None:
    names = [f"host{number:05}.example.com" for number in range(10_000)]
    rows = InventoryRows(
        hosts=dict.fromkeys(names, TWENTY),
        groups={f"g{n:03}": GroupRow("a: 1\n", hosts=names[n::200]) for n in range(200)},
    )

    started = time.process_time()
    text = write(rows)

    assert len(text) > 3_000_000
    assert time.process_time() - started < 2
