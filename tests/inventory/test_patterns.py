import re
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError

from aops.inventory import patterns, regexes
from aops.inventory.patterns import PatternError
from aops.inventory.rows import GroupRow, InventoryRows, members_of
from tests.inventory import ansible_says

SHOP = InventoryRows(
    hosts=dict.fromkeys(["db1", "db2", "db3", "lonely", "web1", "web10", "web2", "web3"], ""),
    groups={
        "cache": GroupRow(hosts=["web1", "web2"]),
        "databases": GroupRow(hosts=["db1", "db2", "db3"]),
        "production": GroupRow(hosts=["web1"], children=["databases", "webservers"]),
        "spare": GroupRow(),
        "staging": GroupRow(hosts=["db3", "web3"]),
        "webservers": GroupRow(hosts=["web1", "web10", "web2", "web3"]),
    },
)
ODD = InventoryRows(
    hosts=dict.fromkeys(
        [
            "10",
            "10.0.0.1",
            "10.0.0.2",
            "2001:db8::1",
            "::1",
            "a.example.com",
            "localhost",
            "node-1.example.com",
            "node_2",
            "服务器1",
        ],
        "",
    ),
    groups={
        "a-b": GroupRow(hosts=["10.0.0.1", "node_2"]),
        "example.com": GroupRow(hosts=["a.example.com", "node-1.example.com"]),
        "v6": GroupRow(hosts=["2001:db8::1", "::1"]),
        "node": GroupRow(hosts=["node_2"]),
        "组": GroupRow(hosts=["服务器1"]),
    },
)
EMPTY = InventoryRows()
NASTY = InventoryRows(
    hosts=dict.fromkeys(
        [
            "web", "web1", "a b", "a", "b", "a,b", "c:d", "c", "d", "x*", "xy", "q?", "qq", "~re",
            "re1", "!no", "no", "&and", "and", "host@home", "all of them", "Ünïcödé", "ünïcödé",
            "服务器", "trail.", "UPPER", "upper", "10.0.0.1", "10.0.0.10", "db1",
            "2001:db8::2", "a;b", "{x}", "$y", "%z", "1.5", "e1", "yes", "null",
        ],
        "",
    ),
    groups={
        "web": GroupRow(hosts=["web1", "a b"]),
        "db1": GroupRow(hosts=["xy", "qq"]),
        "two words": GroupRow(hosts=["a", "b"], children=["web"]),
        "x": GroupRow(hosts=["x*", "xy"]),
        "服务": GroupRow(hosts=["服务器"]),
        "Upper": GroupRow(hosts=["UPPER"]),
        "e": GroupRow(children=["x", "服务"]),
    },
)  # fmt: skip

SHOP_PATTERNS = (
    "all",
    "*",
    "",
    "ungrouped",
    "web1",
    "webservers",
    "web*",
    "web?",
    "web??",
    "*1",
    "db[12]",
    "db[!1]",
    "databases",
    "production",
    "spare",
    "nothing",
    "webservers:databases",
    "webservers,databases",
    "databases,webservers",
    "webservers:!web1",
    "webservers,!web1",
    "!web1",
    "&webservers",
    "webservers:&staging",
    "webservers:&staging:!web3",
    "!staging",
    "!staging,!cache",
    "&staging,&databases",
    "production:!cache",
    "webservers[0]",
    "webservers[1]",
    "webservers[-1]",
    "webservers[0:1]",
    "webservers[1:]",
    "webservers[2:9]",
    "webservers[0:0]",
    "webservers[3:0]",
    "webservers[1-2]",
    "web*[0]",
    "web*[0:2]",
    "databases[0],web1",
    "!webservers[0]",
    "all:!webservers[0:1]",
    "~web\\d$",
    "~(web|db)1",
    "~db.*,!db2",
    "!~web.*",
    "&~.*1",
    "web1,web1",
    "web1:web2",
    "web1 , web2",
    " web1",
    "web1,",
    ",",
    ":",
    "web1::web2",
    "c*",
    "*a*",
    "s*:!db3",
    "staging:cache",
    "cache:staging",
    "all:!all",
    "lonely",
    "ungr*",
    "al*",
    "w[a-f]b1",
    "db1:&databases",
    "web1:22",
    "localhost",
    "127.0.0.1",
    "databases[5:7]",
    "spare[0]",
    "web[1:3]",
    "db[1:2]:lonely",
    "WEB1",
    "web1!",
    "production[0:1]",
    "db1,!db[12]",
    "*:!*1:&production",
    "cache[0]:staging[0]",
    "web1;web2",
    "[dw]*1",
    "~",
)
ODD_PATTERNS = (
    "all", "10", "10.0.0.1", "10.0.0.*", "10*", "2001:db8::1", "::1", "v6", "::1,10", "!v6",
    "all,!::1", "a-b", "example.com", "*.example.com", "*example*", "localhost", "node", "node*",
    "node_2", "node-1.example.com", "服务器1", "服*", "组", "组,a-b", "10.0.0.1:10.0.0.2", "[:]*",
    "[::1]", "[::1]:22", "node_2:22", "2001:db8::1:!v6", "~10\\.0", "a.example.com:localhost",
    "all:!localhost", "a?b", "*[0]", "all[0:2]", "all[-2]", "ungrouped[0]", "node-1.example.com:22",
)  # fmt: skip
TABLE = [
    *((SHOP, pattern) for pattern in SHOP_PATTERNS),
    *((ODD, pattern) for pattern in ODD_PATTERNS),
    *((EMPTY, pattern) for pattern in ("all", "web*", "localhost", "!web1", "~x", "ungrouped")),
]


