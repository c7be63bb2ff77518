from pathlib import Path
from typing import Any

import ansible
import pytest
import yaml
from sqlalchemy.orm import Session

from aops.core.errors import AopsError
from aops.core.yaml_text import UnsafeText, VaultText
from aops.inventory import reserved
from aops.inventory.models import Host, Inventory
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import make_group, make_host, make_inventory

RESERVED = (
    "_ansible_ansiballz_debugpy_config",
    "ansible_become_exe",
    "ansible_become_flags",
    "ansible_connection",
    "ansible_control_path",
    "ansible_docker_extra_args",
    "ansible_host_key_checking",
    "ansible_kubectl_kubeconfig",
    "ansible_libssh_config_file",
    "ansible_netconf_ssh_config",
    "ansible_paramiko_host_key_checking",
    "ansible_paramiko_private_key_file",
    "ansible_paramiko_proxy_command",
    "ansible_perl_interpreter",
    "ansible_private_key_file",
    "ansible_psrp_proxy",
    "ansible_python_interpreter",
    "ansible_scp_executable",
    "ansible_scp_extra_args",
    "ansible_sftp_executable",
    "ansible_sftp_extra_args",
    "ansible_shell_executable",
    "ansible_shell_type",
    "ansible_ssh_args",
    "ansible_ssh_common_args",
    "ansible_ssh_executable",
    "ansible_ssh_extra_args",
    "ansible_ssh_host_key_checking",
    "ansible_ssh_pkcs11_provider",
    "ansible_ssh_private_key_file",
    "ansible_sudo_exe",
    "ansible_sudo_flags",
    "ansible_winrm_cert_key_pem",
    "ansible_winrm_cert_pem",
    "ansible_winrm_kinit_cmd",
    "ansible_winrm_proxy",
)
FREE = (
    "ansible_become",
    "ansible_become_method",
    "ansible_become_password",
    "ansible_become_user",
    "ansible_host",
    "ansible_password",
    "ansible_port",
    "ansible_remote_tmp",
    "ansible_ssh_host",
    "ansible_ssh_pass",
    "ansible_ssh_port",
    "ansible_timeout",
    "ansible_user",
    "backup_args",
    "my_ansible_ssh_args",
)
RUNNING: tuple[Any, ...] = (
    '{{ lookup("pipe", "id") }}',
    "{{ query('pipe', 'id') | first }}",
    "a-{{q('pipe','id')[0]}}",
    "{% set a = lookup %}{{ a('pipe', 'id') }}",
    "{{ (lookup)('pipe', 'id') }}",
    "{%- if lookup('pipe', 'id') -%}x{% endif %}",
    "{{ x }}{# {{ #}{{ lookup ('pipe', 'id') }}",
    "{{ lipsum.__globals__ }}",
    "{{ lipsum | attr('x') }}",
    "{{ [lipsum] | map('attr', 'x') | list }}",
    "{{ [x] | map(attribute='\\x5f\\x5fclass\\x5f\\x5f') | list }}",
    "{% include '/etc/hosts' %}",
    "{% from 'x.j2' import y %}{{ y }}",
    "#jinja2: variable_start_string:'[['\n[[ lookup('pipe', 'id') ]]",
    {"a": ["x", {"b": "{{ lookup('pipe', 'id') }}"}]},
    {"{{ lookup('pipe', 'id') }}": 1},
)
EVERYDAY: tuple[Any, ...] = (
    "{{ inventory_hostname }}.example.com",
    "{{ vault_x }}",
    "{{ hostvars[inventory_hostname]['address'] | default(q_net) }}",
    "{{ addresses.query | default('lookup(query)') }}",
    "{% raw %}{{ lookup('pipe', 'id') }}{% endraw %}",
    "{# lookup('pipe', 'id') #}{{ x }}",
    "lookup('pipe', 'id')",
    UnsafeText("{{ lookup('pipe', 'id') }}"),
    VaultText("$ANSIBLE_VAULT;1.1;AES256"),
    ["a", 1, None, {"b": "{{ c }}"}],
)
DANGEROUS_WORDS = ("args", "executable", "exe", "flags", "interpreter", "key_file", "checking")


