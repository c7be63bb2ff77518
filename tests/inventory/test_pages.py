from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.inventory.models import Group, Host, Inventory
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import make_group, make_host, make_inventory

NAUGHTY = (
    "-oProxyCommand=id",
    "web 1",
    "web\n1",
    "{{ lookup('pipe', 'id') }}",
    "web[1:3]",
    "web,db",
    "web:22",
    "all",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "w" * 5_000,
    "\u202ebew",
    "web\x00",
    "😀",
    "   ",
)


def test_an_author_adds_an_inventory_a_group_and_a_host(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    client.sign_in(arthur)

    client.submit("/inventories/new/", {"name": "Shop", "variables": "ntp: a.example.com\r\n"})
    client.submit("/groups/new/", {"name": "web-servers"})
    shop = session.scalars(select(Inventory)).one()
    group = session.scalars(select(Group)).one()
    client.submit(
        f"/hosts/new/?inventory_id={shop.id}",
        {"name": "web1", "groups": [str(group.id)], "variables": "ansible_host: 10.0.0.5"},
    )

    host = session.scalars(select(Host)).one()
    assert host.inventory == shop
    assert host.groups == [group]
    assert host.enabled
    assert shop.variables == "ntp: a.example.com\n"
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [action for action in actions if ".created" in action][-3:] == [
        "inventory.created",
        "group.created",
        "host.created",
    ]


def test_the_pages_show_what_belongs_together(client: ConsoleClient, victor: User) -> None:
    inventory = make_inventory(name="Shop", description="All shops")
    inner = make_group("inner", inventory=inventory)
    outer = make_group("outer", inventory=inventory, children=[inner], variables="a: 1\n")
    host = make_host("web1", inventory=inventory, groups=[inner], description="First\nsecond")
    make_host("web2", inventory=inventory, enabled=False)
    client.sign_in(victor)

    page = client.get(f"/inventories/details/?id={inventory.id}")
    group_page = client.get(f"/groups/details/?id={outer.id}")
    host_page = client.get(f"/hosts/details/?id={host.id}")

    assert [figure.text.strip() for figure in page.select(".figures dd")] == ["2", "1", "2"]
    assert "inner" in page.select_one("#groups").text
    assert "web2" in page.select_one("#hosts").text
    assert "inner" in group_page.select_one(".facts").text
    assert "a: 1" in group_page.select_one("#variables").text
    assert "inner" in host_page.select_one(".facts").text
    assert "second" in host_page.select_one("#description").text
    assert "no key is needed" in host_page.select_one("#keys").text


def test_the_list_of_groups_is_filtered_in_every_language(
    client: ConsoleClient, victor: User
) -> None:
    inventory = make_inventory(name="Shop")
    make_group("web", inventory=inventory)
    make_group("elsewhere")
    victor.locale = "zh_Hans_CN"
    client.sign_in(victor)

    page = client.get(f"/groups/?flt0_inventory_equals={inventory.id}")

    assert [link.text for link in page.select("tbody .row-title")] == ["web"]
    links = [link["href"] for link in page.select("th a.sort-link")]
    assert links
    assert all(f"flt0_inventory_equals={inventory.id}" in link for link in links)
    options = page.select("#filter-kind option")
    assert options[0]["value"] == "inventory_equals"
    assert "Shop" in options[0]["data-choices"]


@pytest.mark.parametrize("name", NAUGHTY)
def test_a_host_name_that_ansible_would_misread_is_refused_at_its_field(
    name: str, client: ConsoleClient, arthur: User, session: Session
) -> None:
    make_inventory()
    client.sign_in(arthur)

    answer = client.submit("/hosts/new/", {"name": name, "variables": "kept: yes"}, code=200)

    assert 'id="name-error"' in answer.text
    assert "kept: yes" in answer.text
    assert session.scalars(select(Host)).all() == []


@pytest.mark.parametrize("name", [*NAUGHTY, "1web", "10.0.0.1", "localhost", "_meta", "::1"])
def test_a_group_name_that_ansible_would_misread_is_refused_at_its_field(
    name: str, client: ConsoleClient, arthur: User, session: Session
) -> None:
    make_inventory()
    client.sign_in(arthur)

    answer = client.submit("/groups/new/", {"name": name}, code=200)

    assert 'id="name-error"' in answer.text
    assert session.scalars(select(Group)).all() == []


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ("a: [1", "Line"),
        ("- a\n- b", "not a mapping"),
        ("just text", "not a mapping"),
        ("ansible_host: -oProxyCommand=id", "ansible_host"),
        ("ansible_user: 'a b'", "ansible_user"),
        ("ansible_port: 70000", "ansible_port"),
        ("my-name: 1", "my-name"),
        ("x: !!python/object/apply:os.system [id]", "tag"),
    ],
)
def test_wrong_variables_are_refused_at_their_field(
    variables: str, sentence: str, client: ConsoleClient, arthur: User
) -> None:
    make_inventory()
    client.sign_in(arthur)

    answer = client.submit("/hosts/new/", {"name": "web1", "variables": variables}, code=200)

    assert 'id="variables-error"' in answer.text
    assert sentence in answer.text


