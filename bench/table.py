"""The table that a run of the benchmarks prints, and the page that keeps the last one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.figure import Figure

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

_HEAD = ("id", "what", "figure", "goal", "met", "samples")
_BEGIN = "<!-- written by `python -m bench --write`: begin -->"
_END = "<!-- end -->"


def plain(figures: Sequence[Figure]) -> str:
    """Lay the figures out for a terminal."""
    rows = [_HEAD, *(figure.cells for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def write(figures: Sequence[Figure], facts: Sequence[str], page: Path = PAGE) -> None:
    """Replace the page's measured part; what people wrote around it stays.

    Figures of benchmarks that did not run this time are kept as they stand.
    """
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    old, _, after = rest.partition(_END)
    new = {figure.id for figure in figures}
    kept = [block for block in _blocks(old) if not new & _ids(block)]
    blocks = "\n\n".join([*kept, _block(figures, facts)])
    page.write_text(f"{before}{_BEGIN}\n\n{blocks}\n\n{_END}{after}", encoding="utf-8")


def _block(figures: Sequence[Figure], facts: Sequence[str]) -> str:
    rows = [_HEAD, ("---",) * len(_HEAD), *(figure.cells for figure in figures)]
    listed = "\n".join(f"- {fact}" for fact in facts)
    return "\n".join([listed, "", *("| " + " | ".join(row) + " |" for row in rows)])


def _blocks(text: str) -> list[str]:
    """Split what stands between the marks: each table with the facts before it."""
    blocks: list[str] = []
    for part in text.strip().split("\n\n"):
        if part.startswith("|") and blocks:
            blocks[-1] += f"\n\n{part}"
        elif part:
            blocks.append(part)
    return blocks


def _ids(block: str) -> set[str]:
    cells = (line.split("|")[1].strip() for line in block.splitlines() if line.startswith("| B"))
    return set(cells)