@pytest.mark.parametrize("name", RESERVED)
def test_what_decides_about_the_control_node_is_reserved(name: str) -> None:
    with pytest.raises(AopsError, match=name) as refusal:
        reserved.check({name: "x"}, {}, allowed=False)

    assert refusal.value.field == "variables"


@pytest.mark.parametrize("name", FREE)
def test_what_says_where_a_host_is_and_who_signs_in_is_free(name: str) -> None:
    assert not reserved.is_reserved(name)


def test_no_documented_variable_of_the_dangerous_kinds_is_forgotten() -> None:
    documented = set(documented_variables())

    forgotten = {
        name
        for name in documented
        if name.endswith(DANGEROUS_WORDS) and not reserved.is_reserved(name)
    }

    assert "ansible_ssh_common_args" in documented
    assert forgotten == set()


def test_what_was_there_before_may_stay_as_it_is() -> None:
    old = {"ansible_connection": "local", "ansible_ssh_args": "-v", "rack": 1}

    reserved.check(old | {"rack": 2}, old, allowed=False)

    with pytest.raises(AopsError, match="set ansible_connection:"):
        reserved.check(old | {"ansible_connection": "ssh"}, old, allowed=False)


def test_taking_one_away_is_a_change() -> None:
    old = {"ansible_connection": "local", "rack": 1}

    with pytest.raises(AopsError, match="take away ansible_connection") as refusal:
        reserved.check({"rack": 1}, old, allowed=False)

    assert refusal.value.field == "variables"
    reserved.check({"rack": 1}, old, allowed=False, may_go=True)
    reserved.check({"rack": 1}, old, allowed=True)


@pytest.mark.parametrize("value", RUNNING)
def test_a_connection_variable_whose_template_runs_something_is_reserved(value: Any) -> None:
    with pytest.raises(AopsError, match="give ansible_host a template") as refusal:
        reserved.check({"ansible_host": value, "rack": value}, {}, allowed=False)

    assert refusal.value.field == "variables"
    reserved.check({"ansible_host": value}, {}, allowed=True)
    reserved.check({"ansible_host": value}, {"ansible_host": value}, allowed=False)
    reserved.check({"rack": value}, {}, allowed=False)
    reserved.check({"ansible_host": "10.0.0.1"}, {"ansible_host": value}, allowed=False)


@pytest.mark.parametrize("value", EVERYDAY)
def test_everyday_templates_of_connection_variables_are_free(value: Any) -> None:
    reserved.check({"ansible_host": value, "ansible_password": value}, {}, allowed=False)


@pytest.mark.parametrize(
    ("old", "new"), [("{{ x }}", UnsafeText("{{ x }}")), (1, True), ("a", ["a"]), (None, "")]
)
def test_another_type_is_a_change(old: Any, new: Any) -> None:
    with pytest.raises(AopsError):
        reserved.check({"ansible_ssh_args": new}, {"ansible_ssh_args": old}, allowed=False)


def test_all_refused_variables_are_named() -> None:
    new = {"ansible_ssh_args": "", "rack": 1, "ansible_connection": "local"}

    with pytest.raises(AopsError, match="ansible_connection, ansible_ssh_args"):
        reserved.check(new, {}, allowed=False)


def test_who_has_the_right_sets_all() -> None:
    reserved.check(dict.fromkeys(RESERVED, "x"), {}, allowed=True)


