"""What tasks said about hosts, masked and within bounds, on its way to the spool.

Beside the counts per host that are shown while a run goes on, every single result is
kept, and the facts that hosts reported. A playbook could tell of both without end; so
both have a limit for each run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from aops.core import clock
from aops.core.masking import Masker
from aops.execution.spec import LONGEST_MESSAGE, EventKind, RunEvent

MAX_RESULTS = 2_000_000
"""Results of one run that are kept: 10,000 hosts times 200 tasks."""

MAX_FAILURES = 100_000
"""Hosts of which the first failure is remembered."""

MAX_FACTS = 1 << 30
"""Bytes of JSON of all facts that one run may report; 10,000 hosts report some 200 MB."""

MAX_FACTS_OF_HOST = 1 << 20
"""Bytes of one report of one host; our callback plugin stays well below."""

PIECE = 500
"""Results after which a record is written without waiting for the clock."""

_NAME, _SHORT = 200, 255
_LONGEST_DURATION = 1e9
_BANNER = re.compile(r"(?:@ )?@{20,} ?(?:@ )?")
"""The frame that ssh draws with signs around its warning, which is longer than the warning."""

Append = Callable[[dict[str, Any]], None]


class Results:
    """Collects results and facts until ``flush`` writes them down."""

    def __init__(self, append: Append, masker: Masker) -> None:
        self._append = append
        self._masker = masker
        self._seq = 0
        self._rows: list[list[Any]] = []
        self._number = 0
        self._facts_size = 0
        self._tasks: dict[str, str] = {}
        self.failures: dict[str, tuple[str, str]] = {}
        """By host, the first task that failed there and what it said."""

    def result(self, event: RunEvent) -> None:
        """Take how one task ended on one host."""
        data, status = event.data, _status(event)
        host, task = str(data["host"])[:_NAME], self._task(str(data["task"]))
        message = self._message(str(data.get("message", "")))
        if status in _FAILURES and not data["rescued"] and len(self.failures) < MAX_FAILURES:
            self.failures.setdefault(host, (task, message))
        if self._number >= MAX_RESULTS:
            return
        self._number += 1
        self._rows.append([host, task, status, _duration(data["duration"]), message])
        if len(self._rows) >= PIECE:
            self.flush()

    def facts(self, event: RunEvent) -> None:
        """Take what a host reported; written at once, since it is big."""
        facts = self._masked(event.data["facts"])
        size = len(json.dumps(facts))
        if size > MAX_FACTS_OF_HOST or self._facts_size + size > MAX_FACTS:
            return
        self._facts_size += size
        self.flush()
        left_out: Any = event.data["left_out"]
        self._write(
            "facts",
            host=str(event.data["host"])[:_NAME],
            facts=facts,
            left_out=[self._masker.mask(name)[:_NAME] for name in islice(left_out, 100)],
            full=event.data["full"],
            at=clock.now().isoformat(),
        )

    def flush(self) -> bool:
        """Write down the results that came since; tell whether there were any."""
        if not self._rows:
            return False
        self._write("results", first=self._number - len(self._rows) + 1, rows=self._rows)
        self._rows = []
        return True

    def _write(self, kind: str, **more: Any) -> None:
        self._seq += 1
        self._append({"kind": kind, "seq": self._seq, **more})

    def _task(self, name: str) -> str:
        if name not in self._tasks:
            if len(self._tasks) >= PIECE:  # a name may hold the host's: they are not few then
                self._tasks.clear()
            self._tasks[name] = self._masker.mask(name)[:_SHORT]
        return self._tasks[name]

    def _message(self, text: str) -> str:
        """Mask before cutting: half a secret would not be recognized."""
        cut = len(text) >= LONGEST_MESSAGE
        masked = self._masker.mask_cut(text[:LONGEST_MESSAGE]) if cut else self._masker.mask(text)
        return shortened(_BANNER.sub("", " ".join(masked.split())))

    def _masked(self, facts: Any) -> Any:
        """Mask every text; the usual case, nothing to hide, takes one search."""
        together = "\n".join(_texts(facts))
        return facts if self._masker.mask(together) == together else self._each_masked(facts)

    def _each_masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._masker.mask(value)
        if isinstance(value, dict):
            return {self._masker.mask(k): self._each_masked(part) for k, part in value.items()}
        return [self._each_masked(part) for part in value] if isinstance(value, list) else value


def shortened(text: str) -> str:
    """Cut a text to what its column holds, visibly."""
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


_FAILURES = frozenset({"failed", "unreachable"})


def _status(event: RunEvent) -> str:
    if event.data["ignored"]:
        return "ignored"
    if event.kind is EventKind.OK and event.data["changed"]:
        return "changed"
    return event.kind.value


def _duration(seconds: Any) -> float:
    return float(min(max(seconds, 0), _LONGEST_DURATION))


def _texts(value: Any) -> list[str]:
    """Give every text in facts, names too."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            found.append(part)
        elif isinstance(part, Mapping):
            found.extend(part)
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return found
