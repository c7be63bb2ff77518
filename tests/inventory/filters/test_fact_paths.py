from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from aops.inventory.facts import lines
from aops.inventory.facts.models import HostFacts
from aops.inventory.filters import evaluation, language, loading, matching
from aops.inventory.filters.evaluation import Known
from aops.inventory.models import Host
from tests import factories
from tests.inventory.facts.reported import DEBIAN, NOON, report

NAMES = st.sampled_from(["cpu", "os", "disks", "ansible_x"])
PLAIN = st.sampled_from([0, 1, 2.5, True, False, None, "", "1", "9.10", "yes", "Debian", "a,\n"])
VALUES = st.recursive(
    PLAIN,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(NAMES, below, max_size=3)),
    max_leaves=6,
)
FACTS = st.one_of(st.none(), st.dictionaries(NAMES, VALUES, max_size=4))
PATHS = st.lists(st.one_of(NAMES, st.sampled_from(["*", "0", "1"])), min_size=1, max_size=3)
ENDS = st.sampled_from(
    ["= 1", "= yes", "!= Debian", "< 9.9", ">= 1", "~ *e*", "in (1, debian)", "is missing"]
)
CONDITIONS = st.builds(lambda path, end: f"fact.{'.'.join(path)} {end}", PATHS, ENDS)
QUERIES = st.builds(
    lambda conditions, word: f" {word} ".join(conditions),
    st.lists(CONDITIONS, min_size=1, max_size=3),
    st.sampled_from(["and", "or", "and not"]),
)


@settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    reported=st.lists(FACTS, min_size=3, max_size=3),
    query=QUERIES,
    largest=st.sampled_from([0, 30, 8192]),
)
def test_hosts_are_found_as_if_all_their_facts_were_read(
    reported: list[dict[str, Any] | None],
    query: str,
    largest: int,
    hosts: list[Host],
    session: Session,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LARGEST", largest)
        for host, facts in zip(hosts, reported, strict=True):
            session.query(HostFacts).filter_by(host_id=host.id).delete()
            if facts is not None:
                report(host, facts)

    found = matching.host_ids(query, hosts[0].inventory_id)

    answer = evaluation.compiled(language.parse(query), NOON)
    expected = {
        host.id
        for host, facts in zip(hosts, reported, strict=True)
        if answer(Known({}, facts=facts))
    }
    assert found == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('fact.distribution = "Debian" and fact.memtotal_mb < 2048', ["web0"]),
        ("fact.memtotal_mb < 2 GiB", ["web0"]),
        ("fact.ansible_kernel ~ 6.*", ["web0"]),
        ("fact.mounts.*.mount = /boot", ["web0"]),
        ("fact.mounts.1.size_total = 512 MiB", ["web0"]),
        ("fact.*.gateway = 192.0.2.1", ["web0"]),
        ("fact.big.*.name = b and fact.kernel is not missing", ["web0"]),
        ("fact.module_setup = yes", ["web0"]),
        ("fact.module_setup = 1", []),
        ("fact.distribution_major_version < 13", ["web0"]),
        ("fact.kernel is missing", ["web1", "web2"]),
        ("fact.hostname = small", ["web1"]),
    ],
)
def test_facts_are_found_whether_small_or_big(
    query: str, expected: list[str], hosts: list[Host]
) -> None:
    report(hosts[0], DEBIAN | {"big": {"x": {"name": "b", "rest": "y" * 9000}}})
    report(hosts[1], {"hostname": "small"})

    found = matching.matches(query, hosts[0].inventory_id)

    assert [host.name for host in found] == expected


def test_a_fact_that_a_host_reports_no_more_is_missing(hosts: list[Host]) -> None:
    report(hosts[0], {"kernel": "6.1", "kept": 1, "big": "x" * 9000})
    report(hosts[0], {"kernel": "6.12"}, minutes=1)

    assert names_of("fact.kept = 1 or fact.big ~ x*", hosts) == []
    assert names_of("fact.kernel = 6.12", hosts) == ["web0"]


def test_a_fact_that_came_by_itself_is_found_beside_the_others(hosts: list[Host]) -> None:
    report(hosts[0], {"kernel": "6.1", "big": "x" * 9000})
    report(hosts[0], {"swaptotal_mb": 7}, minutes=1, full=False)

    assert names_of("fact.swaptotal_mb = 7 and fact.kernel = 6.1 and fact.big ~ x*", hosts) == [
        "web0"
    ]


def test_what_was_too_big_to_keep_is_missing(hosts: list[Host]) -> None:
    report(hosts[0], {"kernel": "6.1", "huge": "x" * (600 << 10)})

    assert names_of("fact.huge is missing and fact.kernel = 6.1", hosts) == ["web0"]


def test_a_secret_of_the_login_is_not_found(hosts: list[Host]) -> None:
    report(hosts[0], {"env": {"DB_PASSWORD": "hunter2", "HOME": "/root"}})

    assert names_of("fact.env.* = hunter2 or fact.env.DB_PASSWORD is not missing", hosts) == []
    assert names_of("fact.env.HOME = /root", hosts) == ["web0"]


def test_more_hosts_than_are_asked_for_one_by_one_are_found_too(
    hosts: list[Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_FEW", 1)
    monkeypatch.setattr(loading, "_BATCH", 1)
    report(hosts[0], {"kernel": "6.1", "big": "x" * 9000})
    report(hosts[1], {"kernel": "6.2", "big": "y" * 9000})
    report(factories.make_host("far", inventory=factories.make_inventory()), {"kernel": "6.1"})

    assert names_of("fact.kernel ~ 6*", hosts) == ["web0", "web1"]
    assert names_of("fact.big ~ x*", hosts) == ["web0"]
    assert names_of("fact.kernel ~ 6* and enabled = yes", []) == ["web0", "web1", "far"]


def names_of(query: str, hosts: list[Host]) -> list[str]:
    inventory_id = hosts[0].inventory_id if hosts else None
    return [host.name for host in matching.matches(query, inventory_id)]


@pytest.fixture
def hosts(session: Session) -> list[Host]:
    inventory = factories.make_inventory()
    return [
        factories.make_host(f"web{number}", inventory=inventory, position=number)
        for number in range(3)
    ]