def test_a_name_that_is_taken_is_refused_at_its_field(client: ConsoleClient, arthur: User) -> None:
    inventory = make_inventory(name="Shop")
    make_host("web1", inventory=inventory)
    make_group("web", inventory=inventory)
    client.sign_in(arthur)

    refusals = [
        client.submit(url, {"name": name}, code=200).text
        for url, name in (
            ("/hosts/new/", "web1"),
            ("/hosts/new/", "web"),
            ("/groups/new/", "web"),
            ("/groups/new/", "web1"),
            ("/inventories/new/", "Shop"),
        )
    ]

    assert all('id="name-error"' in refusal for refusal in refusals)


def test_an_inventory_must_be_chosen_when_there_are_several(
    client: ConsoleClient, arthur: User
) -> None:
    make_inventory(name="Shop")
    make_inventory(name="Warehouse")
    client.sign_in(arthur)

    answer = client.submit("/hosts/new/", {"name": "web1"}, code=200)

    assert "Choose an inventory." in answer.text


def test_a_host_cannot_join_a_group_of_another_inventory(
    client: ConsoleClient, arthur: User
) -> None:
    own, other = make_inventory(name="Shop"), make_inventory(name="Warehouse")
    group = make_group("web", inventory=other)
    client.sign_in(arthur)

    data = {"name": "web1", "inventory": str(own.id), "groups": [str(group.id)]}
    answer = client.submit("/hosts/new/", data, code=200)

    assert 'id="groups-error"' in answer.text


def test_text_that_no_page_can_show_is_refused(client: ConsoleClient, arthur: User) -> None:
    make_inventory()
    client.sign_in(arthur)

    answer = client.submit("/hosts/new/", {"name": "web1", "description": "a\x00b"}, code=200)

    assert 'id="description-error"' in answer.text
    assert "a�b" in answer.text


