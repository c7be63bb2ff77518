"""Matches names against regular expressions in a process of its own, which can be ended.

Python's ``re``, whose meaning Ansible uses, cannot be interrupted: an expression such as
``(a+)+$`` would hold a whole web process for longer than anybody lives.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Sequence

_SECONDS = 1
"""Of computing; 10,000 names and a harmless expression take a hundredth of it."""

_PATIENCE = 10
"""Seconds until even a busy machine must have answered."""

_MEMORY = 1 << 30
_PROGRAM = f"""
import json, re, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({_SECONDS}, {_SECONDS}))
resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY}, {_MEMORY}))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
expressions, names = json.load(sys.stdin)
found = []
for expression in expressions:
    try:
        match = re.compile(expression).match
    except (re.error, OverflowError, RecursionError) as error:
        json.dump({{"problem": str(error)}}, sys.stdout)
        sys.exit()
    found.append([number for number, name in enumerate(names) if match(name)])
json.dump(found, sys.stdout)
"""


class TooSlow(Exception):  # noqa: N818 - reads as what happened
    """The expressions need more time or memory than a choice of hosts is worth."""


class NoExpression(Exception):  # noqa: N818 - reads as what happened
    """One of the texts is no regular expression; says why."""


def matching(expressions: Collection[str], names: Sequence[str]) -> dict[str, frozenset[str]]:
    """Give for each expression the names that begin with what it describes.

    Args:
        expressions: Even to compile one may take long; none starts no process.
        names: Of hosts and groups.

    Raises:
        NoExpression: If one is none.
        TooSlow: If they take too long together.
    """
    if not expressions:
        return {}
    wanted = [*dict.fromkeys(expressions)]
    try:
        answer = subprocess.run(  # noqa: S603 - our own program, and data by its standard input
            [sys.executable, "-I", "-S", "-c", _PROGRAM],
            input=json.dumps([wanted, names]).encode(),
            capture_output=True,
            check=True,
            timeout=_PATIENCE,
            env={},
        )
    except subprocess.SubprocessError as error:
        raise TooSlow from error
    found = json.loads(answer.stdout)
    if isinstance(found, dict):
        raise NoExpression(found["problem"])
    return {
        expression: frozenset(names[number] for number in numbers)
        for expression, numbers in zip(wanted, found, strict=True)
    }
