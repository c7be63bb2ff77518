from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aops.inventory.filters import evaluation, language, names
from aops.inventory.filters.evaluation import Known
from aops.inventory.filters.tokens import MAX_LENGTH, FilterError

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
GIB = 1 << 30
WEB = Known(
    {
        "name": "web1.example.com",
        "inventory": "shop",
        "enabled": True,
        "description": "",
        "last_result": "failed",
        "last_seen": NOW - timedelta(days=3),
        "distribution": "Debian",
        "distribution_version": "12.10",
        "memory": 2 * GIB,
        "cpus": 4,
        "hostname": "and",
    },
    labels=("prod", "EU west"),
    groups=("web", "everything"),
    facts={
        "mounts": [
            {"mount": "/", "fstype": "ext4", "size_total": 40 * GIB},
            {"mount": "/srv", "fstype": "xfs"},
        ],
        "memtotal_mb": 2048,
        "all_ipv4_addresses": ["10.0.0.1", "192.0.2.7"],
        "selinux": {"status": "disabled"},
        "fips": False,
        "empty": [],
        "a.b": "dotted",
    },
    variables={"http_port": 8080, "tls": True, "region": "eu-1", "ports": {"admin": 9000}},
)
NOTHING = Known({"name": "new", "enabled": False, "inventory": "shop"})

TRUE = (
    "enabled = yes",
    "ENABLED = Yes",
    "enabled != no",
    "name = web1.example.com",
    "name == WEB1.example.com",
    "name ~ web*",
    "name ~ '*.EXAMPLE.com'",
    "name !~ db*",
    "name in (db1, web1.example.com)",
    "name not in (db1, db2)",
    "name != db1",
    "name > web0",
    "label = prod",
    'label = "eu WEST"',
    "label ~ pr*",
    "label in (test, prod)",
    "labels != test",
    "label is not missing",
    "not label = test",
    "group = web and groups = everything",
    "group != db",
    "distribution = debian",
    "distribution_version > 12.9",
    "distribution_version >= 12",
    "distribution_version < 13",
    "distribution_version = 12.10",
    "memory = 2 GiB",
    "memory = 2GiB",
    "memory = 2048 mib",
    "memory = 2147483648",
    "memory <= 2 GiB and memory > 2 GB",
    "memory < 2.5 GiB",
    "memory in (1 GiB, 2 GiB)",
    "cpus = 4",
    "cpus > 3.5",
    "cpus >= 4 and cpus <= 4",
    "last_result = FAILED",
    "last_result in (failed, unreachable)",
    "last_result != ok",
    "last_seen < 2 days ago",
    "last_seen > 1 week ago",
    "last_seen > 80 hours ago",
    "last_seen < 2026-06-13",
    "last_seen >= 2026-06-12",
    'last_seen < "2026-06-12 12:30"',
    "last_seen <= 2026-06-12T12:00:00+00:00",
    "last_ok is missing",
    "description is missing",
    "hostname = 'and'",
    "var.http_port = 8080",
    "var.http_port = '8080'",
    "var.http_port > 80",
    "var.tls = yes",
    "var.tls != no",
    "var.ports.admin = 9000",
    "var.region ~ eu-*",
    "var.nothing is missing",
    "fact.mounts.0.fstype = ext4",
    "fact.mounts.*.fstype = xfs",
    "fact.mounts.*.size_total > 39 GiB",
    "fact.mounts.*.mount in (/srv, /home)",
    "fact.mounts.9.fstype is missing",
    "fact.ansible_memtotal_mb = 2 GiB",
    "fact.memtotal_mb = 2048",
    "fact.memtotal_mb < 3 GiB",
    "fact.all_ipv4_addresses = 10.0.0.1",
    "fact.all_ipv4_addresses ~ 192.0.2.*",
    "fact.selinux.status = disabled",
    "fact.selinux is missing",
    "fact.selinux.* = disabled",
    "fact.fips = no",
    "fact.empty is missing",
    r"fact.a\.b = dotted",
    "name = x or enabled = yes",
    "enabled = no or (name ~ web* and not group = db)",
    "enabled = yes and enabled = yes or enabled = no",
    "enabled = no and enabled = no or enabled = yes",
    "not not enabled = yes",
    "not (enabled = no and label = prod)",
    "\n enabled=yes \t",
)
FALSE = (
    "enabled = no",
    "name = web1",
    "name ~ web",
    "label = pro",
    "label is missing",
    "not label = prod",
    "group = db",
    "distribution_version > 12.11",
    "memory < 2 GB",
    "cpus < 4",
    "last_result = ok",
    "last_seen > 2 days ago",
    "last_seen > 2026-06-13",
    "var.http_port = 80",
    "var.tls = 1",
    "var.http_port < 9",
    "fact.mounts.*.fstype = btrfs",
    "fact.mounts.*.fstype != xfs",
    "fact.all_ipv4_addresses != 10.0.0.1",
    "enabled = no or name = x",
)
UNKNOWN = (
    "distribution = Debian",
    "distribution != Debian",
    "not distribution = Debian",
    "distribution !~ D*",
    "distribution not in (Debian)",
    "memory < 2 GiB",
    "not memory < 2 GiB",
    "last_seen < 1 day ago",
    "last_result != ok",
    "var.x = 1",
    "fact.x != 1",
    "enabled = no and memory > 1",
    "enabled = yes or memory > 1",
)
REFUSED = (
    ("", 1, "write a condition"),
    ("   ", 4, "write a condition"),
    ("enabled", 8, "comparison"),
    ("enabled =", 10, "a value"),
    ("enabled = and", 11, "a value"),
    ("enabled = maybe", 11, "yes or no"),
    ("enabled < yes", 9, "use one of: = !="),
    ("enabled ~ y*", 9, "cannot be compared"),
    ("memry > 1", 1, "did you mean “memory”"),
    ("zzzzzz > 1", 1, "help beside"),
    ("fact. = 1", 1, "no name"),
    ("= 1", 1, "name of something"),
    ("and", 1, "name of something"),
    ("'name' = x", 1, "name of something"),
    ("memory < big", 10, "size, such as 2 GiB"),
    ("memory < 2 bananas", 12, "was expected, not “bananas”"),
    ("cpus = 4 GiB", 10, "was expected, not “GiB”"),
    ("cpus = four", 8, "number"),
    ("cpus = 4GiB", 8, "number"),
    ("last_seen < 7", 13, "moment"),
    ("last_seen < 7 days", 13, "moment"),
    ("last_seen < 7 parsecs ago", 13, "moment"),
    ("last_seen < 2026-02-30", 13, "moment"),
    ("last_seen = 2026-02-01", 11, "cannot be compared"),
    ("last_seen < 99999999999999999 weeks ago", 13, "moment"),
    ("last_result = fail", 15, "one of: ok, changed"),
    ("label in prod", 10, "values in parentheses"),
    ("label in (prod", 10, "not closed"),
    ("label in ()", 11, "a value"),
    ("label in (a b)", 13, "not closed"),
    ("(enabled = yes", 1, "not closed"),
    ("enabled = yes)", 14, "the end was expected"),
    ("enabled = yes enabled = no", 15, "the end was expected"),
    ("distribution = Red Hat", 20, "the end was expected"),
    ("enabled is", 11, "“missing”"),
    ("enabled is yes", 12, "“missing”"),
    ("enabled is not", 15, "“missing”"),
    ("name = 'x", 8, "not closed"),
    ('name = "x', 8, "not closed"),
    ("name ! x", 6, "means nothing"),
    ("not", 4, "name of something"),
    ("(" * 40 + "enabled = yes" + ")" * 40, 31, "nested too deeply"),
    ("not " * 300 + "enabled = yes", 121, "nested too deeply"),
    ("x" * (MAX_LENGTH + 1), MAX_LENGTH + 1, "at most"),
)


