"""Tells which hosts a pattern or limit selects, with Ansible's own meaning.

Written anew and small, because the web process must not load Ansible; a test keeps
it equal to the real thing. Where Ansible only warns, this does not complain either:
a name that matches nothing selects nothing.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence

from flask_babel import gettext as _

from aops.core.errors import AopsError
from aops.inventory import names

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_LABEL = r"(?:\w|{r})(?:[\w-]|{r})*(?<![_-])".format(r=r"\[(?:[a-z]:[a-z]|\d+:\d+)(?::\d+)?\]")
_HOST_RANGE = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_PORTS = (re.compile(r"\[(.+)\]:[0-9]+"), re.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):[0-9]+"))
_PARTS = re.compile(r"(?:[^\s:\[\]]|\[[^\]]*\])+")
_SUBSCRIPT = re.compile(r"(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]")
_LOCALHOST = ("localhost", "127.0.0.1", "::1")


class PatternError(AopsError):
    """A pattern that may not be used, or that Ansible would not understand."""


def check(pattern: str, *, allow_regex: bool) -> None:
    """Refuse what would make a pattern more than a choice of hosts.

    Args:
        pattern: As typed; empty means everything.
        allow_regex: Whether ``~expression`` may be used.

    Raises:
        PatternError: At the field ``limit``.
    """
    if _CONTROL.search(pattern):
        raise _refusal(_("A host pattern is one line without invisible characters."))
    for part in _split(pattern):
        if part.startswith("@"):
            raise _refusal(_("“@” would read a file of the control node; name the hosts instead."))
        if part.startswith("-"):
            raise _refusal(_("A host pattern may not begin with a dash."))
        if not _bare(part):
            raise _refusal(_("“%(sign)s” must stand directly before a name.", sign=part))
        if _bare(part).startswith("~"):
            _check_regex(_bare(part)[1:], allow_regex=allow_regex)


def match(
    pattern: str,
    hosts: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    *,
    allow_regex: bool = True,
) -> list[str]:
    """Name the hosts that a pattern selects, in the order in which Ansible would take them.

    Args:
        pattern: Such as ``web*:!web3``.
        hosts: All host names, in inventory order.
        groups: Every group with all its hosts, as ``rows.members_of`` gives them.
        allow_regex: Whether ``~expression`` may be used.

    Raises:
        PatternError: If the pattern may not be used.
    """
    check(pattern, allow_regex=allow_regex)
    known = frozenset(hosts)
    found: list[str] = []
    for part in _by_operator(_split(pattern)):
        if part in known:
            found.append(part)
            continue
        that = _select(_bare(part), hosts, groups)
        if part.startswith("!"):
            found = [host for host in found if host not in frozenset(that)]
        elif part.startswith("&"):
            found = [host for host in found if host in frozenset(that)]
        else:
            found.extend(that)
    return list(dict.fromkeys(found))


def _split(pattern: str) -> list[str]:
    """Part a pattern at its commas or, where there are none, at the colons that separate."""
    if "," in pattern:
        parts = pattern.split(",")
    elif _is_one_address(pattern):
        parts = [pattern]
    else:
        parts = _PARTS.findall(pattern)
    return [part.strip() for part in parts if part.strip()]


def _is_one_address(text: str) -> bool:
    """Tell whether the colons belong to an IPv6 address, a port or a range of names."""
    for port in _PORTS:
        if found := port.fullmatch(text):
            text = found[1]
    return bool(_HOST_RANGE.fullmatch(text)) or names.is_ipv6(text)


def _by_operator(parts: list[str]) -> list[str]:
    """Put unions first, then intersections, then exclusions; without a union, all is meant."""
    unions = [part for part in parts if part[0] not in "&!"]
    return [
        *(unions or ["all"]),
        *(part for part in parts if part[0] == "&"),
        *(part for part in parts if part[0] == "!"),
    ]


def _bare(part: str) -> str:
    return part[1:] if part[0] in "&!" else part


def _select(
    expression: str, hosts: Sequence[str], groups: Mapping[str, Sequence[str]]
) -> list[str]:
    """Apply one pattern without operator, and its subscript if it has one."""
    subscript = None if expression[0] == "~" else _SUBSCRIPT.fullmatch(expression)
    if subscript is None:
        return _enumerate(expression, hosts, groups)
    name, index, start, end = subscript.groups()
    return _slice(_enumerate(name, hosts, groups), index, start, end)


def _enumerate(name: str, hosts: Sequence[str], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Take the hosts of matching groups; match host names only if none, or if it is a glob."""
    matching = _matching(name, groups)
    found = [host for group in matching for host in groups[group]]
    if not matching or name[0] == "~" or any(char in name for char in ".?*["):
        found += _matching(name, hosts)
    if not found and name in _LOCALHOST:
        return [name]
    return found


def _matching(name: str, candidates: Iterable[str]) -> list[str]:
    expression = re.compile(name[1:] if name[0] == "~" else fnmatch.translate(name))
    return [candidate for candidate in candidates if expression.match(candidate)]


def _slice(found: list[str], index: str | None, start: str, end: str) -> list[str]:
    if index is not None:
        return _one(found, int(index))
    if not end:
        return found[int(start) :]
    if int(end) == 0:  # Ansible reads web[3:0] as web[3]
        return _one(found, int(start))
    return found[int(start) : int(end) + 1]


def _one(found: list[str], index: int) -> list[str]:
    if not found:
        return []
    if not -len(found) <= index < len(found):
        raise _refusal(
            _("There is no host number %(n)d among the %(total)d.", n=index, total=len(found))
        )
    return [found[index]]


def _check_regex(expression: str, *, allow_regex: bool) -> None:
    if not allow_regex:
        raise _refusal(_("Regular expressions (“~…”) are for authors; use * and ? instead."))
    try:
        re.compile(expression)
    except re.error as error:
        raise _refusal(
            _("This is not a regular expression: %(problem)s.", problem=str(error))
        ) from None


def _refusal(sentence: str) -> PatternError:
    return PatternError(sentence, field="limit")
