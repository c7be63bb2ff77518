"""A measured figure beside its goal, and the statistics that make one of many samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        value: What is compared with the goal, in the goal's unit.
        goal: The largest value that meets it.
        detail: How the samples lie, or what else is good to know.
    """

    id: str
    what: str
    value: float
    goal: float
    unit: str = ""
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.goal

    @property
    def cells(self) -> tuple[str, ...]:
        """The line as text: id, what, figure, goal, met or not, detail."""
        met = "met" if self.met else "not met"
        return (
            self.id,
            self.what,
            f"{shown(self.value)}{self.unit}",
            f"≤ {shown(self.goal)}{self.unit}",
            met,
            self.detail,
        )


def ratio(ours: Sequence[float], bare: Sequence[float]) -> tuple[float, str]:
    """Divide the medians; also tell the medians and the pairs' smallest and largest ratio."""
    pairs = [one / other for one, other in zip(ours, bare, strict=True)]
    detail = (
        f"{median(ours):.2f} s over {median(bare):.2f} s, {len(pairs)} pairs "
        f"{min(pairs):.2f}–{max(pairs):.2f}"
    )
    return median(ours) / median(bare), detail


def difference(ours: Sequence[float], bare: Sequence[float]) -> tuple[float, str]:
    """Subtract the medians; also tell the medians and the pairs' extremes."""
    pairs = [one - other for one, other in zip(ours, bare, strict=True)]
    detail = (
        f"{median(ours):.2f} s less {median(bare):.2f} s, {len(pairs)} pairs "
        f"{min(pairs):.2f}–{max(pairs):.2f}"
    )
    return median(ours) - median(bare), detail


def percentile(samples: Sequence[float], percent: float) -> float:
    """Give the smallest sample that so many percent of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]


def spread(samples: Sequence[float], unit: str = "") -> str:
    """Tell the median, the extremes and the number of samples."""
    return (
        f"median {shown(median(samples))}{unit} "
        f"({shown(min(samples))}–{shown(max(samples))}), n = {len(samples)}"
    )


def shown(value: float) -> str:
    """Round for people."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