@pytest.mark.parametrize("query", TRUE)
def test_a_true_condition_finds_the_host(query: str) -> None:
    assert answer(query, WEB) is True


@pytest.mark.parametrize("query", FALSE)
def test_a_false_condition_does_not(query: str) -> None:
    assert answer(query, WEB) is False


@pytest.mark.parametrize("query", UNKNOWN)
def test_what_is_not_known_is_neither_true_nor_false(query: str) -> None:
    assert answer(query, NOTHING) is None


def test_a_host_without_labels_is_known_to_have_none() -> None:
    assert answer("label != prod", NOTHING) is True
    assert answer("not group = db", NOTHING) is True
    assert answer("label is missing and group is missing", NOTHING) is True


@pytest.mark.parametrize(("query", "position", "words"), REFUSED, ids=lambda one: str(one)[:30])
def test_what_cannot_be_understood_says_where_and_what_was_expected(
    query: str, position: int, words: str
) -> None:
    with pytest.raises(FilterError) as refusal:
        language.parse(query)

    assert refusal.value.position == position
    assert words in str(refusal.value)
    assert str(refusal.value).startswith(f"At character {position}: ")
    assert refusal.value.field == "query"


@given(st.text(max_size=80))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    assert answer_or_refusal(text) in {True, False, None, "refused"}


PIECES = st.sampled_from(
    [
        *names._BY_NAME, "var.x", "fact.mounts.*", "fact.*.*", "and", "or", "not", "in", "is",
        "missing", "(", ")", ",", "=", "!=", "<", ">=", "~", "!~", "'", '"', "\\", "7", "2GiB",
        "KiB", "days", "ago", "2026-01-31", "0001-01-01T00:00+23:59",
        "[a-", "[!", "*?*", "é", "\x00",
        "9" * 18 + ".5", "-1", "1e9", "99999999 weeks ago", "true",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map(" ".join))
def test_no_heap_of_words_does_more_than_be_refused(text: str) -> None:
    assert answer_or_refusal(text) in {True, False, None, "refused"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=9,
)


@given(JSON, JSON, st.sampled_from(TRUE + FALSE))
def test_no_fact_and_no_variable_breaks_a_filter(facts: Any, value: Any, query: str) -> None:
    values = dict.fromkeys(names._BY_NAME, value)
    host = Known(values, facts={"mounts": facts, "x": value}, variables={"http_port": value})

    assert evaluation.compiled(language.parse(query), NOW)(host) in {True, False, None}


@given(st.text(min_size=1, max_size=40))
def test_a_quoted_text_is_compared_as_it_stands(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')

    assert answer(f'name = "{quoted}"', Known({"name": text})) is True


def test_a_pattern_of_many_stars_is_answered_at_once() -> None:
    host = Known({"name": "a" * 200})

    assert answer(f"name ~ {'a*' * 200}b", host) is False


def answer(query: str, host: Known) -> bool | None:
    return evaluation.compiled(language.parse(query), NOW)(host)


def answer_or_refusal(text: str) -> Any:
    try:
        return answer(text, WEB)
    except FilterError:
        return "refused"
