from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from aops.core import clock
from aops.core.database import db
from aops.core.errors import AopsError
from aops.inventory import host_list
from aops.inventory.filters.models import HostFilter
from aops.inventory.host_conditions import conditions
from aops.inventory.host_filters import Filters
from aops.inventory.models import Host, HostKey, HostLabel, HostResult, Inventory, KeyTrust
from aops.inventory.sources.models import InventorySource, SourceHost, SourceKind
from aops.users.models import User
from tests.console import ConsoleClient
from tests.factories import make_group, make_host, make_inventory

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOSTILE = [
    "inventory=99999999999999999999",
    "inventory=x",
    "inventory=-1",
    "inventory=٣",
    "group=%00%F0%9F%98%80",
    "group=' OR 1=1 --",
    "label=%25",
    "enabled=perhaps",
    "last=nonsense&last=failed%00",
    "keys=stolen",
    "source=0x10",
    "sort=variables",
    "page_size=100000",
    "after=x",
    "after=,",
    "after=web,99999999999999999999999",
    "after=web,-1&before=web,1",
    "sort=changed&after=yesterday,3",
    "sort=last&after=9999-12-31T23:59:59.999999,1",
    "sort=changed&after=0001-01-01T00:00:00%2B14:00,1",
    "search=" + "x" * 5_000,
    "search=%25%5F%5C'\";--",
    "flt0_inventory_equals=x",
    "saved=99999999999999999999",
]


@pytest.mark.parametrize(
    "query",
    [
        "search=WEB1",
        "search=first",
        "search=10.9.8&variables=1",
        "inventory={inventory}",
        "flt0_inventory_equals={inventory}",
        "group=web",
        "group=outer",
        "group_id={outer}",
        "flt0_group_equals={inner}",
        "label=prod",
        "enabled=1",
        "flt1_enabled_equals=1",
        "last=failed&last=unreachable",
        "keys=to_check",
        "source={source}",
        "filter=label+%3D+prod",
        "saved={saved}",
        "inventory={inventory}&group=web&label=prod&enabled=1&last=failed&sort=last&desc=1",
    ],
)
def test_each_filter_keeps_what_it_names_and_nothing_else(
    query: str, session: Session, client: ConsoleClient, victor: User
) -> None:
    ids = _make_web1_and_another(session)
    client.sign_in(victor)

    page = client.get(f"/hosts/?{query.format(**ids)}")

    assert [link.text for link in page.select("tbody .row-title")] == ["web1"]


def test_the_search_leaves_variables_alone_unless_asked(session: Session) -> None:
    make_host("web1", variables="ansible_host: 10.9.8.7\n")

    assert _names("search=10.9.8") == []
    assert _names("search=10.9.8&variables=1") == ["web1"]


def test_hosts_that_never_ran_and_keys_in_each_state_are_found(session: Session) -> None:
    for name in ("unknown", "offered", "changed", "accepted"):
        make_host(name)
    _key(session, "offered", KeyTrust.OFFERED)
    _key(session, "accepted", KeyTrust.ACCEPTED)
    _key(session, "changed", KeyTrust.ACCEPTED)
    _key(session, "changed", KeyTrust.OFFERED)
    _result(session, "offered", "ok", NOON)

    assert _names("keys=unknown") == ["unknown"]
    assert _names("keys=to_check") == ["offered"]
    assert _names("keys=changed") == ["changed"]
    assert _names("keys=accepted") == ["accepted", "changed"]
    assert _names("last=never") == ["accepted", "changed", "unknown"]


@pytest.mark.parametrize("name", ["50%", "a_b", "back\\slash", "quo'te", "汉字"])
def test_signs_with_a_meaning_in_sql_are_only_signs(name: str, session: Session) -> None:
    make_host("wanted", description=name)
    make_host("other", description="500 aXb backslash quote")

    assert [host.name for host in host_list.page(Filters(search=name)).hosts] == ["wanted"]


@pytest.mark.parametrize("sort", ["name", "changed", "last"])
@pytest.mark.parametrize("desc", [False, True])
def test_pages_follow_each_other_without_gap_or_double_in_every_order(
    sort: str, desc: bool, session: Session
) -> None:
    _make_many(session)
    expected = _in_order(sort, desc=desc)

    forward = _walk(Filters(sort=sort, desc=desc, size=25), "next")
    last = forward[-1][0]
    backward = _walk(last, "previous")

    assert [name for _filters, names in forward for name in names] == expected
    assert [names for _filters, names in backward][::-1] == [names for _filters, names in forward]


