from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy.orm import Session

from aops.core import clock
from aops.core.errors import AopsError
from aops.inventory.facts import lines
from aops.inventory.facts.models import HostFacts
from aops.inventory.filters import effort, language, matching
from aops.inventory.filters.tokens import FilterError
from aops.inventory.models import Inventory
from aops.users.models import User
from tests import factories
from tests.console import ConsoleClient


def test_a_filter_that_costs_too_much_is_ended(
    wide: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "SECONDS", 0.1)

    with pytest.raises(AopsError, match="takes too long") as refusal:
        matching.matches("fact.m.*.*.x = a", wide.id)

    assert refusal.value.field == "query"


def test_the_list_of_hosts_says_what_to_do_then(
    client: ConsoleClient, victor: User, wide: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.sign_in(victor)
    monkeypatch.setattr(effort, "SECONDS", 0.1)

    page = client.get("/hosts/?filter=fact.m.*.*.x = a")

    assert "so that fewer hosts are searched" in page.text


def test_a_condition_that_leaves_few_hosts_makes_it_cheap(
    wide: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "SECONDS", 0.1)

    found = matching.matches("fact.m.*.*.x = a and name = nobody", wide.id)

    assert found == []


def test_others_have_their_turn_while_a_filter_is_answered(
    wide: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[float] = []
    monkeypatch.setattr(time, "sleep", lambda _seconds: turns.append(time.thread_time()))

    matching.matches("fact.m.*.*.x = a", wide.id)

    work = turns[-1] - turns[0]
    assert len(turns) > work / (10 * effort._SLICE)


def test_what_many_ask_at_once_waits_and_is_refused_in_the_end(
    wide: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "_PATIENCE", 0.1)
    done = threading.Event()
    holding = [_Holder(done) for _ in range(effort.AT_ONCE)]

    try:
        with pytest.raises(AopsError, match="Try again"):
            matching.matches("fact.m.*.*.x = a", wide.id)
        cheap = matching.matches("name = host1", wide.id)
    finally:
        done.set()
        for holder in holding:
            holder.thread.join()

    assert cheap == []
    assert matching.matches("fact.m.0.0.x = b", wide.id) != []


def test_paths_have_only_so_many_stars() -> None:
    path = ".".join("*" * (language.MAX_STARS // 2))

    language.parse(f"fact.{path} = 1 or fact.{path} = 2")

    with pytest.raises(FilterError, match=f"at most {language.MAX_STARS}"):
        language.parse(f"fact.{path} = 1 or fact.{path} = 2 or var.a.* = 3")


class _Holder:
    """Another request that searches facts until it is told to end."""

    def __init__(self, done: threading.Event) -> None:
        begun = threading.Event()

        def hold() -> None:
            with effort.costly():
                begun.set()
                done.wait(20)

        self.thread = threading.Thread(target=hold)
        self.thread.start()
        assert begun.wait(5)


@pytest.fixture
def wide(session: Session) -> Inventory:
    """Thirty hosts that report as much as a host may."""
    inventory = factories.make_inventory()
    facts = {"m": [[{"x": "b"}] * 150 for _ in range(200)]}
    hosts = [factories.make_host(inventory=inventory) for _ in range(30)]
    session.add_all(
        HostFacts(
            host_id=host.id,
            gathered_at=clock.now(),
            small=lines.small(facts),
            data=facts,
        )
        for host in hosts
    )
    session.commit()
    return inventory
