"""Makes inventories as people write them: YAML and INI texts, with everything that is odd."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as some

GROUPS = ("web", "db", "prod", "site-a", "a.b", "组", "g1", "empty", "2nd")
ODD_GROUPS = ("my group", "yes", "plugin", "vars", "a,b", "été")
HOSTS = (
    *("web1", "web10", "web2", "db-1.example.com", "10.0.0.1", "::1", "服务器1", "_x", "localhost"),
    *("web", "g1", "db", "x."),
)
ODD_HOSTS = ("a b", "no", "1e3", "w,x", "it's", 'say "hi"', "#x", "a:b", "2024-01-01", "C:\\x")
VAULT = "$ANSIBLE_VAULT;1.1;AES256\n" + "3132333435" * 8 + "\n"
SCALARS = (
    *("1", "0", "-5", "0755", "0o17", "1_000", "1.50", "1e3", ".inf", "-.inf", "12:30:45", "0x1F"),
    *("true", "yes", "'yes'", "no", "~", "null", "None", "'True'", "2024-02-29", "'2024-02-29'"),
    *("''", "'1'", "text", "two words", "' edge '", "'#x'", "'a: b'", "a=b", "'=cmd'", "'@x'"),
    *(
        r'"a\nb"',
        r'"tab\there"',
        r'"a\x85b\u2028c"',
        r'"\U0001F600"',
        "服务器",
        "'it''s'",
        r'"q\"q"',
    ),
    *(
        "2024-02-29T12:30:00Z",
        "123456789012345678901234567890",
        r"C:\dir",
        r"'C:\\'",
        "&anchor [1, 2]",
    ),
    *("'{{ other }}'", "!unsafe '{{ x }}'", "!unsafe plain", f"!vault {json.dumps(VAULT)}"),
    *("[]", "{}", "[1, '1', [], {a: ~}, !unsafe '{{ y }}']", "{<<: {a: 1}, b: 2}"),
    *(
        "{1: one, true: yes, 2.5: x, k: {n: [1]}}",
        "{~: 1, '': 2, '!': 3}",
        "!unsafe {a: '{{ x }}'}",
    ),
    *(
        "1:30",
        "-1:30",
        "08",
        "-0.0",
        "1e400",
        "5.0e-324",
        "y",
        "!!str 1",
        "2001-12-14 21:59:43.1 -5",
    ),
    *(
        '"a\\r\\nb"',
        '"\\0\\e"',
        '"\\n "',
        "'{% raw %}{{ x }}{% endraw %}'",
        "'...'",
        '"a\\n---\\n"',
    ),
)
INI_VALUES = (
    *("1", "0755", "1.5", "True", "true", "None", "text", "'two words'", '"quoted"', "10.0.0.1"),
    *("[1,2]", "{'a':1}", "{1,2}", "a#b", "1e3", "yes", "a=b", "{{x}}", "2024-02-29", "0o17", "''"),
    *("\"a 'b' c\"", "'\"5\"'", "服务器", "...", "1+2j"),
    *(
        "1e400",
        "-0",
        ".5",
        "()",
        "\"{'a': [1, {'b': None}], 2: 'x'}\"",
        "b'x'",
        "a\\\\b",
        '\'"""x"""\'',
    ),
)
VARIABLES = (
    *("a", "b_2", "http_port", "ansible_host", "x", "y", "name", "groups", "vars"),
    *("foo-bar", "größe", "none"),
)

names_of_groups = some.lists(some.sampled_from(GROUPS + ODD_GROUPS), unique=True, max_size=6)
own_variables = some.dictionaries(
    some.sampled_from(VARIABLES), some.sampled_from(SCALARS), max_size=3
)
PRIORITY = some.sampled_from([{}, {}, {}, {"ansible_group_priority": "5"}])


@some.composite
def yaml_texts(draw: Any) -> str:
    """Groups within groups, written out wherever somebody likes, hosts in any of them."""
    names = draw(names_of_groups)
    hosts = some.lists(some.sampled_from(HOSTS + ODD_HOSTS), unique=True, max_size=4)

    def group(number: int, depth: int) -> str:
        parts = []
        if draw(some.booleans()):
            parts.append(
                f"hosts: {_flow({one: _flow(draw(own_variables)) for one in draw(hosts)})}"
            )
        if draw(some.booleans()):
            parts.append(f"vars: {_flow(draw(own_variables) | draw(PRIORITY))}")
        below = names[number + 1 :]
        if below and depth < 4 and draw(some.booleans()):
            chosen = draw(some.lists(some.sampled_from(below), unique=True, max_size=3))
            children = {one: group(names.index(one), depth + 1) for one in chosen}
            parts.append(f"children: {_flow(children)}")
        return "{" + ", ".join(draw(some.permutations(parts))) + "}" if parts else "~"

    top = {"all": group(-1, 0)}
    for name in draw(some.lists(some.sampled_from([*names, "ungrouped"]), unique=True, max_size=4)):
        top[name] = group(names.index(name) if name in names else len(names), 0)
    order = draw(some.permutations(list(top)))
    return "".join(f"{_quoted(name)}: {top[name]}\n" for name in order)


@some.composite
def ini_texts(draw: Any) -> str:
    """Sections in any order, ranges, ports, groups that are first met as children."""
    names = draw(some.lists(some.sampled_from(GROUPS), unique=True, max_size=6))
    pairs = some.dictionaries(
        some.sampled_from(VARIABLES), some.sampled_from(INI_VALUES), max_size=3
    )
    plain = some.sampled_from(
        (*HOSTS, "web[1:3]", "db[01:02].lan", "port1:2222", "[2001:db8::1]:22")
    )
    hosts = some.lists(plain, max_size=4)

    def lines() -> list[str]:
        return [
            " ".join((host, *(f"{key}={value}" for key, value in draw(pairs).items())))
            for host in draw(hosts)
        ]

    sections = [lines()]
    more = [[f"[{name}]", *lines()] for name in names]
    for number, name in enumerate(names):
        below = names[number + 1 :]
        if below and draw(some.booleans()):
            children = draw(some.lists(some.sampled_from(below), min_size=1, max_size=3))
            more.append([f"[{name}:children]", *children])
        if variables := draw(pairs):
            more.append([f"[{name}:vars]", *(f"{k} = {v}" for k, v in variables.items())])
        if draw(some.integers(0, 9)) == 0:
            more.append([f"[{name}:vars]", "ansible_group_priority=7"])
    for name in ("all", "ungrouped"):
        if draw(some.booleans()):
            more.append([f"[{name}:vars]", *(f"{k}={v}" for k, v in draw(pairs).items())])
        if draw(some.integers(0, 3)) == 0:
            more.append([f"[{name}]", *lines()])
    sections += draw(some.permutations(more))
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def _flow(items: dict[str, str]) -> str:
    return "{" + ", ".join(f"{_quoted(name)}: {text}" for name, text in items.items()) + "}"


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
