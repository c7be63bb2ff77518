import json
from typing import Any, Self

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core import references
from aops.core.database import db
from aops.inventory import generation
from aops.inventory.bulk import selection
from aops.inventory.models import Group, Host, HostLabel, Inventory, group_hosts
from aops.users.models import User
from tests.console import ConsoleClient, form_values
from tests.factories import make_group, make_host, make_inventory

PLAIN = "# rack\nrack: B7  # third\n"
LOCAL = f"{PLAIN}ansible_connection: local\n"


def test_ticked_hosts_are_disabled_after_a_confirmation(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    web1, web2, web3 = _hosts("web1", "web2", "web3")
    web2.enabled = False
    client.sign_in(arthur)
    before = {host.name: host.version for host in (web1, web2, web3)}
    state = generation.of(web1.inventory_id)

    page = _ask(client, "disable", host=[web1.id, web2.id])
    untouched = web1.enabled
    answer = _confirm(client, page)

    assert "2 hosts" in page.h1.text
    assert "web1, web2" in page.select_one("#bulk-names").text
    assert _plan(page) == (
        "Will be disabled, so that runs do not see them: 1. Disabled already: 1."
    )
    assert untouched
    assert [host.enabled for host in (web1, web2, web3)] == [False, False, True]
    assert web1.version == before["web1"] + 1
    assert (web2.version, web3.version) == (before["web2"], before["web3"])
    assert generation.of(web1.inventory_id) > state
    assert answer.headers["Location"] == "/hosts/"
    assert "Disabled hosts: 1." in client.get("/hosts/").select_one(".alert-success").text


def test_the_log_gets_one_line_with_number_and_names(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    hosts = _hosts(*(f"web{number:02}" for number in range(60)), enabled=False)
    client.sign_in(arthur)
    before = session.query(AuditEntry).count()

    _confirm(client, _ask(client, "enable", host=[host.id for host in hosts]))

    [entry] = session.scalars(select(AuditEntry).order_by(AuditEntry.id).offset(before)).all()
    facts = json.loads(entry.changes)
    assert (entry.action, entry.actor_name) == ("hosts.enabled", "arthur")
    assert entry.object_name == "web00, web01, web02 … (60)"
    assert facts["number"] == 60
    assert facts["hosts"] == [*(f"web{number:02}" for number in range(50)), "…"]


def test_a_host_of_another_name_under_the_same_id_is_asked_about_again(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    [test1] = _hosts("test1")
    client.sign_in(arthur)

    page = _ask(client, "delete", host=[test1.id])
    test1.name = "prod1"
    session.commit()
    again = _confirm(client, page, code=200)

    assert "Nothing was done" in again.text
    assert session.scalars(select(Host.name)).all() == ["prod1"]


def test_all_that_match_are_looked_up_again(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    web1, web2 = _hosts("web1", "web2")
    other = make_host("db1", inventory=web1.inventory)
    client.sign_in(arthur)

    page = _ask(client, "disable", all="1", where="search=web", host=[other.id])
    _confirm(client, page)

    assert "2 hosts" in page.h1.text
    assert [host.enabled for host in (web1, web2, other)] == [False, False, True]


def test_a_set_that_changed_meanwhile_is_asked_about_again(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    web1, web2 = _hosts("web1", "web2")
    client.sign_in(arthur)
    page = _ask(client, "disable", all="1", where="search=web")
    web3 = make_host("web3", inventory=web1.inventory)
    session.commit()

    again = BeautifulSoup(_confirm(client, page, code=200).text, "html5lib")
    untouched = [host.enabled for host in (web1, web2, web3)]
    _confirm(client, again)

    assert "Nothing was done" in again.select_one(".alert-warning").text
    assert "3 hosts" in again.h1.text
    assert untouched == [True, True, True]
    assert [host.enabled for host in (web1, web2, web3)] == [False, False, False]


def test_a_value_that_changed_meanwhile_is_asked_about_again(
    client: ConsoleClient, arthur: User
) -> None:
    [web1] = _hosts("web1")
    client.sign_in(arthur)
    page = _ask(client, "add-label", host=[web1.id], asked="1", label="prod")

    again = _confirm(client, page, code=200, label="test")

    assert "Nothing was done" in again.text
    assert web1.labels == []


def test_a_pasted_list_finds_its_hosts_and_names_the_others(
    client: ConsoleClient, arthur: User
) -> None:
    web1, web2, web3 = _hosts("web1", "web2", "web3")
    client.sign_in(arthur)

    page = _ask(client, "disable", names="web1, web3;web1\r\nnobody\n\tnothing ")
    _confirm(client, page)

    assert "nobody, nothing" in page.select_one("#bulk-unknown").text
    assert [host.enabled for host in (web1, web2, web3)] == [False, True, False]


def test_hosts_of_one_name_are_told_apart_by_their_inventories(
    client: ConsoleClient, arthur: User
) -> None:
    prod, test = (make_inventory(name=name) for name in ("prod", "test"))
    make_host("c1", inventory=prod)
    make_host("c1", inventory=test)
    client.sign_in(arthur)

    pages = [_ask(client, "disable", names="c1", inventory=id_) for id_ in ("", test.id)]

    names = [page.select_one("#bulk-names").text.strip() for page in pages]
    assert names == ["c1 (prod), c1 (test)", "c1"]


def test_the_inventory_that_somebody_looks_at_is_chosen_already(
    client: ConsoleClient, arthur: User
) -> None:
    shop = make_inventory(name="shop")
    client.sign_in(arthur)

    link = client.get(f"/hosts/?inventory={shop.id}").select_one("a[href^='/hosts/bulk/']")
    page = client.get(link["href"])

    assert page.select_one("#inventory option[selected]").text == "shop"


def test_the_browser_warns_before_a_typed_list_is_left_behind(
    client: ConsoleClient, arthur: User
) -> None:
    client.sign_in(arthur)

    page = client.get("/hosts/bulk/")

    assert page.select_one("main form[data-warn-unsaved] #names") is not None


def test_a_pasted_list_that_is_too_long_is_refused_whole(
    client: ConsoleClient, arthur: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "MAX_TEXT", 10)
    [web1] = _hosts("web1")
    client.sign_in(arthur)

    page = _ask(client, "disable", names="web1 web2 web3")

    assert "at most 10 are allowed" in page.select_one("#choice-error").text
    assert page.select_one("#names").text.strip() == "web1 web2 web3"
    assert web1.enabled


def test_a_pattern_chooses_hosts_of_its_inventory(client: ConsoleClient, arthur: User) -> None:
    web1, web2, web3 = _hosts("web1", "web2", "web3")
    elsewhere = make_host("web1", inventory=make_inventory())
    make_group("odd", inventory=web1.inventory, hosts=[web1, web3])
    client.sign_in(arthur)

    page = _ask(client, "disable", pattern="odd:!web3", inventory=web1.inventory_id)
    _confirm(client, page)

    assert [host.enabled for host in (web1, web2, web3, elsewhere)] == [False, True, True, True]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"names": "nobody"}, "nobody"),
        ({"pattern": "web*"}, "Choose the inventory"),
        ({"pattern": "nothing", "inventory": "{inventory}"}, "matches the pattern"),
        ({"pattern": "@/etc/passwd", "inventory": "{inventory}"}, "@"),
        ({"pattern": "~(", "inventory": "{inventory}"}, "regular expression"),
        ({"names": "no\x00body"}, "body"),
    ],
)
def test_a_choice_that_finds_nothing_keeps_what_was_typed(
    data: dict[str, str], sentence: str, client: ConsoleClient, arthur: User
) -> None:
    [web1] = _hosts("web1")
    client.sign_in(arthur)

    filled = {name: text.format(inventory=web1.inventory_id) for name, text in data.items()}
    page = _ask(client, "disable", **filled)

    assert sentence in page.select_one("#choice-error").text
    typed = page.select_one("#names").text.strip() or page.select_one("#pattern")["value"]
    assert typed == data.get("names", data.get("pattern")).replace("\x00", " ")
    assert web1.enabled


@pytest.mark.parametrize(
    "data", [{}, {"host": ["x", "-1", "99999999999"]}, {"all": "1", "where": "search=nothing"}]
)
def test_no_host_is_no_action(data: dict[str, Any], client: ConsoleClient, arthur: User) -> None:
    client.sign_in(arthur)

    client.post("/hosts/bulk/", {"action": "delete"} | data)

    assert "Choose at least one" in client.get("/hosts/").select_one(".alert-danger").text


def test_an_unknown_action_is_said(client: ConsoleClient, arthur: User) -> None:
    [web1] = _hosts("web1")
    client.sign_in(arthur)

    client.post("/hosts/bulk/", {"action": "explode", "host": [web1.id]})

    assert "Choose what to do" in client.get("/hosts/").select_one(".alert-danger").text


def test_labels_are_added_and_removed(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    web1, web2 = _hosts("web1", "web2")
    web2.labels = [HostLabel(name="prod"), HostLabel(name="eu")]
    client.sign_in(arthur)
    both = [web1.id, web2.id]

    form = _ask(client, "add-label", host=both)
    added = _ask(client, "add-label", host=both, asked="1", label="prod")
    _confirm(client, added)
    after_adding = [[label.name for label in host.labels] for host in (web1, web2)]
    _confirm(client, _ask(client, "remove-label", host=both, asked="1", label="prod"))

    assert form.select_one("input[name=label]") is not None
    assert "Will get the label: 1. Have it already: 1." in _plan(added)
    assert after_adding == [["prod"], ["eu", "prod"]]
    assert [[label.name for label in host.labels] for host in (web1, web2)] == [[], ["eu"]]


@pytest.mark.parametrize("label", ["", "two words", "a,b", "x" * 51, "<b>", "a\x00b"])
def test_what_cannot_be_a_label_is_refused_at_its_field(
    label: str, client: ConsoleClient, arthur: User
) -> None:
    [web1] = _hosts("web1")
    client.sign_in(arthur)

    page = _ask(client, "add-label", host=[web1.id], asked="1", label=label)

    assert page.select_one("#label-error") is not None
    assert page.select_one("input[name=confirmed]") is None


def test_hosts_join_and_leave_the_group_of_their_inventory(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    web1, web2 = _hosts("web1", "web2")
    other = make_host("db1", inventory=make_inventory())
    here = make_group("blue", inventory=web1.inventory, hosts=[web2])
    there = make_group("blue", inventory=other.inventory)
    client.sign_in(arthur)
    hosts = [web1.id, web2.id, other.id]

    joining = _ask(client, "add-to-group", host=hosts, asked="1", group="blue")
    _confirm(client, joining)
    joined = {host.name for host in here.hosts}, {host.name for host in there.hosts}
    _confirm(client, _ask(client, "remove-from-group", host=hosts[:2], asked="1", group="blue"))

    assert "Will join the group: 2. Are in it already: 1." in _plan(joining)
    assert joined == ({"web1", "web2"}, {"db1"})
    assert here.hosts == []
    assert [host.name for host in there.hosts] == ["db1"]


def test_a_group_that_an_inventory_lacks_is_refused_at_its_field(
    client: ConsoleClient, arthur: User
) -> None:
    [web1] = _hosts("web1")
    other = make_host("db1", inventory=make_inventory(name="Warehouse"))
    make_group("blue", inventory=web1.inventory)
    client.sign_in(arthur)

    page = _ask(client, "add-to-group", host=[web1.id, other.id], asked="1", group="blue")

    assert "Warehouse" in page.select_one("#group-error").text


def test_a_variable_is_set_in_the_text_that_stands_there(
    client: ConsoleClient, arthur: User
) -> None:
    web1, web2, web3 = _hosts("web1", "web2", "web3", variables=PLAIN)
    web2.variables = "rack: A1\nzone: x\n"
    web3.variables = "{rack: A1}"
    client.sign_in(arthur)
    hosts = [web1.id, web2.id, web3.id]

    page = _ask(client, "set-variable", host=hosts, asked="1", name="rack", value="A1")
    _confirm(client, page)

    assert "Will get the value: 1. Have it already: 2." in _plan(page)
    assert web1.variables == "# rack\nrack: A1  # third\n"
    assert web2.variables == "rack: A1\nzone: x\n"
    assert web3.variables == "{rack: A1}"


def test_a_variable_is_removed_and_comments_stay(client: ConsoleClient, arthur: User) -> None:
    web1, web2 = _hosts("web1", "web2", variables=f"{PLAIN}zone: x\n")
    web2.variables = "zone: x\n"
    client.sign_in(arthur)

    page = _ask(client, "remove-variable", host=[web1.id, web2.id], asked="1", name="rack")
    _confirm(client, page)

    assert "Will lose the variable: 1. Do not have it: 1." in _plan(page)
    assert (web1.variables, web2.variables) == ("# rack\nzone: x\n", "zone: x\n")


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("my-name", "1", "name"),
        ("a", "[1", "value"),
        ("a", "!!python/object/apply:os.system [id]", "value"),
        ("ansible_host", "-oProxyCommand=id", ""),
        ("ansible_ssh_common_args", "-oProxyCommand=id", ""),
    ],
)
def test_a_variable_that_may_not_be_set_is_refused(
    name: str, value: str, field: str, client: ConsoleClient, arthur: User
) -> None:
    [web1] = _hosts("web1", variables=PLAIN)
    client.sign_in(arthur)

    page = _ask(client, "set-variable", host=[web1.id], asked="1", name=name, value=value)

    assert page.select_one(f"#{field}-error" if field else ".alert-danger") is not None
    assert page.select_one("input[name=name]")["value"] == name
    assert page.select_one("input[name=confirmed]") is None
    assert web1.variables == PLAIN


def test_an_author_removes_no_reserved_variable(client: ConsoleClient, arthur: User) -> None:
    [web1] = _hosts("web1", variables=LOCAL)
    client.sign_in(arthur)

    data = {"host": [web1.id], "asked": "1", "name": "ansible_connection"}
    page = _ask(client, "remove-variable", **data)

    assert "take away ansible_connection" in page.select_one(".alert-danger").text
    assert page.select_one("input[name=confirmed]") is None
    assert web1.variables == LOCAL


def test_an_administrator_removes_a_reserved_variable(client: ConsoleClient, alice: User) -> None:
    [web1] = _hosts("web1", variables=LOCAL)
    client.sign_in(alice)

    data = {"host": [web1.id], "asked": "1", "name": "ansible_connection"}
    _confirm(client, _ask(client, "remove-variable", **data))

    assert web1.variables == PLAIN


def test_an_administrator_sets_a_reserved_variable(client: ConsoleClient, alice: User) -> None:
    [web1] = _hosts("web1", variables=PLAIN)
    client.sign_in(alice)

    _confirm(
        client,
        _ask(
            client,
            "set-variable",
            host=[web1.id],
            asked="1",
            name="ansible_connection",
            value="local",
        ),
    )

    assert web1.variables == f"{PLAIN}ansible_connection: local\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [("ansible_password", "geheim"), ("login", "{ansible_password: geheim, port: 1}")],
)
def test_a_secret_does_not_reach_the_log(
    name: str, value: str, client: ConsoleClient, arthur: User, session: Session
) -> None:
    [web1] = _hosts("web1", variables="")
    client.sign_in(arthur)

    data = {"host": [web1.id], "asked": "1", "name": name, "value": value}
    _confirm(client, _ask(client, "set-variable", **data))

    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "hosts.variable_set")
    ).one()
    assert "geheim" in web1.variables
    assert "(hidden)" in entry.changes
    assert "geheim" not in entry.changes
    assert "ansible_password" in entry.changes


