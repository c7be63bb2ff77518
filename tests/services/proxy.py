"""A TCP proxy to put before a database or a broker, and to break the network with."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from enum import StrEnum
from typing import Self, TypeVar

T = TypeVar("T")

_CHUNK = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Mode(StrEnum):
    """What happens to what comes in."""

    PASS = "pass"
    """It goes on at once."""

    DELAY = "delay"
    """Every piece of it goes on a while later."""

    BLACKHOLE = "blackhole"
    """It waits, as if a firewall had begun to drop packets; nobody is told."""

    RESET = "reset"
    """Its connection is torn down, and so is every new one."""


class TcpProxy:
    """Passes connections on to a server on 127.0.0.1, for as long as it is told to.

    Attributes:
        port: Where to connect to instead of the server, on 127.0.0.1.
        mode: What it does now.
        accepted: How many connections have come in so far.
    """

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.mode = Mode.PASS
        self.accepted = 0
        self._target_port = target_port
        self._delay = 0.0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._shut_down())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def set_mode(self, mode: Mode, *, delay: float = 0.0) -> None:
        """Change what happens from now on, to open connections too.

        Args:
            mode: With RESET, open connections are gone when this returns.
            delay: Seconds that each piece waits in mode DELAY.
        """
        self._call(self._change(mode, delay))

    def _call(self, work: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _change(self, mode: Mode, delay: float) -> None:
        self.mode, self._delay = mode, delay
        if mode is Mode.BLACKHOLE:
            self._flowing.clear()
        else:
            self._flowing.set()
        if mode is Mode.RESET:
            self._reset(self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self._open.add(writer)
        try:
            await self._flowing.wait()
            if self.mode is Mode.RESET:
                self._reset({writer})
                return
            await self._join(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            self._reset({writer})
            return
        self._open.add(far_writer)
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._open.discard(far_writer)
            far_writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_CHUNK):
                if self.mode is Mode.DELAY:
                    await asyncio.sleep(self._delay)
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
            await self._flowing.wait()
            writer.write_eof()
        except OSError:
            self._reset({writer})

    def _reset(self, writers: set[asyncio.StreamWriter]) -> None:
        for writer in writers:
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            writer.transport.abort()

    async def _shut_down(self) -> None:
        self._server.close()
        self._reset(self._open)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