@pytest.mark.parametrize(("rows", "pattern"), TABLE, ids=lambda value: repr(value)[:30])
def test_a_pattern_selects_the_hosts_that_ansible_selects(
    rows: InventoryRows, pattern: str, tmp_path: Path
) -> None:
    expected = ansible_says.hosts_matching(pattern, rows, tmp_path)

    found = patterns.match(pattern, [*rows.hosts], members_of(rows))

    assert found == expected


ATOMS = (
    *("web", "web1", "web*", "w?b1", "db1", "x", "x*", "xy", "e", "all", "ungrouped", "a", "b"),
    *(
        "a b",
        "two words",
        "c:d",
        "q?",
        "~re",
        "~re.",
        "~^[a-c]$",
        "~.*",
        "服务器",
        "服*",
        "nothing",
    ),
    *("Ünïcödé", "*nïc*", "UPPER", "upper", "Up*", "10.0.0.1", "10.0.0.1*", "10.0.0.1:22"),
    *("2001:db8::2", "[2001:db8::2]:22", "host@home", "all of them", "db[1]", "db[0]", "e[0]"),
    *("e[-1]", "all[0:3]", "all[3:]", "*[1:2]", "w*[0]", "x[0:9]", "[a-c]", "[!a-z]*", "{x}", "$y"),
    *("%z", "1.5", "a;b", "-", "trail.", "yes", "null", "!no", "&and", "no", "and", "", " ", "*.*"),
)
JOINTS = ("%s,%s", "%s:%s", "%s,!%s", "%s:!%s", "%s,&%s", "!%s,%s", "&%s:%s", "!%s,!%s", "%s, %s")


def test_some_hundred_patterns_on_nasty_names_select_what_ansible_selects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regexes, "matching", match_here)  # a process for each takes a minute
    partners = ("all", "web", "x*", "~.*[1b]", "e[0:1]", "a b", "nothing")
    compounds = {joint % (atom, one) for joint in JOINTS for atom in ATOMS for one in partners[:4]}
    compounds |= {joint % (one, atom) for joint in JOINTS for atom in ATOMS for one in partners[4:]}
    manager = ansible_says.manager_of(NASTY, tmp_path)
    hosts, groups = [*NASTY.hosts], members_of(NASTY)

    different = {
        pattern: (ours, theirs)
        for pattern in sorted({*ATOMS, *compounds})
        if (ours := we_say(pattern, hosts, groups)) is not None
        and ours != (theirs := ansible_answers(manager, pattern))
    }

    assert different == {}
    assert len(compounds) > 1_000
    assert len(manager.get_hosts("all")) == len(hosts)


def match_here(expressions: list[str], names: list[str]) -> dict[str, frozenset[str]]:
    return {
        expression: frozenset(name for name in names if re.match(expression, name))
        for expression in expressions
    }


def we_say(pattern: str, hosts: list[str], groups: dict[str, list[str]]) -> list[str] | str | None:
    """Give None where we refuse on purpose what Ansible would do."""
    try:
        return patterns.match(pattern, hosts, groups)
    except PatternError as error:
        text = str(error)
        return None if "dash" in text or "directly before" in text else "refused"


def ansible_answers(manager: Any, pattern: str) -> list[str] | str:
    try:
        return [host.name for host in manager.get_hosts(pattern)]
    except (AnsibleError, IndexError):
        return "refused"


@pytest.mark.parametrize(
    "pattern", ["webservers[9]", "webservers[-9]", "webservers[7:0]", "~(", "!~*", "!", "web1:!"]
)
def test_what_ansible_fails_on_is_refused(pattern: str, tmp_path: Path) -> None:
    with pytest.raises((AnsibleError, IndexError)):
        ansible_says.hosts_matching(pattern, SHOP, tmp_path)

    with pytest.raises(PatternError):
        patterns.match(pattern, [*SHOP.hosts], members_of(SHOP))


@pytest.mark.parametrize("pattern", ["@hosts", "web1,@/etc/passwd", "web1:@x", " @x", "web1 , @x"])
def test_a_file_of_hosts_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="control node"):
        patterns.check(pattern, allow_regex=True)


@pytest.mark.parametrize("pattern", ["-i", "--list-hosts", "web1,-x", "web1:-x"])
def test_an_option_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="dash"):
        patterns.check(pattern, allow_regex=True)


@pytest.mark.parametrize("pattern", ["web1\nweb2", "web\x00", "\tweb", "web\u2028", "a\x7f"])
def test_invisible_characters_are_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="invisible"):
        patterns.check(pattern, allow_regex=True)


@pytest.mark.parametrize("pattern", ["~web", "!~web", "web1,&~web"])
def test_regular_expressions_need_permission(pattern: str) -> None:
    patterns.check(pattern, allow_regex=True)

    with pytest.raises(PatternError, match="for authors"):
        patterns.check(pattern, allow_regex=False)


def test_a_refusal_belongs_to_the_limit() -> None:
    with pytest.raises(PatternError) as refusal:
        patterns.check("@x", allow_regex=True)

    assert refusal.value.field == "limit"
