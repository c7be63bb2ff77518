"""Refreshes from the question to the stored result, with real scripts in the real sandbox."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from aops.credentials.models import CredentialType
from aops.inventory.models import Host
from aops.inventory.sources import claims, services, tasks
from aops.inventory.sources.models import (
    InventorySource,
    RefreshStatus,
    SourceKind,
    SourceRefresh,
)
from tests import factories
from tests.inventory.sources.scripts import PYTHON, answer_of, make_source, printing


def test_a_script_fills_an_inventory(session: Session) -> None:
    source = make_source(
        content=printing(
            answer_of({"web1": {"rack": "A"}, "web2": {}}, web={"hosts": ["web1", "web2"]})
        )
    )

    refresh = refreshed(session, source)

    assert refresh.status is RefreshStatus.SUCCESSFUL, refresh.error
    assert (refresh.hosts, refresh.counts["hosts_added"], refresh.counts["groups_added"]) == (
        2,
        2,
        1,
    )
    hosts = session.scalars(select(Host).order_by(Host.name)).all()
    assert [(host.name, host.variables) for host in hosts] == [("web1", "rack: A\n"), ("web2", "")]
    assert [str(group) for group in hosts[0].groups] == ["web"]
    assert services.sources_of([host.id for host in hosts]) == {
        host.id: [source.name] for host in hosts
    }


def refreshed(session: Session, source: InventorySource) -> SourceRefresh:
    """Ask for a refresh, have a worker do it, and give it."""
    number = claims.request(source.id, "oscar")
    session.commit()
    assert tasks.refresh_next()
    return session.get_one(SourceRefresh, number, populate_existing=True)
