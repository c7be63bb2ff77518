from __future__ import annotations

import csv
import io
import time

import pytest
import yaml
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from aops.audit.models import AuditEntry
from aops.core.database import db
from aops.core.errors import AopsError
from aops.inventory.exports import services
from aops.inventory.exports.formats import TABLES, ExportFormat
from aops.inventory.models import Host, HostLabel, Inventory, group_hosts
from tests import factories

EVERY = list(ExportFormat)
WHOLE = [one for one in EVERY if one not in TABLES]


@pytest.mark.parametrize("format_", EVERY)
def test_an_inventory_becomes_a_file_of_its_name(shop: Inventory, format_: ExportFormat) -> None:
    export = services.export(shop.id, None, format_)

    assert export.file_name == f"The-shop-商店.{format_.value}"
    assert export.content


@pytest.mark.parametrize("format_", WHOLE)
def test_disabled_hosts_are_left_out_as_they_are_of_runs(
    shop: Inventory, format_: ExportFormat
) -> None:
    without = services.export(shop.id, None, format_).content.decode()
    with_them = services.export(shop.id, None, format_, with_disabled=True).content.decode()

    assert "old1" not in without
    assert "old1" in with_them


def test_a_table_holds_disabled_hosts_and_says_so(shop: Inventory) -> None:
    lines = table(services.export(shop.id, None, ExportFormat.CSV))

    assert [(line["name"], line["enabled"]) for line in lines] == [
        ("old1", "no"),
        ("web1", "yes"),
        ("web2", "yes"),
    ]
    assert lines[1]["groups"] == "front, web"
    assert lines[1]["labels"] == "prod"
    assert lines[1]["http_port"] == "80"


@pytest.mark.parametrize("format_", WHOLE)
def test_only_the_chosen_hosts_are_written(shop: Inventory, format_: ExportFormat) -> None:
    export = services.export(None, [host_id("web2")], format_)

    assert "web2" in export.content.decode()
    assert "web1" not in export.content.decode()


def test_groups_and_their_variables_come_along_with_chosen_hosts(shop: Inventory) -> None:
    export = services.export(shop.id, [host_id("web2")], ExportFormat.YAML)

    everything = yaml.safe_load(export.content)["all"]
    assert everything["vars"] == {"where": "here"}
    assert everything["children"]["web"] == {"vars": {"a": 1}, "hosts": {"web2": None}}


def test_hosts_of_several_inventories_are_a_table_with_one_more_column(shop: Inventory) -> None:
    other = factories.make_host("far", inventory=factories.make_inventory(name="elsewhere"))

    export = services.export(None, [host_id("web1"), other.id], ExportFormat.CSV)

    lines = table(export)
    assert [(line["inventory"], line["name"]) for line in lines] == [
        ("The shop: 商店", "web1"),
        ("elsewhere", "far"),
    ]


@pytest.mark.parametrize("format_", WHOLE)
def test_hosts_of_several_inventories_are_no_inventory(
    shop: Inventory, format_: ExportFormat
) -> None:
    other = factories.make_host("far")

    with pytest.raises(AopsError, match="several inventories") as refusal:
        services.export(None, [host_id("web1"), other.id], format_)

    assert refusal.value.field == "format"


def test_no_hosts_are_no_export(session: Session) -> None:
    with pytest.raises(AopsError, match="Choose at least one host"):
        services.export(None, [987_654], ExportFormat.CSV)


def test_an_export_leaves_a_line_in_the_audit_log(session: Session, shop: Inventory) -> None:
    services.export(shop.id, None, ExportFormat.INI)
    services.export(None, [host_id("web1")], ExportFormat.CSV)

    query = select(AuditEntry.action, AuditEntry.object_name, AuditEntry.changes)
    found = session.execute(query.where(AuditEntry.action.like("%.exported"))).all()
    assert [tuple(line) for line in found] == [
        ("inventory.exported", "The shop: 商店", '{"format": "ini", "number": 2}'),
        ("hosts.exported", "web1", '{"format": "csv", "number": 1}'),
    ]


def test_what_is_refused_leaves_none(session: Session, shop: Inventory) -> None:
    factories.make_host("dated", inventory=shop, variables="day: 2024-02-29\n")

    with pytest.raises(AopsError, match="“dated: day”"):
        services.export(shop.id, None, ExportFormat.INI)

    actions = session.scalars(select(AuditEntry.action)).all()
    assert "inventory.exported" not in actions


@pytest.mark.parametrize("format_", EVERY)
def test_the_number_of_queries_does_not_grow_with_the_hosts(
    shop: Inventory, format_: ExportFormat
) -> None:
    few = queries_of(lambda: services.export(shop.id, None, format_))
    add_many(shop, 300)

    assert queries_of(lambda: services.export(shop.id, None, format_)) == few


@pytest.mark.parametrize("format_", EVERY)
def test_ten_thousand_hosts_take_a_moment(shop: Inventory, format_: ExportFormat) -> None:
    add_many(shop, 10_000)

    started = time.process_time()
    services.export(shop.id, None, format_)

    assert time.process_time() - started < 4  # with reading; writing alone has tests of its own


def table(export: services.Export) -> list[dict[str, str]]:
    text = export.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def host_id(name: str) -> int:
    return db.session.scalars(select(Host.id).where(Host.name == name)).one()


def add_many(inventory: Inventory, number: int) -> None:
    group = factories.make_group("many", inventory=inventory)
    text = "".join(f"number_{n}: {n}\nword_{n}: value {n}\n" for n in range(10))
    row = {"inventory_id": inventory.id, "variables": text, "description": "", "enabled": True}
    rows = [row | {"name": f"host{n:05}.example.com"} for n in range(number)]
    db.session.execute(insert(Host), rows)
    ids = db.session.scalars(select(Host.id).where(Host.name.like("host%.example.com")))
    db.session.execute(insert(group_hosts), [{"group_id": group.id, "host_id": key} for key in ids])


def queries_of(do: object) -> int:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    engine = db.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(statements)


@pytest.fixture
def shop(session: Session) -> Inventory:
    inventory = factories.make_inventory(name="The shop: 商店", variables="where: here\n")
    web1 = factories.make_host("web1", inventory=inventory, variables="http_port: 80\n")
    web2 = factories.make_host("web2", inventory=inventory, variables="")
    old = factories.make_host("old1", inventory=inventory, variables="", enabled=False)
    factories.make_group("web", inventory=inventory, variables="a: 1\n", hosts=[web1, web2, old])
    factories.make_group("front", inventory=inventory, hosts=[web1])
    web1.labels = [HostLabel(name="prod")]
    session.flush()
    return inventory
