from collections.abc import Callable

import pytest
from ansible.errors import AnsibleError
from ansible.plugins.loader import inventory_loader
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy.orm import Session

from aops.core import yaml_text
from aops.core.errors import AopsError
from aops.inventory import names, services
from aops.inventory.models import Group
from aops.inventory.rendering import render_rows
from aops.inventory.rows import GroupRow, InventoryRows
from tests import factories
from tests.inventory import ansible_says

GOOD_HOSTS = (
    "web1",
    "web-1.example.com",
    "WEB_1",
    "_x",
    "1",
    "10.0.0.1",
    "999.1.1.1",
    "x.",
    "web-",
    "a..b",
    "localhost",
    "wéb",
    "服务器1",
    "::1",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "w" * 200,
)
BAD_HOSTS = (
    "",
    "-x",
    ".x",
    "a b",
    "a\n",
    "a\tb",
    "a,b",
    "web:22",
    "[::1]",
    "web[1:3]",
    "web*",
    "~web",
    "!web",
    "&web",
    "@web",
    "a/b",
    "a;b",
    "$(id)",
    "{{ x }}",
    "fe80::1%eth0",
    "😀",
    "all",
    "ungrouped",
    "_meta",
    "w" * 201,
    "w" * 5_000,
)
GOOD_GROUPS = ("web", "_web", "web-servers", "web.servers", "组", "plugin", "hosts", "vars", "W1")
BAD_GROUPS = ("", "1web", "-web", "web servers", "web:db", "::1", "10.0.0.1", "localhost", "all")


IMPORTED_HOSTS = (
    *("a b", "a,b", "web*", "~web", "!web", "@web", "a/b", "C:\\x", "#x", "it's", "😀", ".x"),
    *("a b:22", "_x_:22", "fe80::1%eth0", "web:", "a:b", "2001:db8::1"),
)
BAD_IMPORTED_HOSTS = (
    *(
        "",
        "-x",
        " x",
        "x ",
        "a\n",
        "a\tb",
        "a\x85b",
        "a\u202eb",
        "web:22",
        "服务器:1",
        "10.0.0.1:22",
    ),
    *("[::1]", "[::1]:22", "web[1:3]", "web[", "a]b[", "{{ x }}", "{% x %}"),
    *("all", "ungrouped", "_meta", "w" * 201),
)


@pytest.mark.parametrize("name", GOOD_HOSTS)
def test_a_good_host_name_is_taken_literally_by_ansible(name: str, tmp_path: ansible_says.Path):
    names.check_host_name(name)

    rows = InventoryRows(hosts={name: "", "other-host": ""})
    assert sorted(ansible_says.hosts_matching("all", rows, tmp_path)) == sorted(rows.hosts)
    assert ansible_says.hosts_matching(name, rows, tmp_path) == [name]


@pytest.mark.parametrize("name", BAD_HOSTS)
def test_a_bad_host_name_is_refused_at_its_field(name: str) -> None:
    with pytest.raises(AopsError) as refusal:
        names.check_host_name(name)

    assert refusal.value.field == "name"
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("name", GOOD_GROUPS)
def test_a_good_group_name_is_taken_literally_by_ansible(name: str, tmp_path: ansible_says.Path):
    names.check_group_name(name)

    rows = InventoryRows(hosts={"in1": "", "out1": ""}, groups={name: GroupRow(hosts=["in1"])})
    assert ansible_says.hosts_matching(name, rows, tmp_path) == ["in1"]


@pytest.mark.parametrize("name", BAD_GROUPS)
def test_a_bad_group_name_is_refused_at_its_field(name: str) -> None:
    with pytest.raises(AopsError) as refusal:
        names.check_group_name(name)

    assert refusal.value.field == "name"


@pytest.mark.parametrize("name", [*GOOD_HOSTS, *IMPORTED_HOSTS])
def test_an_imported_host_name_is_taken_literally_by_ansible(
    name: str, tmp_path: ansible_says.Path
) -> None:
    names.check_imported_host_name(name)

    rows = InventoryRows(hosts={name: "", "other-host": ""})
    assert ansible_says.hosts_matching("all", rows, tmp_path) == [*rows.hosts]


@pytest.mark.parametrize("name", BAD_IMPORTED_HOSTS)
def test_what_ansible_reads_more_into_is_no_imported_host_name(name: str) -> None:
    with pytest.raises(AopsError) as refusal:
        names.check_imported_host_name(name)

    assert refusal.value.field == "name"
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("name", [*GOOD_GROUPS, "1web", "web servers", "web:db", "::1", "a[1:2]"])
def test_an_imported_group_name_is_taken_literally_by_ansible(
    name: str, tmp_path: ansible_says.Path
) -> None:
    names.check_imported_group_name(name)

    listed = ansible_says.listed(render_rows(InventoryRows(groups={name: GroupRow()})), tmp_path)
    assert listed["all"]["children"] == ["ungrouped", name]


@pytest.mark.parametrize("name", ["", "all", "_meta", "-web", " web", "a\nb", "{{ x }}", "w" * 201])
def test_a_bad_imported_group_name_is_refused(name: str) -> None:
    with pytest.raises(AopsError):
        names.check_imported_group_name(name)


