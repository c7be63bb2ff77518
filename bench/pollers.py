"""Many browsers that each watch a job: a process of its own, so that it measures itself least.

Reads one ``Order`` as JSON from standard input and writes one ``Answers`` as JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field

_PATIENCE = 30.0


@dataclass
class Order:
    """Whom to ask, and for how long.

    Attributes:
        jobs: Their ids; one poller for each, an id may come again.
        seconds: How long each of them polls, once a second.
    """

    host: str
    port: int
    cookies: str
    jobs: list[int]
    seconds: float


@dataclass
class Answers:
    """What all pollers saw.

    Attributes:
        seconds: How long each poll took.
        fresh: How many brought something new.
        errors: What else came.
    """

    seconds: list[float] = field(default_factory=list)
    fresh: int = 0
    errors: list[str] = field(default_factory=list)


def poll(order: Order) -> subprocess.Popen[str]:
    """Start the pollers; ``read`` waits for them."""
    pollers = subprocess.Popen(
        [sys.executable, "-m", __spec__.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert pollers.stdin is not None  # noqa: S101 - a pipe was asked for
    pollers.stdin.write(json.dumps(asdict(order)))
    pollers.stdin.close()
    pollers.stdin = None
    return pollers


def read(pollers: subprocess.Popen[str]) -> Answers:
    """Wait for the pollers' end and give what they saw."""
    text, _ = pollers.communicate()
    return Answers(**json.loads(text))


async def _all(order: Order) -> Answers:
    answers = Answers()
    end = time.monotonic() + order.seconds
    await asyncio.gather(*(_one(order, job_id, end, answers) for job_id in order.jobs))
    return answers


async def _one(order: Order, job_id: int, end: float, answers: Answers) -> None:
    await asyncio.sleep(random.random())  # people do not open pages in step
    cursor = "0"
    connection = None
    while (start := time.monotonic()) < end:
        try:
            connection = connection or await asyncio.open_connection(order.host, order.port)
            async with asyncio.timeout(_PATIENCE):
                code, headers = await _get(*connection, order, f"/jobs/{job_id}/log?after={cursor}")
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            answers.errors.append(f"{type(error).__name__}: {error}")
            connection = None
        else:
            answers.seconds.append(time.monotonic() - start)
            answers.fresh += code == 200
            if code not in {200, 304}:
                answers.errors.append(str(code))
            cursor = headers.get("x-aops-cursor", cursor)
            if headers.get("connection") == "close":
                connection[1].close()
                connection = None
        await asyncio.sleep(max(start + 1 - time.monotonic(), 0))
    if connection:
        connection[1].close()


async def _get(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, order: Order, path: str
) -> tuple[int, dict[str, str]]:
    request = f"GET {path} HTTP/1.1\r\nHost: {order.host}\r\nCookie: {order.cookies}\r\n\r\n"
    writer.write(request.encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    await reader.readexactly(int(headers.get("content-length", 0)))
    return int(head[0].split()[1]), headers


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(_all(Order(**json.load(sys.stdin)))))))
