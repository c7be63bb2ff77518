from __future__ import annotations

import pytest
import yaml
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.inventory.models import Host, HostLabel
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient


def test_the_page_of_an_inventory_leads_to_its_export(
    client: ConsoleClient, victor: User, host: Host
) -> None:
    page = client.sign_in(victor).get(f"/inventories/details/?id={host.inventory_id}")

    link = page.find("a", href=f"/exports/?inventory={host.inventory_id}")
    assert link is not None
    assert "Export" in link.text


def test_the_page_offers_every_format_and_says_what_is_left_out(
    client: ConsoleClient, victor: User, host: Host
) -> None:
    factories.make_host("old1", inventory=host.inventory, enabled=False)

    page = client.sign_in(victor).get(f"/exports/?inventory={host.inventory_id}")

    formats = [one["value"] for one in page.find_all("input", attrs={"name": "format"})]
    assert formats == ["yml", "ini", "json", "csv", "xlsx"]
    assert "1 of them is disabled and left out" in page.text


def test_the_page_says_which_labels_and_notes_ansibles_formats_do_not_hold(
    client: ConsoleClient, session: Session, victor: User, host: Host
) -> None:
    client.sign_in(victor)
    url = f"/exports/?inventory={host.inventory_id}"
    nothing = client.get(url).select_one("#format-help")
    one = factories.make_host("noted", inventory=host.inventory, description="x")
    both = factories.make_host("both", inventory=host.inventory, description="x")
    both.labels = [HostLabel(name="a"), HostLabel(name="b")]
    factories.make_host("elsewhere", description="x")
    factories.make_group("web", inventory=host.inventory, description="front")
    session.commit()

    whole = client.get(url).select_one("#format-help").text
    chosen = client.get(f"/exports/?host={host.id}&host={one.id}").select_one("#format-help").text

    assert nothing is None
    assert "Labels and notes of 2 hosts are not part of YAML, INI and JSON" in whole
    assert "Descriptions of the inventory and of groups are part of no format" in whole
    assert chosen == (
        "Labels and notes of 1 host are not part of YAML, INI and JSON; CSV and XLSX hold them."
    )


def test_a_download_is_a_file_with_a_name(
    client: ConsoleClient, session: Session, victor: User, host: Host
) -> None:
    form = {"inventory": host.inventory_id, "format": "yml"}

    answer = client.sign_in(victor).post("/exports/", form, code=200)

    assert answer.mimetype == "application/yaml"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert yaml.safe_load(answer.text)["all"]["hosts"].keys() == {"web1"}
    line = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "inventory.exported")
    ).one()
    assert line.actor_name == "victor"


def test_what_a_format_cannot_hold_is_said_at_the_field(
    client: ConsoleClient, victor: User, host: Host
) -> None:
    factories.make_host("dated", inventory=host.inventory, variables="day: 2024-02-29\n")
    form = {"inventory": host.inventory_id, "format": "ini", "with_disabled": "y"}

    answer = client.sign_in(victor).post("/exports/", form, code=200)

    assert "INI cannot hold all of this inventory: “dated: day”" in answer.text
    ticked = BeautifulSoup(answer.text, "html5lib").find_all("input", checked=True)
    assert [one["value"] for one in ticked if one["name"] != "theme"] == ["ini", "y"]


def test_an_unknown_format_is_refused(client: ConsoleClient, victor: User, host: Host) -> None:
    form = {"inventory": host.inventory_id, "format": "exe"}

    answer = client.sign_in(victor).post("/exports/", form, code=200)

    assert answer.mimetype == "text/html"
    assert 'id="format-error"' in answer.text


def test_ticked_hosts_travel_from_the_list_to_the_download(
    client: ConsoleClient, victor: User, host: Host
) -> None:
    factories.make_host("web2", inventory=host.inventory)
    client.sign_in(victor)

    sent_on = client.post("/hosts/bulk/", {"action": "export", "host": host.id}, code=307)
    page = client.post(sent_on.headers["Location"], {"action": "export", "host": host.id}, code=200)
    answer = client.post("/exports/", {"host": host.id, "format": "csv"}, code=200)

    assert f'name="host" value="{host.id}"' in page.text
    assert "web1" in answer.text
    assert "web2" not in answer.text


def test_all_that_match_a_filter_can_be_exported(
    client: ConsoleClient, victor: User, host: Host
) -> None:
    factories.make_host("other", inventory=host.inventory)
    form = {"all": "1", "where": "search=web", "format": "csv"}

    answer = client.sign_in(victor).post("/exports/", form, code=200)

    assert "web1" in answer.text
    assert "other" not in answer.text


def test_a_pasted_list_names_what_no_host_is_called(
    client: ConsoleClient, victor: User, host: Host
) -> None:
    answer = client.sign_in(victor).post("/exports/", {"names": "web1 nobody"}, code=200)

    assert "No host is called so" in answer.text
    assert "nobody" in answer.text


def test_a_viewer_may_choose_by_a_pattern(client: ConsoleClient, victor: User, host: Host) -> None:
    form = {"inventory": host.inventory_id, "pattern": "web*", "format": "csv"}

    answer = client.sign_in(victor).post("/exports/", form, code=200)

    assert "web1" in answer.text
    assert answer.mimetype == "text/csv"


def test_a_viewer_may_use_no_regular_expression(
    client: ConsoleClient, victor: User, host: Host
) -> None:
    form = {"inventory": host.inventory_id, "pattern": "~web.*", "format": "csv"}
    client.sign_in(victor).post("/exports/", form)

    page = client.get("/hosts/")

    assert "Regular expressions" in page.text


def test_without_a_choice_the_way_leads_back_to_the_hosts(
    client: ConsoleClient, victor: User
) -> None:
    answer = client.sign_in(victor).fetch("/exports/", code=302)

    assert answer.headers["Location"] == "/hosts/"


def test_an_inventory_that_is_not_there_is_not_found(client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor).fetch("/exports/?inventory=987654", code=404)


@pytest.mark.parametrize(("format_", "start"), [("csv", b"\xef\xbb\xbfname,"), ("xlsx", b"PK")])
def test_an_empty_table_can_be_downloaded(
    client: ConsoleClient, victor: User, format_: str, start: bytes
) -> None:
    answer = client.sign_in(victor).fetch(f"/exports/template/?format={format_}")

    assert answer.data.startswith(start)
    assert f"hosts.{format_}" in answer.headers["Content-Disposition"]


def test_there_is_no_template_of_another_format(client: ConsoleClient, victor: User) -> None:
    client.sign_in(victor).fetch("/exports/template/?format=yml", code=404)


@pytest.fixture
def host(session: Session) -> Host:
    return factories.make_host("web1")
