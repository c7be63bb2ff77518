"""``python -m bench [B1 B2 …] [--write] [--try]``."""

from __future__ import annotations

import argparse
import importlib
import sys

from bench import machine, table
from bench.figure import Figure
from bench.sizes import FULL, TINY

KNOWN = ("B1", "B2", "B3", "B8", "B10", "B11")


def main() -> None:
    """Measure what was asked for, and print one table."""
    options = _options()
    facts = machine.facts()
    print(*facts, sep="\n", flush=True)
    figures: list[Figure] = []
    for name in options.benchmarks or KNOWN:
        module = importlib.import_module(f"bench.{name.lower()}")
        print(f"\n{name}: {module.__doc__.splitlines()[0]}", file=sys.stderr, flush=True)
        figures += module.measure(TINY if options.tiny else FULL)
    print(f"\n{table.plain(figures)}")
    if options.write:
        table.write(figures, facts)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("benchmarks", nargs="*", metavar="B1", help=f"of {', '.join(KNOWN)}")
    parser.add_argument("--write", action="store_true", help=f"keep the table in {table.PAGE.name}")
    parser.add_argument(
        "--try", dest="tiny", action="store_true", help="small, to try the benchmarks themselves"
    )
    options = parser.parse_args()
    options.benchmarks = [name.upper() for name in options.benchmarks]
    if unknown := set(options.benchmarks) - set(KNOWN):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    main()
