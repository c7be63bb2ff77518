from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as some

from aops.inventory.rows import GroupRow, InventoryRows
from aops.inventory.snapshot import HostDetails, Snapshot

NAMES = some.text(min_size=1, max_size=8)
TEXTS = some.text(max_size=20)
GROUPS = some.builds(
    GroupRow, TEXTS, some.lists(NAMES, max_size=3), some.lists(NAMES, max_size=3), some.booleans()
)
DETAILS = some.builds(
    HostDetails,
    some.none() | some.booleans(),
    some.none() | TEXTS,
    some.none() | some.lists(NAMES, max_size=3).map(tuple),
)
SNAPSHOTS = some.builds(
    Snapshot,
    some.builds(
        InventoryRows,
        TEXTS,
        some.dictionaries(NAMES, TEXTS, max_size=4),
        some.dictionaries(NAMES, GROUPS, max_size=4),
    ),
    some.dictionaries(NAMES, DETAILS, max_size=4),
)


@given(SNAPSHOTS)
def test_a_snapshot_survives_being_written_and_read(snapshot: Snapshot) -> None:
    document = json.loads(json.dumps(snapshot.as_json()))

    assert Snapshot.from_json(document) == snapshot


@given(SNAPSHOTS)
def test_a_snapshot_keeps_the_order_of_hosts_and_groups(snapshot: Snapshot) -> None:
    again = Snapshot.from_json(json.loads(json.dumps(snapshot.as_json())))

    assert list(again.rows.hosts) == list(snapshot.rows.hosts)
    assert list(again.rows.groups) == list(snapshot.rows.groups)
