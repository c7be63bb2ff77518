"""What a host reported in a run, made fit to be kept.

Believed nothing: a playbook may have forged it. It is small, holds no part of the
run's login that looks like a secret and no option of Ansible, and says what was left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aops.inventory.facts.steering import injected, steers

LARGEST = 512 << 10
"""Bytes of JSON that are kept of one host's facts; the biggest facts go first."""

_SECRET = re.compile(r"PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY", re.IGNORECASE)


@dataclass(frozen=True)
class Report:
    """What a run learned about one host.

    Attributes:
        facts: Names without ``ansible_``.
        at: When; of facts that came in parts, when all of them came.
        job_id: The run.
        full: Whether these are all facts, so that what is missing is gone; else they are
            added to those that are known.
        left_out: Names of facts that were too big or too deep.
    """

    facts: Mapping[str, Any]
    at: datetime
    full: bool = True
    left_out: tuple[str, ...] = ()
    job_id: int | None = None

    def after(self, earlier: Report) -> Report:
        """Give what is known once both have come, this one after the other."""
        if self.full:
            return self
        missing = [name for name in earlier.left_out if name not in self.facts]
        return replace(
            earlier if earlier.full else self,
            facts={**earlier.facts, **self.facts},
            left_out=tuple(dict.fromkeys([*missing, *self.left_out])),
        )


def fit(report: Report) -> tuple[Report, int]:
    """Leave out what is too big, a secret or no fact at all; give the size of the rest."""
    facts = {
        name: _without_secrets(name, value)
        for name, value in report.facts.items()
        if not steers(injected(name))
    }
    sizes = {name: len(_dump(name)) + len(_dump(value)) + 4 for name, value in facts.items()}
    total, left_out = sum(sizes.values()), list[str]()
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if total <= LARGEST:
            break
        total -= sizes[name]
        left_out.append(name)
        del facts[name]
    names = tuple(dict.fromkeys([*report.left_out, *left_out]))
    return replace(report, facts=facts, left_out=names), total


def _without_secrets(name: str, value: Any) -> Any:
    """Drop variables of the login's environment that are named like secrets."""
    if name != "env" or not isinstance(value, dict):
        return value
    return {key: text for key, text in value.items() if not _SECRET.search(key)}


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
