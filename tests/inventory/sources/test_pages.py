"""The pages of dynamic sources, as each of the cast uses them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.credentials.models import CredentialType
from aops.inventory.models import Inventory
from aops.inventory.sources import claims
from aops.inventory.sources.models import (
    InventorySource,
    RefreshStatus,
    SourceKind,
    SourceRefresh,
    Vanished,
)
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient
from tests.inventory.sources.scripts import make_source

PLUGIN = "plugin: amazon.aws.aws_ec2\r\nregions: [eu-central-1]\r\n"


def test_an_author_adds_a_source(client: ConsoleClient, arthur: User, session: Session) -> None:
    inventory = factories.make_inventory(name="cloud")
    factories.make_inventory()
    key = factories.make_credential(type=CredentialType.ENVIRONMENT, environment="A=1")
    client.sign_in(arthur)
    typed = {"name": "ec2", "content": PLUGIN, "credentials": [str(key.id)], "vanished": "remove"}

    answer = client.submit(f"/sources/new/?inventory_id={inventory.id}", typed)
    page = client.get(answer.headers["Location"])

    source = session.scalars(select(InventorySource)).one()
    assert (source.inventory, source.kind, source.file_name) == (
        inventory,
        SourceKind.PLUGIN,
        "aws_ec2.yml",
    )
    assert source.content == PLUGIN.replace("\r\n", "\n")
    assert (source.credentials, source.vanished) == ([key], Vanished.REMOVE)
    assert (source.enabled, source.refresh_on_launch, source.may_reserve) == (True, False, False)
    assert page.h1.text == "ec2"
    assert "None yet. Refresh it" in page.text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"content": ""}, "content"),
        ({"content": "a: ["}, "content"),
        ({"content": "hosts: all"}, "content"),
        ({"content": "plugin: a\x07b"}, "content"),
        ({"kind": "script"}, "content"),
        ({"kind": "nonsense"}, "kind"),
        ({"file_name": "../x.yml"}, "file_name"),
        ({"timeout": "0"}, "timeout"),
        ({"timeout": "soon"}, "timeout"),
        ({"interval_minutes": "-1"}, "interval_minutes"),
        ({"cache_seconds": ""}, "cache_seconds"),
        ({"vanished": "explode"}, "vanished"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_kept(
    client: ConsoleClient, arthur: User, session: Session, typed: dict[str, str], field: str
) -> None:
    factories.make_inventory()
    client.sign_in(arthur)
    fine = {"name": "kept name", "content": "plugin: x.y.z"}

    answer = client.submit("/sources/new/", fine | typed, code=200)

    assert f'id="{field}-error"' in answer.text
    assert "name" in typed or 'value="kept name"' in answer.text
    assert session.scalars(select(InventorySource)).all() == []


def test_only_environment_credentials_are_offered(client: ConsoleClient, arthur: User) -> None:
    factories.make_credential(name="a machine")
    key = factories.make_credential(type=CredentialType.ENVIRONMENT, environment="A=1")
    client.sign_in(arthur)

    page = client.get("/sources/new/")

    assert [one["value"] for one in page.select("#credentials option")] == [str(key.id)]


def test_a_source_stays_in_its_inventory(client: ConsoleClient, arthur: User) -> None:
    source = make_source()
    other = factories.make_inventory()
    inventory = source.inventory
    client.sign_in(arthur)

    client.submit(f"/sources/edit/?id={source.id}", {"inventory": str(other.id), "name": "new"})

    assert (source.name, source.inventory) == ("new", inventory)


def test_an_administrator_lets_a_source_set_reserved_variables(
    client: ConsoleClient, alice: User
) -> None:
    source = make_source()
    client.sign_in(alice)

    client.submit(f"/sources/edit/?id={source.id}", {"may_reserve": "y"})

    assert source.may_reserve is True


def test_an_author_who_changes_the_text_takes_that_back(
    client: ConsoleClient, arthur: User
) -> None:
    source = make_source(may_reserve=True)
    url = f"/sources/edit/?id={source.id}"
    client.sign_in(arthur)

    page = client.get(url)
    client.submit(url, {"may_reserve": "y", "timeout": "30"})
    after_something_else = source.may_reserve
    client.submit(url, {"may_reserve": "y", "content": "#!/bin/sh\n"})
    told = client.get(f"/sources/details/?id={source.id}")

    assert not page.select("[name=may_reserve]")
    assert (after_something_else, source.may_reserve) == (True, False)
    assert "may not set reserved variables any more" in told.text


def test_refresh_now_leads_to_a_page_that_waits(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    source = make_source(name="cloud")
    client.sign_in(arthur)

    answer = client.post(f"/sources/{source.id}/refresh/")
    page = client.get(answer.headers["Location"])
    own = client.get(f"/sources/details/?id={source.id}")

    refresh = session.scalars(select(SourceRefresh)).one()
    assert (refresh.status, refresh.cause) == (RefreshStatus.WAITING, "arthur")
    for waiting in (page, own):
        assert waiting.select_one("meta[http-equiv=refresh]")
        assert not waiting.select("form[action$='/refresh/']")
    assert "A worker will take it" in page.text


def test_a_disabled_source_is_not_refreshed(client: ConsoleClient, arthur: User) -> None:
    source = make_source(enabled=False)
    client.sign_in(arthur)

    client.post(f"/sources/{source.id}/refresh/")
    page = client.get(f"/sources/details/?id={source.id}")

    assert "This source is disabled. Enable it first." in page.text
    assert not page.select("form[action$='/refresh/']")


def test_a_refresh_shows_what_it_changed_and_what_it_kept(
    client: ConsoleClient, victor: User, session: Session
) -> None:
    source = make_source(name="cloud")
    refresh = ended(session, source, RefreshStatus.SUCCESSFUL)
    client.sign_in(victor)

    page = client.get(f"/sources/refreshes/{refresh.id}/")

    assert not page.select_one("meta[http-equiv=refresh]")
    assert "launch of job #17" in page.text
    assert "disabled: the source lists it no more" in page.select_one("#fates").text
    kept = [row.text.split("\n") for row in page.select("#kept tbody tr")]
    assert "rack" in str(kept[0])
    assert "edited by hand" in str(kept[0])
    assert "from the source cmdb" in str(kept[1])
    assert "host db1 is not in this group" in str(kept[1])
    assert "web9" in page.select_one("#changes-hosts_added").text
    assert "said on the side" in page.select_one("#output").text
    assert "a note" in page.select_one("#notes").text


def test_a_failed_refresh_says_why(client: ConsoleClient, victor: User, session: Session) -> None:
    source = make_source(name="cloud")
    refresh = ended(session, source, RefreshStatus.FAILED)
    client.sign_in(victor)

    page = client.get(f"/sources/refreshes/{refresh.id}/")
    own = client.get(f"/sources/details/?id={source.id}")
    inventory = client.get(f"/inventories/details/?id={source.inventory_id}")

    for one in (page, own, inventory.select_one("#sources")):
        assert "The cloud is away." in one.text
    assert [cell.text.strip() for cell in own.select("#refreshes tbody td")][1] == "Failed"


def test_the_page_of_an_inventory_tells_how_its_sources_stand(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    source = make_source(name="cloud")
    make_source(source.inventory, name="asleep", enabled=False)
    ended(session, source, RefreshStatus.SUCCESSFUL)
    client.sign_in(arthur)

    panel = client.get(f"/inventories/details/?id={source.inventory_id}").select_one("#sources")

    assert [row.text.strip() for row in panel.select(".row-title")] == ["asleep", "cloud"]
    assert "212 hosts" in panel.text
    assert "never" in panel.text
    assert len(panel.select("form[action$='/refresh/']")) == 1


def test_readers_see_no_buttons(client: ConsoleClient, victor: User) -> None:
    source = make_source()
    client.sign_in(victor)

    page = client.get(f"/sources/details/?id={source.id}")
    panel = client.get(f"/inventories/details/?id={source.inventory_id}").select_one("#sources")
    client.post(f"/sources/{source.id}/refresh/", code=403)
    client.post("/sources/delete/", {"id": str(source.id)}, code=403)

    assert not page.select("main form[method=post], main a[href*=edit]")
    assert not panel.select("form, a[href*=new]")
    assert source.content.strip() in page.select_one("#text pre").text


def test_deleting_a_source_leaves_its_hosts(
    client: ConsoleClient, arthur: User, session: Session
) -> None:
    source = make_source()
    host = factories.make_host(inventory=source.inventory)
    refresh_id = claims.request(source.id, "alice")
    client.sign_in(arthur)

    client.post("/sources/delete/", {"id": str(source.id)})

    assert session.scalars(select(InventorySource)).all() == []
    assert session.get(SourceRefresh, refresh_id) is None
    assert session.scalars(select(Inventory)).one() == host.inventory


def test_the_list_names_sources_of_all_inventories(
    client: ConsoleClient, victor: User, session: Session
) -> None:
    source = make_source(name="cloud")
    make_source(name="cmdb", kind=SourceKind.PLUGIN, content="plugin: x.y")
    ended(session, source, RefreshStatus.FAILED)
    client.sign_in(victor)

    page = client.get("/sources/")
    filtered = client.get(f"/sources/?flt0_inventory_equals={source.inventory_id}")

    assert [one.text for one in page.select(".row-title")] == ["cloud", "cmdb"]
    assert [one.text.strip() for one in page.select(".col-state")][1:] == ["Failed", "–empty"]
    assert [one.text for one in filtered.select(".row-title")] == ["cloud"]


def ended(session: Session, source: InventorySource, status: RefreshStatus) -> SourceRefresh:
    failed = status is RefreshStatus.FAILED
    refresh = SourceRefresh(
        source_id=source.id,
        status=status,
        cause="launch of #17",
        duration=1.5,
        hosts=0 if failed else 212,
        counts=None if failed else COUNTS,
        changes=None if failed else CHANGES,
        output="said on the side <b>",
        error="The cloud is away.\nAsk it again." if failed else "",
    )
    session.add(refresh)
    session.flush()
    return refresh


COUNTS = {
    **{f"{kind}_{verb}": 0 for kind in ("hosts", "groups") for verb in ("changed", "removed")},
    "hosts_added": 1,
    "groups_added": 0,
    "hosts_unchanged": 0,
    "groups_unchanged": 0,
    "variables": 0,
    "hosts_disabled": 1,
    "hosts_enabled": 0,
    "kept": 2,
}
_NOTHING: dict[str, Any] = {"added": [], "changed": [], "removed": [], "unchanged": 0}
CHANGES = {
    "difference": {
        "counts": COUNTS,
        "hosts": _NOTHING | {"added": [{"name": "web9", "edits": []}]},
        "groups": _NOTHING,
        "variables": [],
        "order": [],
        "cautions": [],
    },
    "kept": [
        {"kind": "host", "name": "web1", "field": "variables", "key": "rack", "by": ""},
        {"kind": "group", "name": "web", "field": "hosts", "key": "db1", "by": "cmdb"},
    ],
    "fates": {"web2": "disabled"},
    "notes": ["a note"],
}
