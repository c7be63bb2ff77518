"""A big inventory: its import, the list of its hosts, patterns, rendering for a run, filters.

An import is measured through the pages: from sending the file until the preview is there, and
from the confirmation until all is written. What a person thinks in between is left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from urllib.parse import quote

from aops.inventory import rendering
from aops.inventory.imports.models import ImportStatus, InventoryImport
from aops.inventory.models import Inventory
from bench import facts
from bench.browser import Browser
from bench.figure import Figure, spread
from bench.sizes import Sizes
from bench.stack import Stack
from tests.services.mariadb import MariaDb

_IMPORT, _LIST, _PATTERN, _RENDERING = 8.0, 60.0, 150.0, 1.0
_PATTERN_TEXT = "host*7*:&group00*:!~host.*9$"
_FIRST_TIME, _FACTS, _VARIABLES = 1200.0, 400.0, 300.0
_BY_FACTS = 'fact.distribution = "Debian" and fact.memtotal_mb < 2048'
_BY_VARIABLES = "var.variable_7 = value_7_of_77"
_BY_LISTS = "var.accounts.*.keys = second and name ~ *7"
_TICK = 0.05
_PATIENCE = 120
_MS = 1000


def measure(sizes: Sizes) -> list[Figure]:
    """Import into both databases, and look at what was imported."""
    figures: list[Figure] = []
    for database in ("SQLite", "MariaDB"):
        with _stack(database) as stack:
            stack.start_web()
            stack.start_worker()
            figures += _measure(stack, database, sizes)
    return figures


def inventory_file(sizes: Sizes) -> bytes:
    """Write an INI in which each host has variables of its own and stands in one group."""
    lines: list[str] = []
    for group in range(sizes.groups):
        lines.append(f"[group{group:03}]")
        lines += [_host(number, sizes) for number in range(group, sizes.hosts, sizes.groups)]
        lines.append(f"[group{group:03}:vars]")
        lines += [f"group_variable_{one}=value {one}" for one in range(sizes.variables)]
    return "\n".join([*lines, ""]).encode()


def _host(number: int, sizes: Sizes) -> str:
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    rest = (f"variable_{one}=value_{one}_of_{number}" for one in range(1, sizes.variables))
    return " ".join((f"host{number:05}", f"ansible_host={address}", *rest))


def _measure(stack: Stack, database: str, sizes: Sizes) -> list[Figure]:
    browser, content = stack.browser(), inventory_file(sizes)
    what = f"{sizes.hosts} hosts × {sizes.groups} groups × {sizes.variables} variables, {database}"
    imports = [_import(stack, browser, content) for _ in range(sizes.imports)]
    inventory_id = imports[-1][0]
    seconds = [one for _id, one in imports]
    return [
        Figure("B8", f"import, {what}", median(seconds), _IMPORT, " s", spread(seconds, " s")),
        _page(browser, "/hosts/", f"list page, {what}", _LIST, sizes),
        _page(
            browser,
            f"/inventories/{inventory_id}/matching-hosts?pattern={quote(_PATTERN_TEXT)}",
            f"pattern preview, {what}",
            _PATTERN,
            sizes,
        ),
        _rendering(stack, inventory_id, f"rendering for a run, {what}", sizes),
        *_filters(stack, browser, inventory_id, what, sizes),
    ]


def _filters(
    stack: Stack, browser: Browser, inventory_id: int, what: str, sizes: Sizes
) -> list[Figure]:
    """Ask as the page of a filter does while somebody types."""
    with stack.database():
        facts.fill(inventory_id)
    path = f"/filters/matching-hosts?inventory={inventory_id}&query="
    first = browser.seconds_of(path + quote(_BY_FACTS)) * _MS
    asked = (
        ("filter by facts", _BY_FACTS, _FACTS),
        ("filter by variables", _BY_VARIABLES, _VARIABLES),
        ("filter by variables that are lists", _BY_LISTS, _VARIABLES),
    )
    return [
        Figure("B8", f"filter by facts, first time, {what}", first, _FIRST_TIME, " ms"),
        *(
            _page(browser, path + quote(query), f"{name}, {what}", goal, sizes)
            for name, query, goal in asked
        ),
    ]


def _import(stack: Stack, browser: Browser, content: bytes) -> tuple[int, float]:
    """Import into a new inventory; give its id and the seconds that it took."""
    with stack.database() as session:
        inventory = Inventory(name=f"imported at {time.time()}")
        session.add(inventory)
        session.flush()
        inventory_id = inventory.id
    started = time.perf_counter()
    import_id = browser.import_file(inventory_id, content)
    _wait(stack, import_id, ImportStatus.READY)
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    browser.confirm_import(import_id)
    _wait(stack, import_id, ImportStatus.DONE)
    return inventory_id, seconds + time.perf_counter() - started


def _wait(stack: Stack, import_id: int, wanted: ImportStatus) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with stack.database(read_only=True) as session:
            one = session.get_one(InventoryImport, import_id)
            status, error = one.status, one.error
        if status is wanted:
            return
        if error:
            raise RuntimeError(f"the import failed: {error}")
        time.sleep(_TICK)
    raise TimeoutError(f"the import is still {status}")


def _page(browser: Browser, path: str, what: str, goal: float, sizes: Sizes) -> Figure:
    browser.seconds_of(path)
    samples = [browser.seconds_of(path) * _MS for _ in range(sizes.pages)]
    return Figure("B8", what, median(samples), goal, " ms", spread(samples, " ms"))


def _rendering(stack: Stack, inventory_id: int, what: str, sizes: Sizes) -> Figure:
    samples: list[float] = []
    with stack.database(read_only=True):
        for _ in range(min(sizes.pages, 10)):
            started = time.perf_counter()
            rendering.render(inventory_id)
            samples.append(time.perf_counter() - started)
    return Figure("B8", what, median(samples), _RENDERING, " s", spread(samples, " s"))


@contextmanager
def _stack(database: str) -> Iterator[Stack]:
    if database == "SQLite":
        with Stack() as stack:
            yield stack
        return
    with MariaDb() as server:
        url = server.create_database("aops_bench").socket_url
        with Stack(AOPS_DATABASE_URL=url) as stack:
            yield stack