def test_hosts_are_deleted_with_what_hangs_on_them(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    web1, web2 = _hosts("web1", "web2")
    make_group("blue", inventory=web1.inventory, hosts=[web1, web2])
    web1.labels = [HostLabel(name="prod")]
    client.sign_in(arthur)

    page = _ask(client, "delete", host=[web1.id])
    _confirm(client, page)

    assert page.select_one(".btn-danger") is not None
    assert session.scalars(select(Host.name)).all() == ["web2"]
    assert session.scalars(select(HostLabel.name)).all() == []
    assert len(session.execute(select(group_hosts)).all()) == 1


def test_hosts_in_use_are_not_deleted_and_their_users_are_named(
    client: ConsoleClient, arthur: User, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    web1, web2 = _hosts("web1", "web2")
    finder = {Host: [lambda host: ["template Deploy"] if host.name == "web2" else []]}
    monkeypatch.setattr(references, "_finders", finder)
    client.sign_in(arthur)

    page = _ask(client, "delete", host=[web1.id, web2.id])

    assert "web2 (template Deploy)" in page.select_one(".alert-danger").text
    assert session.query(Host).count() == 2


def test_keys_of_many_hosts_are_asked_for_with_one_message(
    client: ConsoleClient, arthur: User, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    web1, web2 = _hosts("web1", "web2")
    sent: list[Any] = []
    monkeypatch.setattr("aops.core.celery.send", lambda *message: sent.append(message))
    client.sign_in(arthur)
    version = web1.version

    _confirm(client, _ask(client, "fetch-keys", host=[web1.id, web2.id]))

    assert sent == [("inventory.scan_host_keys",)]
    assert web1.key_scan_requested_at is not None
    assert web2.key_scan_requested_at is not None
    assert web1.version == version


def test_who_may_not_write_is_refused(client: ConsoleClient, oscar: User) -> None:
    [web1] = _hosts("web1")
    client.sign_in(oscar)

    for action in ("enable", "delete", "set-variable", "fetch-keys"):
        client.post("/hosts/bulk/", {"action": action, "host": [web1.id]}, code=403)

    offered = client.get("/hosts/").select("#action_form option")
    assert not {"enable", "delete", "set-variable"} & {option["value"] for option in offered}


def test_the_way_back_leads_to_the_same_filters(client: ConsoleClient, arthur: User) -> None:
    [web1] = _hosts("web1")
    client.sign_in(arthur)

    page = _ask(client, "disable", host=[web1.id], where="search=web&sort=last")
    answer = _confirm(client, page)

    assert answer.headers["Location"] == "/hosts/?search=web&sort=last"


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "disable"},
        {"action": "add-label", "label": "prod"},
        {"action": "add-to-group", "group": "blue"},
        {"action": "set-variable", "name": "zone", "value": "x"},
        {"action": "remove-variable", "name": "rack"},
        {"action": "delete"},
        {"action": "fetch-keys"},
    ],
    ids=lambda fields: fields["action"],
)
def test_the_number_of_statements_does_not_grow_with_the_hosts(
    fields: dict[str, str], client: ConsoleClient, arthur: User
) -> None:
    inventory = make_inventory()
    make_group("blue", inventory=inventory)
    for number in range(42):
        make_host(f"web{number:02}", inventory=inventory, variables=PLAIN)
    client.sign_in(arthur)

    numbers = []
    for names in ("web00 web01", " ".join(f"web{number:02}" for number in range(2, 42))):
        page = _ask(client, names=names, asked="1", **fields)
        with _Counted() as counted:
            _confirm(client, page)
        numbers.append(counted.number)

    assert numbers[0] == numbers[1]


