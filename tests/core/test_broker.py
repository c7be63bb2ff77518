"""The embedded broker under the hands of several processes: nothing lost, nothing twice."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from pathlib import Path
from queue import Empty

import pytest
from celery import Celery
from kombu import Connection

from aops.core import broker

PRODUCERS = CONSUMERS = 2
EACH = 2_000


def test_four_processes_neither_lose_nor_double_a_message(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    consumers = [
        context.Process(target=consume, args=(tmp_path, number)) for number in range(CONSUMERS)
    ]
    producers = [
        context.Process(target=produce, args=(tmp_path, number)) for number in range(PRODUCERS)
    ]

    for process in [*consumers, *producers]:
        process.start()
    for process in producers:
        process.join(120)
    (tmp_path / "all-sent").touch()
    for process in consumers:
        process.join(120)

    assert [process.exitcode for process in [*producers, *consumers]] == [0, 0, 0, 0]
    taken = Counter(
        line for file in tmp_path.glob("taken-*") for line in file.read_text().splitlines()
    )
    expected = {f"{number}-{n}" for number in range(PRODUCERS) for n in range(EACH)}
    assert set(taken) == expected
    assert set(taken.values()) == {1}
    assert list((tmp_path / "broker").iterdir()) == []


def test_messages_come_in_the_order_they_were_sent(tmp_path: Path) -> None:
    with connection(tmp_path) as ours:
        queue = ours.SimpleQueue("aops")
        for number in range(20):
            queue.put(number)

        taken = [queue.get(timeout=5).payload for _ in range(20)]

    assert taken == list(range(20))


def test_queues_do_not_take_each_others_messages(tmp_path: Path) -> None:
    with connection(tmp_path) as ours:
        ours.SimpleQueue("one").put("for one")

        with pytest.raises(Empty):
            ours.SimpleQueue("other").get(block=False)
        assert ours.SimpleQueue("one").get(timeout=5).payload == "for one"


def test_a_message_outlives_the_process_that_sent_it(tmp_path: Path) -> None:
    with connection(tmp_path) as ours:
        ours.SimpleQueue("aops").put("你好 🚀")

    with connection(tmp_path) as ours:
        queue = ours.SimpleQueue("aops")
        assert queue.qsize() == 1
        assert queue.get(timeout=5).payload == "你好 🚀"


def test_a_half_written_message_is_not_seen(tmp_path: Path) -> None:
    with connection(tmp_path) as ours:
        queue = ours.SimpleQueue("aops")
        (tmp_path / "broker" / ".00000000000000000001-x.aops").write_text('{"half')

        assert queue.qsize() == 0
        with pytest.raises(Empty):
            queue.get(block=False)


def test_purging_empties_one_queue(tmp_path: Path) -> None:
    with connection(tmp_path) as ours:
        one, other = ours.SimpleQueue("one"), ours.SimpleQueue("other")
        one.put(1)
        other.put(2)

        one.clear()

        assert (one.qsize(), other.qsize()) == (0, 1)


def test_what_is_told_to_whoever_may_listen_leaves_no_file(tmp_path: Path) -> None:
    url, options = broker.embedded_options(tmp_path)
    celery = Celery(broker=url, set_as_current=False)
    celery.conf.broker_transport_options = options

    with celery.connection_for_write() as ours, celery.events.Dispatcher(ours) as dispatcher:
        dispatcher.send("worker-heartbeat", freq=2)
        celery.control.broadcast("ping", connection=ours)

    assert list((tmp_path / "broker").iterdir()) == []


def test_a_start_sweeps_up_what_nobody_takes_any_more(tmp_path: Path) -> None:
    with connection(tmp_path) as ours:
        ours.SimpleQueue("aops").put("new")
    old = tmp_path / "broker" / "1-x.worker.heartbeat.msg"
    old.touch()
    os.utime(old, (0, time.time() - 2 * 3600))

    with connection(tmp_path) as ours:
        left = ours.SimpleQueue("aops").get(timeout=5).payload

    assert left == "new"
    assert not old.exists()


def test_the_folder_is_for_this_user_alone(tmp_path: Path) -> None:
    broker.embedded_options(tmp_path)

    assert (tmp_path / "broker").stat().st_mode & 0o077 == 0


def connection(home: Path) -> Connection:
    url, options = broker.embedded_options(home)
    return Connection(url, transport_options=options)


def produce(home: Path, number: int) -> None:
    """Send messages that name their sender."""
    with connection(home) as ours:
        queue = ours.SimpleQueue("aops")
        for n in range(EACH):
            queue.put(f"{number}-{n}")


def consume(home: Path, number: int) -> None:
    """Take messages and note each, until all are sent and none is left."""
    with connection(home) as ours, (home / f"taken-{number}").open("w") as notes:
        queue = ours.SimpleQueue("aops")
        while True:
            all_sent = (home / "all-sent").exists()  # asked first: what follows is then the rest
            try:
                message = queue.get(block=False)
            except Empty:
                if all_sent:
                    return
                time.sleep(0.01)
                continue
            notes.write(f"{message.payload}\n")
            message.ack()
