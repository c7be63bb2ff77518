from __future__ import annotations

import multiprocessing
import signal
from pathlib import Path
from typing import Any

from aops.jobs import slots


def test_there_are_as_many_slots_as_wanted(tmp_path: Path) -> None:
    taken = [slots.acquire(tmp_path, 3) for _ in range(4)]

    assert taken[3] is None
    assert None not in taken[:3]
    for descriptor in filter(None, taken):
        slots.release(descriptor)


def test_a_slot_that_was_given_back_is_free_again(tmp_path: Path) -> None:
    first = slots.acquire(tmp_path, 1)
    assert first is not None
    assert slots.free(tmp_path, 1) == 0

    slots.release(first)

    assert slots.free(tmp_path, 1) == 1


def test_counting_the_free_slots_takes_none(tmp_path: Path) -> None:
    taken = slots.acquire(tmp_path, 4)
    assert taken is not None

    counts = [slots.free(tmp_path, 4) for _ in range(5)]

    assert counts == [3, 3, 3, 3, 3]
    slots.release(taken)


def test_the_folder_is_made_when_it_is_missing(tmp_path: Path) -> None:
    assert slots.free(tmp_path / "new", 2) == 2


def test_a_slot_is_free_again_however_its_process_ended(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    process = context.Process(target=_hold, args=(tmp_path, ready))
    process.start()
    assert ready.wait(20)
    assert slots.free(tmp_path, 1) == 0

    process.kill()
    process.join(20)

    assert slots.free(tmp_path, 1) == 1


def _hold(folder: Path, ready: Any) -> None:
    slots.acquire(folder, 1)
    ready.set()
    signal.pause()