def test_a_host_stays_in_its_inventory(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    host, other = make_host("web1"), make_inventory()
    own = host.inventory_id
    client.sign_in(arthur)

    client.submit(f"/hosts/edit/?id={host.id}", {"name": "web9", "inventory": str(other.id)})

    assert (host.name, host.inventory_id) == ("web9", own)


def test_a_circle_of_groups_is_refused_and_named(client: ConsoleClient, arthur: User) -> None:
    inventory = make_inventory()
    inner = make_group("inner", inventory=inventory)
    outer = make_group("outer", inventory=inventory, children=[inner])
    client.sign_in(arthur)

    data = {"name": "renamed", "children": [str(outer.id)]}
    answer = client.submit(f"/groups/edit/?id={inner.id}", data, code=200)

    assert 'id="children-error"' in answer.text
    assert "renamed → outer → renamed" in answer.text


@pytest.mark.parametrize("change", [{"description": "mine"}, {"children": "inner"}])
def test_the_second_of_two_people_saving_is_told(
    change: dict[str, Any], client: ConsoleClient, arthur: User, session: Session
) -> None:
    inventory = make_inventory()
    inner = make_group("inner", inventory=inventory)
    outer = make_group("outer", inventory=inventory)
    data = {key: [str(inner.id)] if key == "children" else text for key, text in change.items()}
    client.sign_in(arthur)
    page = client.get(f"/groups/edit/?id={outer.id}")
    old_version = page.select_one("input[name=version]")["value"]
    client.submit(f"/groups/edit/?id={outer.id}", data)

    late = {"version": old_version, "description": "theirs", "children": []}
    answer = client.submit(f"/groups/edit/?id={outer.id}", late, code=200)

    assert "Somebody else saved this" in answer.text
    assert "theirs" in answer.text
    session.refresh(outer)
    assert outer.description != "theirs"


def test_hosts_join_and_leave_a_group_by_a_pattern(client: ConsoleClient, arthur: User) -> None:
    inventory = make_inventory()
    group = make_group("web", inventory=inventory)
    for name in ("web1", "web2", "db1"):
        make_host(name, inventory=inventory, enabled=name != "web2")
    client.sign_in(arthur)

    client.post(f"/groups/{group.id}/hosts/add/", {"pattern": "web*,db1"})
    joined = sorted(host.name for host in group.hosts)
    client.post(f"/groups/{group.id}/hosts/remove/", {"pattern": "web1"})
    left = sorted(host.name for host in group.hosts)

    assert joined == ["db1", "web1", "web2"]
    assert left == ["db1", "web2"]


@pytest.mark.parametrize("pattern", ["", "nothing", "@/etc/passwd", "-x", "~("])
def test_a_pattern_that_selects_no_host_changes_nothing(
    pattern: str, client: ConsoleClient, arthur: User
) -> None:
    host = make_host("web1")
    group = make_group("web", inventory=host.inventory)
    client.sign_in(arthur)

    client.post(f"/groups/{group.id}/hosts/add/", {"pattern": pattern})

    page = client.get(f"/groups/details/?id={group.id}")
    assert page.select_one(".alert-danger") is not None
    assert group.hosts == []


def test_an_inventory_takes_its_hosts_and_groups_along(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    host = make_host("web1")
    make_group("web", inventory=host.inventory, hosts=[host])
    client.sign_in(arthur)

    client.post("/inventories/delete/", {"id": str(host.inventory_id)})

    counts = [session.query(kind).count() for kind in (Inventory, Host, Group)]
    assert counts == [0, 0, 0]


@pytest.mark.parametrize("page", ["inventories", "hosts", "groups"])
@pytest.mark.parametrize("verb", ["details", "edit"])
@pytest.mark.parametrize("key", ["999999", "x", "-1", "1,2", "9" * 40])
def test_what_is_not_there_is_answered_with_404(
    page: str, verb: str, key: str, client: ConsoleClient, arthur: User
) -> None:
    client.sign_in(arthur)

    client.fetch(f"/{page}/{verb}/?id={key}", code=404)


@pytest.mark.parametrize(
    "url",
    [
        "/hosts/999999/keys/fetch/",
        "/hosts/999999/keys/accept/",
        "/hosts/keys/999999/accept/",
        "/hosts/keys/99999999999999999999/forget/",
        "/groups/999999/hosts/add/",
    ],
)
def test_an_action_on_what_is_not_there_is_answered_with_404(
    url: str, client: ConsoleClient, arthur: User
) -> None:
    client.sign_in(arthur)

    client.post(url, code=404)


def test_a_viewer_changes_nothing(client: ConsoleClient, victor: User) -> None:
    host = make_host("web1")
    group = make_group("web", inventory=host.inventory)
    client.sign_in(victor)

    page = client.get(f"/hosts/details/?id={host.id}")

    assert page.select("main form[method=post]") == []
    client.post(f"/groups/{group.id}/hosts/add/", {"pattern": "all"}, code=403)
    client.post(f"/hosts/{host.id}/keys/fetch/", code=403)
    assert group.hosts == []


def test_labels_are_typed_on_the_form_and_lead_to_their_hosts(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    host = make_host("web1")
    client.sign_in(arthur)

    client.submit(f"/hosts/edit/?id={host.id}", {"labels": "prod, eu  rack:b7,prod"})
    shown = client.get(f"/hosts/edit/?id={host.id}").select_one("[name=labels]")["value"]
    client.submit(f"/hosts/edit/?id={host.id}", {"labels": "eu"})
    row = client.get("/hosts/").select_one("tbody tr td[data-label=Labels]")

    assert shown == "eu, prod, rack:b7"
    assert [(link.text, link["href"]) for link in row.select("a")] == [("eu", "/hosts/?label=eu")]
    assert [label.name for label in host.labels] == ["eu"]


@pytest.mark.parametrize("labels", ["<b>", "a\u202eb", "x" * 51, " ".join(map(str, range(60)))])
def test_what_cannot_be_a_label_is_refused_at_its_field(
    labels: str, client: ConsoleClient, arthur: User
) -> None:
    make_inventory()
    client.sign_in(arthur)

    answer = client.submit("/hosts/new/", {"name": "web1", "labels": labels}, code=200)

    assert 'id="labels-error"' in answer.text
