"""Events and output in; masked, numbered records out.

Pure: it neither knows the database nor waits for it. ``append`` is the spool's, so a
test hands it a list's. Memory stays flat whatever a run prints: a line is cut at
MAX_LINE, a run at MAX_OUTPUT, and what was cut is counted.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any

from aops.core.masking import Masker
from aops.execution.spec import EventKind, RunEvent, RunResult
from aops.jobs.results import Results

MAX_LINE = 64 * 1024
"""Characters of one line that are kept."""

MAX_OUTPUT = 256 * 1024 * 1024
"""Characters of one run that are kept."""

PIECE = 48 * 1024
"""Characters after which a piece is written without waiting for the clock."""

LARGEST = 2**31 - 1
"""What the database's integers hold; a run can report more, or claim to."""

MAX_HOSTS = 100_000
"""Hosts of one run that are counted; a playbook can make up any number of them."""

COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")


class Sink:
    """Collects what a run says until ``flush`` writes it down."""

    def __init__(self, append: Callable[[dict[str, Any]], None], masker: Masker) -> None:
        self._append = append
        self._masker = masker
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._lines: list[str] = []
        self._size = 0
        self._partial = ""
        self._skipped = 0
        self._seq = 0
        self._line_number = 1
        self._stored = 0
        self._cut = 0
        self._hosts: dict[str, dict[str, int]] = {}
        self._changed_hosts: set[str] = set()
        self._results = Results(append, masker)
        self.truncated = False

    def output(self, data: bytes) -> None:
        """Take bytes that ansible-playbook printed."""
        self._take(self._masker.feed(self._decoder.decode(data)))

    def event(self, event: RunEvent) -> None:
        """Take a fact about the run: a result, a host's facts, or the recap."""
        if event.kind is EventKind.STATS:
            for host, counts in event.data.items():
                if isinstance(counts, dict):
                    self._count(host, {name: _number(counts.get(name)) for name in COUNTS})
        elif event.kind is EventKind.FACTS:
            self._results.facts(event)
        elif event.kind in _COUNTED:
            name = str(event.data["host"])[:_NAME]
            counts = dict(self._hosts.get(name) or dict.fromkeys(COUNTS, 0))
            _add(counts, event)
            self._results.result(event)
            self._count(name, counts)

    def flush(self) -> bool:
        """Write down the whole lines that came since; tell whether there was anything."""
        anything = self._results.flush() or bool(self._lines or self._changed_hosts)
        if self._lines:
            text = "".join(self._lines)
            self._seq += 1
            self._append(
                {
                    "kind": "output",
                    "seq": self._seq,
                    "first_line": self._line_number,
                    "line_count": len(self._lines),
                    "text": text,
                    "cut": min(self._cut, LARGEST),
                }
            )
            self._line_number += len(self._lines)
            self._lines, self._size = [], 0
        if self._changed_hosts:
            hosts = {host: self._hosts[host] for host in sorted(self._changed_hosts)}
            failures = self._results.failures
            first = {host: failures[host] for host in hosts if host in failures}
            self._append({"kind": "hosts", "hosts": hosts, "failures": first})
            self._changed_hosts.clear()
        return anything

    def finish(self, result: RunResult) -> None:
        """Write down the rest and how it ended."""
        self._take(self._masker.feed(self._decoder.decode(b"", final=True)) + self._masker.close())
        if self._partial or self._skipped:
            self._end_line("")
        self.flush()
        self._append(
            {
                "kind": "result",
                "outcome": result.outcome.value,
                "exit_code": result.exit_code,
                "reason": self._masker.mask(result.reason),
                "known_hosts": result.known_hosts,
                "isolated": result.isolated,
                "cut": min(self._cut, LARGEST),
            }
        )

    def _take(self, text: str) -> None:
        *whole, rest = text.split("\n")
        for line in whole:
            self._extend_line(line)
            self._end_line("\n")
        self._extend_line(rest)

    def _extend_line(self, part: str) -> None:
        room = MAX_LINE - len(self._partial)
        self._partial += part[:room]
        self._skipped += len(part) - len(part[:room])

    def _end_line(self, end: str) -> None:
        line, skipped = self._partial + end, self._skipped
        self._partial, self._skipped = "", 0
        self._cut += skipped
        if self.truncated or self._stored + len(line) > MAX_OUTPUT:
            self._truncate(line)
        elif skipped:
            self._keep(f"{line.removesuffix(end)}{_CUT_LINE.format(skipped)}{end}")
        else:
            self._keep(line)

    def _keep(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line)
        self._stored += len(line)
        if self._size >= PIECE:
            self.flush()

    def _truncate(self, line: str) -> None:
        self._cut += len(line)
        if not self.truncated:
            self.truncated = True
            self._lines.append(_CUT_OUTPUT)

    def _count(self, host: str, counts: dict[str, int]) -> None:
        host = host[:_NAME]
        if host not in self._hosts and len(self._hosts) >= MAX_HOSTS:
            return
        if self._hosts.get(host) != counts:
            self._hosts[host] = counts
            self._changed_hosts.add(host)


_NAME = 200
_CUT_LINE = " \x1b[0m[… {:,} more characters of this line were not stored]"
_CUT_OUTPUT = "\x1b[0m[… the rest of the output was not stored: too long]\n"
_COUNTED = frozenset({EventKind.OK, EventKind.FAILED, EventKind.SKIPPED, EventKind.UNREACHABLE})


def _add(counts: dict[str, int], event: RunEvent) -> None:
    """Count one result as Ansible's recap does, as far as it is known before the end."""
    kinds = [event.kind.value]
    if event.data.get("ignored"):
        kinds = ["ok", "ignored"]
    elif event.kind is EventKind.FAILED and event.data.get("rescued"):
        kinds = ["rescued"]
    if "ok" in kinds and event.data.get("changed"):
        kinds.append("changed")
    for kind in kinds:
        counts[kind] += 1


def _number(value: object) -> int:
    return min(value, LARGEST) if isinstance(value, int) else 0