class _Counted:
    """Counts statements."""

    number = 0

    def __enter__(self) -> Self:
        event.listen(db.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(db.engine, "before_cursor_execute", self._note)

    def _note(self, *_arguments: object) -> None:
        self.number += 1


def _hosts(*names: str, **values: Any) -> list[Host]:
    inventory: Inventory = make_inventory()
    return [make_host(name, inventory=inventory, **values) for name in names]


def _ask(client: ConsoleClient, action: str = "", **data: Any) -> BeautifulSoup:
    data = {"action": action} | data if action else data
    return BeautifulSoup(client.post("/hosts/bulk/", data, code=200).text, "html5lib")


def _confirm(client: ConsoleClient, page: BeautifulSoup, code: int = 302, **data: Any) -> Any:
    form = page.select_one("main form[method=post]")
    values = form_values(form)
    values["host"] = [field["value"] for field in form.select("input[name=host]")]
    assert "confirmed" in values, form
    return client.post_raw(form["action"], values | data, code)


def _plan(page: BeautifulSoup) -> str:
    return " ".join(page.select_one("#bulk-plan").text.split())


def test_every_group_of_the_hosts_inventories_is_offered(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    [web1] = _hosts("web1")
    make_group("blue", inventory=web1.inventory)
    client.sign_in(arthur)

    page = _ask(client, "add-to-group", host=[web1.id])

    offered = [option["value"] for option in page.select("#known-groups option")]
    assert offered == session.scalars(select(Group.name)).all()
