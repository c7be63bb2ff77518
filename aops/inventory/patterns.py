"""Tells which hosts a pattern or limit selects, with Ansible's own meaning.

Written anew and small, because the web process must not load Ansible; a test keeps
it equal to the real thing. Where Ansible only warns, this does not complain either:
a name that matches nothing selects nothing. What would take long is refused.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from aops.core.errors import AopsError
from aops.inventory import names, regexes

MAX_LENGTH = 4_000
"""Longest pattern; for choosing many hosts there are groups and saved filters."""

MAX_PARTS = 100
"""Most parts of a pattern that are no plain names of hosts."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_LABEL = r"(?:\w|{r})(?:[\w-]|{r})*(?<![_-])".format(r=r"\[(?:[a-z]:[a-z]|\d+:\d+)(?::\d+)?\]")
_HOST_RANGE = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_PORTS = (re.compile(r"\[(.+)\]:[0-9]+"), re.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):[0-9]+"))
_PARTS = re.compile(r"(?:[^\s:\[\]]|\[[^\]]*\])+")
_SUBSCRIPT = re.compile(r"(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]")
_GLOB = re.compile(r"[*?\[]")
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
    _regexes(_checked(pattern, allow_regex=allow_regex), (), ())


def _checked(pattern: str, *, allow_regex: bool) -> list[str]:
    """Part a pattern, and refuse all but a wrong regular expression."""
    if len(pattern) > MAX_LENGTH:
        raise _refusal(_("A host pattern may have at most %(n)d characters.", n=MAX_LENGTH))
    if _CONTROL.search(pattern):
        raise _refusal(_("A host pattern is one line without invisible characters."))
    parts = split(pattern)
    for part in parts:
        if part.startswith("@"):
            raise _refusal(_("“@” would read a file of the control node; name the hosts instead."))
        if part.startswith("-"):
            raise _refusal(_("A host pattern may not begin with a dash."))
        if not _bare(part):
            raise _refusal(_("“%(sign)s” must stand directly before a name.", sign=part))
        if _bare(part).startswith("~") and not allow_regex:
            raise _refusal(_("Regular expressions (“~…”) are for authors; use * and ? instead."))
    return parts


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
    return match_parts(_checked(pattern, allow_regex=allow_regex), hosts, groups)


def match_parts(
    parts: Sequence[str], hosts: Sequence[str], groups: Mapping[str, Sequence[str]]
) -> list[str]:
    """Name the hosts that the parts of a pattern select, as ``match`` does.

    Args:
        parts: From ``split``; or each a line of a file, which Ansible does not part.
        hosts: All host names, in inventory order.
        groups: Every group with all its hosts.

    Raises:
        PatternError: If one is no regular expression, or they would take too long.
    """
    known = frozenset(hosts)
    choosing = [part for part in parts if part not in known]
    if len(choosing) > MAX_PARTS:
        raise _refusal(
            _("A host pattern may have at most %(n)d parts beside names of hosts.", n=MAX_PARTS)
        )
    choice = _Choice(hosts, known, groups, _regexes(choosing, hosts, groups))
    found: dict[str, None] = {}
    for part in _by_operator(parts):
        if part in known:
            found[part] = None
            continue
        that = choice.of(_bare(part))
        if part.startswith("!"):
            for host in that:
                found.pop(host, None)
        elif part.startswith("&"):
            both = frozenset(that)
            found = {host: None for host in found if host in both}
        else:
            found.update(dict.fromkeys(that))
    return [*found]


def unmatched(
    parts: Iterable[str], hosts: Container[str], groups: Container[str]
) -> tuple[str, ...]:
    """Name the parts of a pattern that are plain names, but of no host and no group.

    Ansible only warns of them, so a misspelt host is easily missed.

    Args:
        parts: From ``split``.
        hosts: All host names.
        groups: All group names.
    """
    plain = dict.fromkeys(_bare(part) for part in parts if not _chooses(_bare(part)))
    return tuple(
        name for name in plain if not (name in hosts or name in groups or _is_own_host(name, hosts))
    )


def _chooses(expression: str) -> bool:
    return not expression or expression[0] in "~@" or bool(_GLOB.search(expression))


def _is_own_host(name: str, hosts: Container[str]) -> bool:
    return name in _LOCALHOST and any(other in hosts for other in _LOCALHOST)


def split(pattern: str) -> list[str]:
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


def _by_operator(parts: Sequence[str]) -> list[str]:
    """Put unions first, then intersections, then exclusions; without a union, all is meant."""
    unions = [part for part in parts if part[0] not in "&!"]
    return [
        *(unions or ["all"]),
        *(part for part in parts if part[0] == "&"),
        *(part for part in parts if part[0] == "!"),
    ]


def _bare(part: str) -> str:
    return part[1:] if part[0] in "&!" else part


def _regexes(
    parts: Iterable[str], hosts: Sequence[str], groups: Iterable[str]
) -> dict[str, frozenset[str]]:
    expressions = [_bare(part)[1:] for part in parts if _bare(part).startswith("~")]
    try:
        return regexes.matching(expressions, [*groups, *hosts])
    except regexes.NoExpression as error:
        raise _refusal(
            _("This is not a regular expression: %(problem)s.", problem=str(error))
        ) from None
    except regexes.TooSlow:
        raise _refusal(
            _("This regular expression takes too long; write it in a simpler way.")
        ) from None


@dataclass(frozen=True)
class _Choice:
    """What one pattern without operator selects.

    Attributes:
        regexes: What each regular expression matches, of groups and of hosts.
    """

    hosts: Sequence[str]
    known: frozenset[str]
    groups: Mapping[str, Sequence[str]]
    regexes: Mapping[str, frozenset[str]]

    def of(self, expression: str) -> list[str]:
        """Apply the pattern, and its subscript if it has one."""
        subscript = None if expression[0] == "~" else _SUBSCRIPT.fullmatch(expression)
        if subscript is None:
            return self._enumerate(expression)
        name, index, start, end = subscript.groups()
        return _slice(self._enumerate(name), index, start, end)

    def _enumerate(self, name: str) -> list[str]:
        """Take the hosts of matching groups; match hosts only if none, or if it is a glob."""
        matching = self._matching(name, self.groups, self.groups)
        found = [host for group in matching for host in self.groups[group]]
        if not matching or name[0] == "~" or any(char in name for char in ".?*["):
            found += self._matching(name, self.hosts, self.known)
        if not found and name in _LOCALHOST:  # another of its names, or Ansible's own host
            return [next((host for host in self.hosts if host in _LOCALHOST), name)]
        return found

    def _matching(self, name: str, candidates: Iterable[str], known: Container[str]) -> list[str]:
        if name[0] == "~":
            found = self.regexes[name[1:]]
            return [candidate for candidate in candidates if candidate in found]
        if not _GLOB.search(name):
            return [name] if name in known else []
        matches = re.compile(fnmatch.translate(name)).match
        return [candidate for candidate in candidates if matches(candidate)]


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


def _refusal(sentence: str) -> PatternError:
    return PatternError(sentence, field="limit")