def test_a_page_stays_what_it_is_while_hosts_come_and_go(session: Session) -> None:
    inventory = make_inventory()
    for number in range(60):
        make_host(f"web{number:02}", inventory=inventory)
    first = host_list.page(Filters(size=25))
    make_host("aaa", inventory=inventory)
    session.delete(session.scalars(select(Host).where(Host.name == "web24")).one())
    session.flush()

    second = host_list.page(_read(first.next))
    back = host_list.page(_read(second.previous))

    assert second.hosts[0].name == "web25"
    assert [host.name for host in back.hosts][-1] == "web23"


def test_the_page_before_a_short_rest_is_the_first_one(session: Session) -> None:
    inventory = make_inventory()
    for number in range(30):
        make_host(f"web{number:02}", inventory=inventory)

    page = host_list.page(Filters(size=25, before="web03,999999"))

    assert [host.name for host in page.hosts] == [f"web{number:02}" for number in range(25)]
    assert page.previous is None
    assert page.next is not None


@pytest.mark.parametrize("query", HOSTILE)
def test_a_query_string_that_makes_no_sense_is_no_error(
    query: str, session: Session, client: ConsoleClient, victor: User
) -> None:
    make_host("web1")
    client.sign_in(victor)

    client.get(f"/hosts/?{query}")

    assert _read(_read(query).query()) == _read(query).condition or _read(query).sort != "name"


def test_a_filter_that_cannot_be_understood_is_answered_at_its_field(
    client: ConsoleClient, victor: User
) -> None:
    make_host("web1")
    client.sign_in(victor)

    page = client.get("/hosts/?filter=memory+%3C%3C+2")

    assert page.select_one("#filter-filter")["value"] == "memory << 2"
    assert page.select_one("#filter-filter[aria-describedby=filter-error]") is not None
    assert len(page.select_one("#filter-error").text.strip()) > 10
    assert page.select("tbody tr") == []


def test_a_saved_filter_that_is_gone_is_said(session: Session) -> None:
    with pytest.raises(AopsError, match="not there any more"):
        host_list.page(Filters(saved=4711))


def test_active_filters_are_shown_with_a_way_to_drop_each(
    client: ConsoleClient, victor: User
) -> None:
    inventory = make_inventory(name="Shop")
    make_host("web1", inventory=inventory)
    client.sign_in(victor)

    page = client.get(f"/hosts/?inventory={inventory.id}&search=web&enabled=1&after=a,1")

    chips = page.select(".chips .chip")
    assert [chip.strong.text for chip in chips] == ["web", "Shop", "Yes"]
    assert chips[1].a["href"] == "?search=web&enabled=1"


def test_a_row_tells_groups_labels_result_and_keys(
    session: Session, client: ConsoleClient, victor: User
) -> None:
    _make_web1_and_another(session)
    client.sign_in(victor)

    row = client.get("/hosts/?search=web1").select_one("tbody tr")

    cells = {cell["data-label"]: cell.text.split() for cell in row.select("td[data-label]")}
    assert cells["Groups"] == ["web"]
    assert cells["Labels"] == ["prod"]
    assert cells["Last result"][0] == "failed"
    assert cells["SSH keys"] == ["1", "to", "check"]
    assert cells["Enabled"] == ["Yes"]


def test_the_number_of_matches_stands_at_the_heading(
    client: ConsoleClient, victor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = make_inventory()
    for number in range(4):
        make_host(f"web{number}", inventory=inventory)
    client.sign_in(victor)

    exact = client.get("/hosts/?search=web").select_one("h1 .count").text
    monkeypatch.setattr(host_list, "MOST_COUNTED", 3)
    capped = client.get("/hosts/?search=web").select_one("h1 .count").text

    assert exact == "4"
    assert capped == "more than 3"


def test_the_number_of_queries_does_not_grow_with_the_rows(session: Session) -> None:
    inventory = make_inventory()
    groups = [make_group(f"g{number}", inventory=inventory) for number in range(5)]
    make_host("web00", inventory=inventory, groups=groups)
    few = _count_queries(lambda: host_list.page(Filters(size=200)))
    for number in range(1, 60):
        make_host(f"web{number:02}", inventory=inventory, groups=groups)

    many = _count_queries(lambda: host_list.page(Filters(size=200)))

    assert few == many


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (Filters(), "ix_hosts_name"),
        (Filters(after="host0200,1"), "ix_hosts_name"),
        (Filters(before="host0200,1"), "ix_hosts_name"),
        (Filters(sort="changed", desc=True), "ix_hosts_updated_at_id"),
    ],
    ids=repr,
)
def test_every_order_can_be_read_off_its_index(
    filters: Filters, index: str, session: Session
) -> None:
    inventory = make_inventory()
    session.execute(Host.__table__.insert(), [_columns(inventory, n) for n in range(300)])
    query = host_list._query(filters, conditions(filters))
    query = query.with_hint(Host, f"FORCE INDEX ({index})", "mysql")  # the table has no statistics
    statement = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})

    explain = "EXPLAIN" if db.engine.dialect.name == "mysql" else "EXPLAIN QUERY PLAN"
    plan = session.execute(text(f"{explain} {statement}")).mappings().all()

    assert index in str(plan[0].get("key") or plan[0].get("detail"))
    assert "filesort" not in str(plan)
    assert "TEMP B-TREE" not in str(plan)


