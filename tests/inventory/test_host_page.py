from typing import Any

from bs4 import BeautifulSoup, Tag
from sqlalchemy.orm import Session

from aops.inventory.models import Host, HostLabel
from aops.inventory.sources.models import InventorySource, SourceHost, SourceKind
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import make_group, make_host, make_inventory

VAULTED = "!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  31323334\n"


def test_each_variable_names_its_value_its_origin_and_what_it_overrides(
    client: ConsoleClient, victor: User
) -> None:
    host = a_host_in_groups()
    client.sign_in(victor)

    rows = variables_of(page_of(client, host))

    port = rows["http_port"]
    assert port.select_one("td:nth-of-type(2)").text.strip() == "9090"
    assert "this host" in port.select_one("td:nth-of-type(3)").text
    overridden = port.select_one("details")
    assert [term.text.split() for term in overridden.select("dt")] == [
        ["web", "depth", "2"],
        ["site", "depth", "1,", "priority", "5"],
        ["all", "(the", "inventory)"],
    ]
    assert [value.text.strip() for value in overridden.select("dd")] == ["8081", "8080", "80"]


def test_a_group_that_gives_a_variable_is_one_click_away(
    client: ConsoleClient, victor: User
) -> None:
    host = a_host_in_groups()
    client.sign_in(victor)

    link = variables_of(page_of(client, host))["region"].a

    assert client.get(link["href"]).h1.text.strip() == "site"


def test_what_a_value_means_is_said_where_its_text_does_not_show_it(
    client: ConsoleClient, victor: User
) -> None:
    host = make_host("web1", variables=f"flag: yes\nsecret: {VAULTED}url: 'http://{{{{ a }}}}/'\n")
    client.sign_in(victor)

    page = page_of(client, host)
    rows = variables_of(page)

    assert "reads as true" in rows["flag"].text
    assert "vaulted" in rows["secret"].text
    assert "31323334" not in page.select_one("#variable-rows").text
    assert "template" in rows["url"].text


def test_a_search_finds_names_and_values_without_javascript(
    client: ConsoleClient, victor: User
) -> None:
    host = make_host("web1", variables="".join(f"v{n}: word{n}\n" for n in range(9)))
    client.sign_in(victor)

    by_name = page_of(client, host, "V3")
    by_value = page_of(client, host, "word4")
    nothing = page_of(client, host, "<b>")

    assert list(variables_of(by_name)) == ["v3"]
    assert list(variables_of(by_value)) == ["v4"]
    assert "No variable matches." in nothing.text
    field = nothing.select_one("input[name=variables]")
    assert (field["value"], field["data-search-rows"]) == ("<b>", "variable-rows")
    assert by_name.select_one("#variables .count").text == "9"


def test_the_text_with_its_comments_is_kept_at_hand(client: ConsoleClient, victor: User) -> None:
    host = make_host("web1", variables="# why\na: 1\n")
    client.sign_in(victor)

    assert page_of(client, host).select_one("#variables details pre").text == "# why\na: 1\n"


def test_groups_above_those_of_the_host_are_told_apart(client: ConsoleClient, victor: User) -> None:
    host = a_host_in_groups()
    client.sign_in(victor)

    facts = facts_of(page_of(client, host))

    assert (facts["Groups"], facts["Groups above those"]) == ("web", "site")


def test_very_many_groups_are_folded(client: ConsoleClient, victor: User) -> None:
    host = make_host("web1")
    for number in range(40):
        make_group(f"g{number:02}", inventory=host.inventory, hosts=[host])
    client.sign_in(victor)

    folded = page_of(client, host).select_one(".facts details")

    assert folded.summary.text == "40 groups"
    assert len(folded.select("a")) == 40


