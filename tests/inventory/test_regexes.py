from __future__ import annotations

import time

import pytest

from aops.inventory import patterns, regexes
from aops.inventory.patterns import MAX_LENGTH, MAX_PARTS, PatternError

NAMES = ["web1", "web2", "db1", "a" * 60]


def test_all_expressions_are_answered_together() -> None:
    found = regexes.matching(["web", ".*1$", "(?i)WEB1", "服"], [*NAMES, "服务器"])

    assert found == {
        "web": {"web1", "web2"},
        ".*1$": {"web1", "db1"},
        "(?i)WEB1": {"web1"},
        "服": {"服务器"},
    }


def test_without_expressions_nothing_is_started() -> None:
    assert regexes.matching([], NAMES) == {}


@pytest.mark.parametrize("expression", ["(a+)+$b", "(a|a)*b", "(a|aa)+$b", "(.*.*.*.*.*.*.*.*)*b"])
def test_an_expression_that_would_never_end_is_ended(expression: str) -> None:
    start = time.monotonic()

    with pytest.raises(PatternError, match="takes too long"):
        patterns.match(f"~{expression}", NAMES, {})

    assert time.monotonic() - start < 9


@pytest.mark.parametrize("expression", ["(" * 1500, "a{99999999999999999999}", "*", "(?P<1>a)"])
def test_what_is_no_expression_is_refused_at_once(expression: str) -> None:
    with pytest.raises(PatternError, match="not a regular expression"):
        patterns.match(f"~{expression}", NAMES, {})


def test_an_expression_that_takes_long_to_understand_costs_this_process_nothing() -> None:
    slow = "~(?i)" + "".join(f"[!-{chr(0x10FF00 + number)}]" for number in range(255))
    start = time.process_time()

    with pytest.raises(PatternError, match="takes too long"):
        patterns.check(slow, allow_regex=True)

    assert time.process_time() - start < 0.5


def test_a_megabyte_is_refused_at_once() -> None:
    start = time.monotonic()

    for pattern in ("a" * 1_000_000, "a:" * 500_000, "[" * 1_000_000, "~" + "(a+)+" * 200_000):
        with pytest.raises(PatternError, match=f"at most {MAX_LENGTH} characters"):
            patterns.match(pattern, NAMES, {})

    assert time.monotonic() - start < 1


@pytest.mark.parametrize("part", ["*", "all", "!all", "&all", "w*", "db[0:5]"])
def test_a_pattern_of_very_many_parts_is_refused(part: str) -> None:
    with pytest.raises(PatternError, match=f"at most {MAX_PARTS} parts"):
        patterns.match(",".join([part] * (MAX_PARTS + 1)), NAMES, {"all": NAMES})


@pytest.mark.parametrize(
    "pattern",
    [
        ",".join(["*"] * MAX_PARTS),
        ",".join(["!h*9"] * MAX_PARTS),
        ",".join(["&g*"] * MAX_PARTS),
        ",".join(f"h{number}" for number in range(600)),
        "*" * 200 + "x",
        "h*" * 100,
        "[!a]" * 500,
    ],
)
def test_the_worst_that_is_allowed_is_answered_on_10000_hosts(pattern: str) -> None:
    hosts = [f"h{number}" for number in range(10_000)]
    groups = {"all": hosts} | {f"g{number}": hosts[number::200] for number in range(200)}
    start = time.process_time()

    patterns.match(pattern, hosts, groups)

    assert time.process_time() - start < 4