def _names(query: str) -> list[str]:
    return [host.name for host in host_list.page(_read(query)).hosts]


def _read(query: str | None) -> Filters:
    pairs = parse_qs(query or "", keep_blank_values=True, errors="replace")
    return Filters.read(MultiDict(pairs))


def _walk(filters: Filters, way: str) -> list[tuple[Filters, list[str]]]:
    found = []
    while True:
        page = host_list.page(filters)
        found.append((filters, [host.name for host in page.hosts]))
        onward = getattr(page, way)
        if onward is None:
            return found
        filters = _read(onward)


def _in_order(sort: str, *, desc: bool) -> list[str]:
    rows = host_list.page(Filters(size=200)).hosts
    keys: dict[str, Any] = {
        "name": lambda row: (row.name, row.id),
        "changed": lambda row: (row.updated_at, row.id),
        "last": lambda row: (row.last_at or datetime(1970, 1, 1, tzinfo=UTC), row.id),
    }
    return [row.name for row in sorted(rows, key=keys[sort], reverse=desc)]


def _make_many(session: Session) -> None:
    inventories = [make_inventory(), make_inventory()]
    for number in range(90):
        changed = NOON + timedelta(seconds=number % 7)
        host = make_host(
            f"web{number // 2:02}", inventory=inventories[number % 2], updated_at=changed
        )
        if number % 3:
            session.add(
                HostResult(host_id=host.id, last_job_id=1, last_status="ok", last_at=changed)
            )
    session.flush()


def _make_web1_and_another(session: Session) -> dict[str, int]:
    inventory = make_inventory(name="Shop")
    host = make_host(
        "web1", inventory=inventory, description="First", variables="ansible_host: 10.9.8.7\n"
    )
    inner = make_group("web", inventory=inventory, hosts=[host])
    outer = make_group("outer", inventory=inventory, children=[inner])
    host.labels = [HostLabel(name="prod")]
    other = make_host("other", enabled=False)
    other.labels = [HostLabel(name="production")]
    make_group("web2", inventory=other.inventory, hosts=[other])
    source = InventorySource(
        inventory=inventory, name="cloud", kind=SourceKind.PLUGIN, content="plugin: x"
    )
    saved = HostFilter(name="production", query="label = prod")
    session.add_all([source, saved])
    session.flush()
    session.add(SourceHost(source_id=source.id, host_id=host.id))
    _result(session, "web1", "failed", NOON)
    _result(session, "other", "ok", NOON)
    _key(session, "web1", KeyTrust.OFFERED)
    _key(session, "other", KeyTrust.ACCEPTED)
    return {
        "inventory": inventory.id,
        "inner": inner.id,
        "outer": outer.id,
        "source": source.id,
        "saved": saved.id,
    }


def _result(session: Session, name: str, status: str, at: datetime) -> None:
    host = session.scalars(select(Host).where(Host.name == name)).one()
    session.add(HostResult(host_id=host.id, last_job_id=1, last_status=status, last_at=at))
    session.flush()


def _key(session: Session, name: str, trust: KeyTrust) -> None:
    host = session.scalars(select(Host).where(Host.name == name)).one()
    key = HostKey(
        host_id=host.id,
        address=name,
        key_type="ssh-ed25519",
        public_key="AAAA",
        fingerprint=f"SHA256:{trust}",
        trust=trust,
        seen_at=NOON,
    )
    session.add(key)
    session.flush()


def _columns(inventory: Inventory, number: int) -> dict[str, Any]:
    return {
        "inventory_id": inventory.id,
        "name": f"host{number:04}",
        "enabled": True,
        "description": "",
        "variables": "rack: B7\n" * 100,
        "key_scan_error": "",
        "version": 1,
        "created_at": clock.now(),
        "updated_at": clock.now() - timedelta(seconds=number),
    }


def _count_queries(action: Any) -> int:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        action()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)