def test_only_the_nearest_of_very_many_overridden_values_are_shown(
    client: ConsoleClient, victor: User
) -> None:
    host = make_host("web1", variables="x: own\n")
    for number in range(60):
        text = f"x: {number}\n"
        make_group(f"g{number:02}", inventory=host.inventory, hosts=[host], variables=text)
    client.sign_in(victor)

    overridden = variables_of(page_of(client, host))["x"].select_one("details")

    assert "60" in overridden.summary.text
    assert len(overridden.select("dt")) == 50
    assert "Only the nearest 50 are shown." in overridden.text


def test_of_very_many_variables_the_first_are_shown_and_a_search_finds_the_others(
    client: ConsoleClient, victor: User
) -> None:
    host = make_host("web1", variables="".join(f"v{n:04}: {n}\n" for n in range(700)))
    client.sign_in(victor)

    page, found = page_of(client, host), page_of(client, host, "v0699")

    assert len(variables_of(page)) == 500
    assert page.select_one("#variables .count").text == "700"
    assert "The first 500 of 700 are shown" in page.select_one("#variables").text
    assert not page.select("[data-search-rows]")
    assert [*variables_of(found)] == ["v0699"]


def test_variables_that_cannot_be_read_are_told_from_none(
    client: ConsoleClient, victor: User
) -> None:
    broken, bare = make_host("web1", variables="x: [\n"), make_host("web2", variables="# none\n")
    client.sign_in(victor)

    told = page_of(client, broken).select_one("#variables .text-danger").text
    quiet = page_of(client, bare).select("#variables .text-danger")

    assert "cannot be read" in told
    assert quiet == []


def test_labels_lead_to_the_hosts_that_have_them(client: ConsoleClient, victor: User) -> None:
    host = make_host("web1", labels=[HostLabel(name="prod")], description="Call Bob.\nThen Eve.")
    client.sign_in(victor)

    page = page_of(client, host)

    assert page.select_one(".lead .badge")["href"] == "/hosts/?label=prod"
    assert "Call Bob." in page.select_one("#description").text


def test_a_host_says_which_source_it_comes_from(
    client: ConsoleClient, victor: User, session: Session
) -> None:
    host = make_host("web1")
    for name, disabled in (("Cloud", True), ("Directory", False)):
        source = InventorySource(
            inventory=host.inventory, name=name, kind=SourceKind.SCRIPT, content="#!/bin/sh\n"
        )
        session.add(source)
        session.flush()
        session.add(SourceHost(source_id=source.id, host_id=host.id, disabled=disabled))
    client.sign_in(victor)

    fact = facts_of(page_of(client, host))["Comes from"]

    assert " ".join(fact.split()) == (
        "Cloud (which does not list it any more, and disabled it), Directory"
    )


def test_a_host_without_anything_has_a_page(client: ConsoleClient, victor: User) -> None:
    host = make_host("web1", variables="")
    client.sign_in(victor)

    page = page_of(client, host)

    assert page.select_one("#variables .count").text == "0"
    assert page.select("#variables form, #variables details") == []


def a_host_in_groups() -> Host:
    """A host in a group within a group, each of which sets the same variable."""
    inventory = make_inventory(variables="http_port: 80\n")
    host = make_host("web1", inventory=inventory, variables="http_port: 9090\n")
    web = make_group("web", inventory=inventory, variables="http_port: 8081\n", hosts=[host])
    make_group(
        "site",
        inventory=inventory,
        variables="http_port: 8080\nregion: eu\nansible_group_priority: 5\n",
        children=[web],
    )
    return host


def page_of(client: ConsoleClient, host: Host, search: str = "") -> BeautifulSoup:
    query: dict[str, Any] = {"id": host.id} | ({"variables": search} if search else {})
    return client.get("/hosts/details/", query_string=query)


def variables_of(page: BeautifulSoup) -> dict[str, Tag]:
    """Map names to the rows of the table."""
    return {row.td.text.strip(): row for row in page.select("#variable-rows > tr")}


def facts_of(page: BeautifulSoup) -> dict[str, str]:
    return {fact.dt.text.strip(): fact.dd.text.strip() for fact in page.select(".fact")}