def test_plain_secrets_are_named_and_hidden_ones_are_not() -> None:
    variables = {
        "ansible_password": "geheim",
        "ansible_become_password": VaultText("$ANSIBLE_VAULT;1.1;AES256"),
        "ansible_ssh_pass": "{{ vaulted }}",
        "ansible_sudo_pass": 1234,
        "ansible_user": "deploy",
        "password": "of a database",
    }

    assert reserved.plain_secrets(variables) == ["ansible_password", "ansible_sudo_pass"]


@pytest.mark.parametrize("page", ["inventories", "hosts", "groups"])
def test_an_author_is_refused_at_the_field(page: str, client: ConsoleClient, arthur: User) -> None:
    make_inventory()
    client.sign_in(arthur)

    data = {"name": "web1", "variables": "ansible_ssh_common_args: -oProxyCommand=id"}
    refused = client.submit(f"/{page}/new/", data, code=200)

    assert 'id="variables-error"' in refused.text
    assert "Only administrators may set ansible_ssh_common_args" in refused.text
    assert "-oProxyCommand=id" in refused.text


@pytest.mark.parametrize("page", ["inventories", "hosts", "groups"])
def test_an_administrator_sets_them(page: str, client: ConsoleClient, alice: User) -> None:
    make_inventory()
    client.sign_in(alice)

    data = {"name": "web1", "variables": "ansible_ssh_common_args: -oProxyCommand=id"}
    answer = client.submit(f"/{page}/new/", data)

    assert "/details/" in answer.headers["Location"]


@pytest.mark.parametrize("page", ["inventories", "hosts", "groups"])
def test_an_author_edits_around_what_an_administrator_set(
    page: str, client: ConsoleClient, arthur: User, session: Session
) -> None:
    kept = "ansible_connection: local\n"
    make = {"inventories": make_inventory, "hosts": make_host, "groups": make_group}[page]
    thing = make(variables=kept)
    client.sign_in(arthur)

    client.submit(f"/{page}/edit/?id={thing.id}", {"variables": f"{kept}rack: B7\n"})
    session.refresh(thing)
    saved = thing.variables
    refused = client.submit(
        f"/{page}/edit/?id={thing.id}", {"variables": "ansible_connection: ssh\n"}, code=200
    )
    not_removed = client.submit(
        f"/{page}/edit/?id={thing.id}", {"variables": "rack: B7\n"}, code=200
    )

    assert saved == f"{kept}rack: B7\n"
    assert 'id="variables-error"' in refused.text
    assert "Only administrators may take away ansible_connection" in not_removed.text


@pytest.mark.parametrize("page", ["inventories", "hosts", "groups"])
def test_an_author_is_refused_a_lookup_in_a_connection_variable(
    page: str, client: ConsoleClient, arthur: User
) -> None:
    make_inventory()
    client.sign_in(arthur)

    data = {"name": "web1", "variables": "ansible_host: \"{{ lookup('pipe', 'id') }}\"\n"}
    refused = client.submit(f"/{page}/new/", data, code=200)

    assert 'id="variables-error"' in refused.text
    assert "give ansible_host a template that calls a lookup" in refused.text


def test_a_plain_password_is_saved_with_a_warning(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    inventory = make_inventory()
    client.sign_in(arthur)

    client.submit("/hosts/new/", {"name": "web1", "variables": "ansible_password: geheim"})
    page = client.get(f"/inventories/details/?id={inventory.id}")

    assert session.query(Host).count() == 1
    assert "ansible_password" in page.select_one(".alert-warning").text
    assert session.query(Inventory).count() == 1


def documented_variables() -> list[str]:
    """Read the variables that Ansible's own connection and become plugins document."""
    root = Path(ansible.__file__).parent / "plugins"
    found: list[str] = []
    for path in (*root.glob("connection/*.py"), *root.glob("become/*.py")):
        _before, _mark, after = path.read_text().partition('DOCUMENTATION = """')
        documented = yaml.safe_load(after.partition('"""')[0]) or {}
        for option in documented.get("options", {}).values():
            found += [variable["name"] for variable in option.get("vars", ())]
    return found
