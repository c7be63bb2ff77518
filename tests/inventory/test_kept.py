from typing import Any

import pytest
from sqlalchemy.orm import Session

from aops.inventory import host_choices, host_list, kept
from aops.inventory.filters.models import HostFilter
from aops.inventory.host_filters import Filters
from aops.inventory.models import Host, HostLabel, HostResult
from tests.factories import make_group, make_host, make_inventory
from tests.inventory.test_host_list import NOON


def test_what_was_read_is_not_read_again_while_no_inventory_changes(session: Session) -> None:
    make_inventory()
    session.commit()
    reads: list[str] = []

    found = [kept.get(kept.now(), "numbers", lambda: _read(reads)) for _ in range(3)]

    assert found == ["read 1", "read 1", "read 1"]


def test_nothing_is_kept_of_a_change_that_may_be_taken_back(session: Session) -> None:
    host = make_host("web1")
    session.commit()
    host.name = "web2"
    reads: list[str] = []

    found = [kept.get(kept.now(), "numbers", lambda: _read(reads)) for _ in range(2)]

    assert found == ["read 1", "read 2"]


def test_only_so_much_is_kept(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    make_inventory()
    session.commit()
    monkeypatch.setattr(kept, "_KEPT", 2)
    reads: list[str] = []

    for what in ("a", "b", "c", "a"):
        kept.get(kept.now(), what, lambda: _read(reads))

    assert len(reads) == 4


def test_labels_and_groups_that_are_new_are_offered_at_once(session: Session) -> None:
    host = make_host("web1")
    session.commit()
    before = host_choices.choices(Filters())

    host.labels = [HostLabel(name="prod")]
    make_group("blue", inventory=host.inventory)
    session.commit()
    after = host_choices.choices(Filters())

    assert (before.labels, before.groups) == ([], [])
    assert (after.labels, after.groups) == (["prod"], ["blue"])


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"search": "web"},
        {"enabled": "1"},
        {"label": "prod"},
        {"group": "blue"},
        {"filter": "label = prod"},
        {"filter": "var.rack = B7"},
    ],
    ids=repr,
)
def test_hosts_that_begin_to_match_are_counted_at_once(
    filters: dict[str, Any], session: Session
) -> None:
    inventory = make_inventory()
    blue = make_group("blue", inventory=inventory)
    for number in range(26):
        _matching(f"web{number:02}", inventory=inventory, groups=[blue])
    session.commit()
    before = host_list.page(Filters(size=25, **filters)).total

    _matching("web26", inventory=inventory, groups=[blue])
    session.commit()

    assert (before, host_list.page(Filters(size=25, **filters)).total) == (26, 27)


@pytest.mark.parametrize("filters", [{"last": ("ok",)}, {"filter": "last_result = ok"}], ids=repr)
def test_what_a_run_changes_is_counted_anew(filters: dict[str, Any], session: Session) -> None:
    inventory = make_inventory()
    hosts = [make_host(f"web{number:02}", inventory=inventory) for number in range(27)]
    _results(session, hosts[:26])
    session.commit()
    before = host_list.page(Filters(size=25, **filters)).total

    _results(session, hosts[26:])
    session.commit()

    assert (before, host_list.page(Filters(size=25, **filters)).total) == (26, 27)


def test_a_saved_filter_that_was_changed_is_asked_anew(session: Session) -> None:
    inventory = make_inventory()
    for name in ("web1", "db1"):
        make_host(name, inventory=inventory)
    saved = HostFilter(name="some", query="name = web1")
    session.add(saved)
    session.commit()
    before = [host.name for host in host_list.page(Filters(saved=saved.id)).hosts]

    saved.query = "name = db1"
    session.commit()

    assert before == ["web1"]
    assert [host.name for host in host_list.page(Filters(saved=saved.id)).hosts] == ["db1"]


def _read(reads: list[str]) -> str:
    reads.append("one")
    return f"read {len(reads)}"


def _matching(name: str, **values: Any) -> Host:
    host = make_host(name, variables="rack: B7\n", **values)
    host.labels = [HostLabel(name="prod")]
    return host


def _results(session: Session, hosts: list[Host]) -> None:
    session.add_all(
        HostResult(host_id=host.id, last_job_id=1, last_status="ok", last_at=NOON) for host in hosts
    )