def test_an_import_may_say_something_of_ungrouped_and_a_person_may_not() -> None:
    names.check_imported_group_name("ungrouped")

    with pytest.raises(AopsError):
        names.check_group_name("ungrouped")


@settings(max_examples=500, deadline=None)
@given(some.text("ab1_-.: [é0:22,服/%", min_size=1, max_size=8))
def test_no_imported_host_name_is_split_or_multiplied(app: Flask, name: str) -> None:
    expanded = expand(name)
    literal = expanded == ([name], None)

    with app.test_request_context():
        accepted = passes(names.check_imported_host_name, name)

    odd = name != name.strip() or name.startswith("-")
    assert accepted == (literal and not odd)


@pytest.mark.parametrize(
    "text",
    [
        "ansible_host: 10.0.0.1",
        "ansible_host: web1.example.com",
        "ansible_host: 'fe80::1%eth0'",
        "ansible_host: '{{ other }} -o x'",
        "ansible_host: null",
        "ansible_user: deploy",
        "ansible_user: CORP\\deploy",
        "ansible_user: deploy@example.com",
        'ansible_user: \'{{ lookup("env", "USER") }}\'',
        "ansible_user: !vault '$ANSIBLE_VAULT;1.1;AES256'",
        "ansible_port: 22",
        "ansible_port: '65535'",
        "ansible_port: '{{ port }}'",
        "_x1: anything",
    ],
)
def test_good_variables_pass(text: str) -> None:
    variables = yaml_text.parse_mapping(text)

    names.check_variables(variables)

    assert variables


@pytest.mark.parametrize(
    "text",
    [
        "ansible_host: -oProxyCommand=id",
        "ansible_host: 'a b'",
        "ansible_host: 'a;id'",
        'ansible_host: "a\\nb"',
        "ansible_host: 'x%`id`'",
        "ansible_host: ''",
        "ansible_host: 10",
        "ansible_host: !unsafe '{{ x }}'",
        "ansible_host: [a]",
        "ansible_ssh_host: -x",
        "ansible_user: -l",
        "ansible_user: 'a b'",
        "ansible_user: 'a$(id)'",
        'ansible_user: "a\\0b"',
        "ansible_user: 'a\\'",
        "ansible_user: ''",
        "ansible_user: 12",
        "ansible_ssh_user: 'a|b'",
        "ansible_port: 0",
        "ansible_port: 65536",
        "ansible_port: yes",
        "ansible_port: '22 -o x'",
        "ansible_port: 22.5",
        "ansible_port: -22",
        "my-name: 1",
        "1st: 1",
        "'a b': 1",
        "'': 1",
        "'true': 1",
        "größe: 1",
    ],
)
def test_bad_variables_are_refused_at_their_field(text: str) -> None:
    variables = yaml_text.parse_mapping(text)

    with pytest.raises(AopsError) as refusal:
        names.check_variables(variables)

    assert refusal.value.field == "variables"
    assert str(refusal.value).isprintable()


def test_a_merged_key_may_be_overridden() -> None:
    text = "base: &base {a: 1, b: 1}\nown:\n  <<: *base\n  a: 2\n"

    variables = yaml_text.parse_mapping(text)

    assert variables["own"] == {"a": 2, "b": 1}


@pytest.mark.usefixtures("session")
def test_a_row_that_an_import_brought_may_be_edited() -> None:
    host = factories.make_host("a b", variables="my-name: 1\n")
    group = factories.make_group("2nd group", inventory=host.inventory)

    host.description, group.description = "new", "new"
    host.variables = "my-name: 3\nother: 2\n"

    services.check_host(host)
    services.check_group(group)


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("text", ["my-name: 1\nour-name: 2\n", "my-name: 1\nansible_port: x\n"])
def test_what_is_new_in_a_row_that_an_import_brought_must_be_good(text: str) -> None:
    host = factories.make_host("a b", variables="my-name: 1\nansible_port: 22\n")

    host.variables = text

    with pytest.raises(AopsError):
        services.check_host(host)


@pytest.mark.usefixtures("session")
def test_a_host_and_a_group_of_one_name_may_be_edited_and_not_be_made() -> None:
    host = factories.make_host("web")
    group = factories.make_group("web", inventory=host.inventory)

    services.check_host(host)
    services.check_group(group)

    taken = factories.make_host("db").inventory
    with pytest.raises(AopsError, match="has a host of this name"):
        services.check_group(Group(name="db", inventory=taken, hosts=[], children=[]))


def test_a_new_or_another_name_must_be_a_good_one(session: Session) -> None:
    host = factories.make_host("a b")
    session.flush()

    host.name = "a, b"

    with pytest.raises(AopsError, match="cannot be a host name"):
        services.check_host(host)


def expand(name: str) -> object:
    try:
        return inventory_loader.get("yaml")._expand_hostpattern(name)
    except (AnsibleError, ValueError):
        return None


def passes(check: Callable[[str], None], name: str) -> bool:
    try:
        check(name)
    except AopsError:
        return False
    return True
