from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aops.jobs import spool
from aops.jobs.spool import Spool, SpoolReader

HALF = b'{"kind": "output", "te'


def record(number: int, text: str = "") -> dict[str, Any]:
    return {"kind": "output", "seq": number, "text": text}


def test_what_was_appended_is_read_once_and_in_order(writer: Spool) -> None:
    for number in range(5):
        writer.append(record(number))

    with SpoolReader(writer.path) as reader:
        assert reader.batch() == [record(number) for number in range(5)]
        assert reader.batch() == []


def test_a_reader_sees_what_is_appended_later(writer: Spool) -> None:
    with SpoolReader(writer.path) as reader:
        assert reader.batch() == []

        writer.append(record(1))

        assert reader.batch() == [record(1)]


def test_a_half_written_record_waits_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "7-1.jsonl"
    path.write_bytes(b'{"kind": "output", "seq": 1}\n' + HALF)
    with SpoolReader(path) as reader:
        assert reader.batch() == [{"kind": "output", "seq": 1}]
        assert reader.batch() == []

        with path.open("ab") as file:
            file.write(b'xt": "whole"}\n')

        assert reader.batch() == [{"kind": "output", "text": "whole"}]


def test_a_reader_can_go_back_to_what_could_not_be_stored(writer: Spool) -> None:
    writer.append(record(1))
    with SpoolReader(writer.path) as reader:
        reader.batch()
        mark = reader.mark
        writer.append(record(2))
        writer.append(record(3))
        assert reader.batch() == [record(2), record(3)]

        reader.rewind(mark)

        assert reader.batch() == [record(2), record(3)]


def test_a_batch_ends_when_it_is_large_enough(writer: Spool) -> None:
    for number in range(10):
        writer.append(record(number, "x" * 1_000))

    with SpoolReader(writer.path) as reader:
        sizes = [len(batch) for batch in iter(lambda: reader.batch(max_bytes=2_500), [])]

    assert sizes == [3, 3, 3, 1]


@pytest.mark.parametrize("text", ["line\nline", "NUL \x00", "😀 汉字", "\u2028 \x85 \x1c", '"\\'])
def test_every_text_survives(text: str, writer: Spool) -> None:
    writer.append(record(1, text))
    writer.sync()

    with SpoolReader(writer.path) as reader:
        assert reader.batch() == [record(1, text)]


def test_half_a_character_does_not_stop_the_run(writer: Spool) -> None:
    writer.append(record(1, "\ud800!"))

    with SpoolReader(writer.path) as reader:
        assert reader.batch() == [record(1, "?!")]


def test_a_spool_is_alive_while_its_process_holds_it(writer: Spool, tmp_path: Path) -> None:
    assert spool.is_alive(tmp_path, "7-1")
    assert list(spool.abandoned(tmp_path)) == []
    writer.close(keep=True)
    assert not spool.is_alive(tmp_path, "7-1")
    assert list(spool.abandoned(tmp_path)) == [("7-1", tmp_path / "7-1.jsonl")]


def test_a_spool_that_nobody_has_is_not_alive(tmp_path: Path) -> None:
    assert not spool.is_alive(tmp_path, "7-1")


def test_asking_whether_a_spool_is_alive_takes_nothing_away(tmp_path: Path) -> None:
    (tmp_path / "7-1.jsonl").write_bytes(HALF)

    answers = [spool.is_alive(tmp_path, "7-1") for _ in range(3)]

    assert answers == [False, False, False]
    assert (tmp_path / "7-1.jsonl").read_bytes() == HALF


def test_a_killed_process_abandons_its_spool(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    process = context.Process(target=_write_and_wait, args=(tmp_path, ready))
    process.start()
    assert ready.wait(20)
    assert spool.is_alive(tmp_path, "9-1")

    process.kill()
    process.join(20)

    [(run_id, path)] = spool.abandoned(tmp_path)
    with SpoolReader(path) as reader:
        assert (run_id, reader.batch()) == ("9-1", [record(1)])


def test_a_spool_is_only_deleted_when_all_of_it_is_stored(tmp_path: Path) -> None:
    kept, stored = Spool(tmp_path, "1-1"), Spool(tmp_path, "2-1")

    kept.close(keep=True)
    stored.close(keep=False)

    assert [path.name for path in tmp_path.iterdir()] == ["1-1.jsonl"]


def _write_and_wait(folder: Path, ready: Any) -> None:
    writer = Spool(folder, "9-1")
    writer.append(record(1))
    ready.set()
    signal.pause()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Spool]:
    spool_of_run = Spool(tmp_path, "7-1")
    yield spool_of_run
    spool_of_run.close(keep=True)
