"""What is kept of a refresh is masked, readable and small."""

from __future__ import annotations

from flask import Flask

from aops.execution.reading_spec import Limits
from aops.inventory import changes
from aops.inventory.imports.models import ImportMode
from aops.inventory.rows import InventoryRows
from aops.inventory.snapshot import Snapshot
from aops.inventory.sources import reports
from aops.inventory.sources.merging import Kept
from aops.inventory.sources.vanishing import Fate


def test_side_output_keeps_its_beginning_and_its_end(app: Flask) -> None:
    with app.test_request_context():
        short = reports.side_output("first" + "x" * 100_000 + "last", [])

    assert short.startswith("firstx")
    assert short.endswith("xlast")
    assert "60009 characters were left out here" in short
    assert len(short) < 41_000


def test_side_output_holds_nothing_that_a_page_cannot_show() -> None:
    text = reports.side_output("a\x1b[31mred\x1b[0m\tb\r\nc\x00\x07\ufffe d", [])

    assert text == "ared\tb\nc d"


def test_a_secret_is_masked_though_colours_or_the_cut_part_it() -> None:
    coloured = reports.side_output("se\x1b[31mcret-canary", ["secret-canary"])
    long = reports.side_output("x" * 19_990 + "secret-canary" + "x" * 40_000, ["secret-canary"])

    assert coloured == "********"
    assert "secret" not in long


def test_half_a_secret_at_the_end_of_a_full_output_goes_too() -> None:
    full = "x" * (Limits().output - 10) + "secret-can"

    assert "secret" not in reports.side_output(full, ["secret-canary"])


def test_too_many_edits_leave_the_names() -> None:
    hosts = {f"web{n}": "a: 1\nb: 2\n" for n in range(30)}
    now = Snapshot(InventoryRows(hosts=dict.fromkeys(hosts, "a: 2\nb: 1\n")))
    difference = changes.compare(Snapshot(InventoryRows(hosts=hosts)), now, ImportMode.MERGE)

    told = reports._within(difference.as_json(), 40)["hosts"]["changed"]

    assert [len(entry["edits"]) for entry in told] == [2] * 20 + [0] * 10
    assert [entry["name"] for entry in told] == [*hosts]


def test_the_numbers_count_what_is_not_named() -> None:
    difference = changes.compare(Snapshot(), Snapshot(), ImportMode.MERGE)
    kept = [Kept("host", f"web{n}", "variables", "a") for n in range(600)]
    fates = {f"web{n}": Fate.DISABLED for n in range(600)} | {"old": Fate.STILL_DISABLED}

    document = reports.document(difference, kept, fates, [])
    counts = reports.counts_of(difference, kept, fates)

    assert (len(document["kept"]), len(document["fates"])) == (500, 500)
    assert (counts["kept"], counts["hosts_disabled"]) == (600, 600)
    assert "old" not in document["fates"]
