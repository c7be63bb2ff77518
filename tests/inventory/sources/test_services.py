"""Which sources are taken, and what other parts of aops are told of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from aops.core import clock, references
from aops.core.errors import AopsError
from aops.credentials.models import Credential, CredentialType
from aops.inventory.sources import claims, launches, refreshing, services
from aops.inventory.sources.models import (
    InventorySource,
    RefreshStatus,
    SourceKind,
    SourceRefresh,
)
from aops.jobs import targets
from tests import factories
from tests.inventory.sources.scripts import make_source

PLUGIN = "plugin: amazon.aws.aws_ec2\nregions: [eu-central-1]\n"


@pytest.mark.parametrize(
    ("values", "file_name"),
    [
        ({}, "inventory_script"),
        ({"file_name": "cmdb.py"}, "cmdb.py"),
        ({"kind": SourceKind.PLUGIN, "content": PLUGIN}, "aws_ec2.yml"),
        ({"kind": SourceKind.PLUGIN, "content": "plugin: proxmox"}, "proxmox.yml"),
        ({"kind": SourceKind.PLUGIN, "content": PLUGIN, "file_name": "x.aws_ec2.yaml"}, None),
    ],
)
def test_a_blank_file_name_becomes_one_that_ansible_takes(
    session: Session, values: dict[str, Any], file_name: str | None
) -> None:
    source = make_source(**values)

    assert source.file_name == (file_name or values["file_name"])


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"content": "print('hello')"}, "content", "begins with “#!”"),
        ({"content": " #!/bin/sh"}, "content", "begins with “#!”"),
        ({"content": "#!" + "x" * 300_000}, "content", "too long"),
        ({"file_name": "a/b"}, "file_name", "letters, digits"),
        ({"file_name": "../x"}, "file_name", "letters, digits"),
        ({"file_name": "x.yml"}, "file_name", "would not run"),
        ({"kind": SourceKind.PLUGIN, "content": "a: ["}, "content", "Line 2"),
        ({"kind": SourceKind.PLUGIN, "content": "- a"}, "content", "not a mapping"),
        ({"kind": SourceKind.PLUGIN, "content": "a: 1"}, "content", "which plugin"),
        ({"kind": SourceKind.PLUGIN, "content": "plugin: [x]"}, "content", "which plugin"),
        ({"kind": SourceKind.PLUGIN, "content": "plugin: !!python/object:x y"}, "content", "tag"),
        (
            {"kind": SourceKind.PLUGIN, "content": PLUGIN, "file_name": "x.txt"},
            "file_name",
            "ends in .yml",
        ),
    ],
)
def test_what_ansible_could_not_use_is_refused_at_its_field(
    session: Session, values: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(AopsError, match=sentence) as refused, session.no_autoflush:
        make_source(**values)

    assert refused.value.field == field


def test_a_name_is_taken_once_in_an_inventory(session: Session) -> None:
    source = make_source(name="cloud")
    make_source(name="cloud")

    with pytest.raises(AopsError, match="already has a source") as refused:
        services.check_source(
            InventorySource(
                name="cloud",
                inventory=source.inventory,
                kind=SourceKind.SCRIPT,
                content="#!/bin/sh",
                file_name="",
            ),
            may_reserve=False,
        )

    assert refused.value.field == "name"


def test_only_environment_credentials_that_agree_are_taken(session: Session) -> None:
    one, other = environment("A=1", name="one"), environment("A=2", name="other")
    machine = factories.make_credential(name="web")

    with pytest.raises(AopsError, match="“web” holds no environment variables"):
        make_source(credentials=[machine])
    with pytest.raises(AopsError, match="both set A"):
        make_source(credentials=[one, other])


def test_a_changed_text_loses_the_leave_to_set_reserved_variables(session: Session) -> None:
    source = make_source(may_reserve=True)
    session.commit()

    source.timeout = 30
    services.check_source(source, may_reserve=False)
    harmless = source.may_reserve
    source.content = "#!/bin/sh\necho {}"
    services.check_source(source, may_reserve=True)
    by_admin = source.may_reserve
    services.check_source(source, may_reserve=False)

    assert (harmless, by_admin, source.may_reserve) == (True, True, False)


def test_a_credential_that_a_source_uses_is_not_deleted(session: Session) -> None:
    credential = environment("A=1", name="cloud key")
    source = make_source(credentials=[credential], name="cloud")

    found = references.references_to(credential)

    assert found == [f"source “cloud” of {source.inventory.name}"]


def test_a_disabled_source_is_not_refreshed(session: Session) -> None:
    source = make_source(enabled=False)

    with pytest.raises(AopsError, match="disabled"):
        services.request_refresh(source)


def test_the_sources_of_an_inventory_come_with_their_newest_refresh(session: Session) -> None:
    source = make_source(name="b")
    make_source(source.inventory, name="a")
    make_source(name="of another inventory")
    for status in (RefreshStatus.SUCCESSFUL, RefreshStatus.FAILED):
        session.add(SourceRefresh(source_id=source.id, status=status))
    session.flush()

    states = services.states_in(source.inventory_id)

    found = [(one.source.name, one.newest and one.newest.status) for one in states]
    assert found == [("a", None), ("b", RefreshStatus.FAILED)]


@pytest.mark.parametrize(
    ("values", "age", "asked"),
    [
        ({}, None, True),
        ({}, 301, True),
        ({}, 299, False),
        ({"cache_seconds": 0}, 1, True),
        ({"refresh_on_launch": False}, None, False),
        ({"enabled": False}, None, False),
    ],
)
def test_a_launch_refreshes_what_wants_it_and_is_old(
    session: Session, values: dict[str, Any], age: int | None, asked: bool
) -> None:
    source = make_source(**{"refresh_on_launch": True} | values)
    source.refreshed_at = None if age is None else clock.now() - timedelta(seconds=age)
    session.flush()
    pauses: list[int] = []

    def pause() -> None:
        pauses.append(1)
        claim = claims.claim_next()
        if claim:
            claims.release(claim)
            session.get_one(SourceRefresh, claim.refresh_id).status = RefreshStatus.SUCCESSFUL
            session.flush()

    services.refresh_for_launch(source.inventory_id, 17, pause)

    refreshes = session.query(SourceRefresh).all()
    assert [refresh.cause for refresh in refreshes] == ["launch of #17"] * asked
    assert bool(pauses) is asked


@pytest.mark.parametrize("required", [True, False])
def test_a_launch_is_refused_when_a_required_refresh_fails(
    session: Session, required: bool
) -> None:
    source = make_source(name="cloud", refresh_on_launch=True, required_on_launch=required)

    def pause() -> None:
        if claim := claims.claim_next():
            refreshing.fail(claim, "The cloud is away.", seconds=1.0)

    problem = ""
    try:
        services.refresh_for_launch(source.inventory_id, 17, pause)
    except AopsError as error:
        problem = str(error)

    expected = (
        "Nothing was run, because the source “cloud” of the inventory could not be refreshed: "
        "The cloud is away."
    )
    assert problem == (expected if required else "")


def test_a_launch_does_not_wait_forever_for_a_worker(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source(refresh_on_launch=True)
    monkeypatch.setattr(launches, "_PATIENCE", -20)

    with pytest.raises(AopsError, match="no worker did it in time"):
        services.refresh_for_launch(source.inventory_id, 17, lambda: None)


def test_launches_that_wait_for_one_source_share_its_refresh(session: Session) -> None:
    source = make_source(refresh_on_launch=True, required_on_launch=False)
    pauses = iter([1])

    def pause() -> None:
        if next(pauses, None):  # while the first waits, a second launch comes
            services.refresh_for_launch(source.inventory_id, 18, pause)
        elif claim := claims.claim_next():
            refreshing.fail(claim, "no", seconds=1.0)

    services.refresh_for_launch(source.inventory_id, 17, pause)

    assert session.query(SourceRefresh).count() == 1


@pytest.mark.parametrize(
    ("values", "hinted"),
    [
        ({"refresh_on_launch": True}, True),
        ({"refresh_on_launch": True, "enabled": False}, False),
        ({}, False),
    ],
)
def test_a_launch_without_hosts_is_told_to_refresh_the_sources(
    session: Session, values: dict[str, Any], hinted: bool
) -> None:
    source = make_source(**values)

    with pytest.raises(AopsError, match="No enabled host") as refused:
        targets.resolve(source.inventory, "web*", allow_regex=False)

    assert ("dynamic sources" in str(refused.value)) is hinted


def test_a_job_page_can_tell_which_sources_are_waited_for(session: Session) -> None:
    source = make_source(name="cloud", refresh_on_launch=True)
    other = make_source(source.inventory, name="by hand only")
    claims.request(source.id, "launch of #1")
    claims.request(other.id, "alice")

    assert services.refreshing_in(source.inventory_id) == ["cloud"]
    assert services.refreshing_in(None) == []


def environment(text: str, name: str) -> Credential:
    return factories.make_credential(
        type=CredentialType.ENVIRONMENT, username="", password=None, environment=text, name=name
    )
