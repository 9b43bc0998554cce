"""One connection through the proxy: two directions, and what the toxics do to each piece of data."""

import asyncio
import contextlib
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from socket import SO_LINGER, SOL_SOCKET
from typing import NamedTuple

from simulators.network.conditions import Conditions
from simulators.network.toxics import Kind, Way

PIECE_BYTES = 16_384
QUEUED = 64
"""Pieces on their way in one direction; more wait at the sender, as in a real socket."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes the end of a connection a reset."""


class Piece(NamedTuple):
    """Data, and the loop's time at which they came."""

    at: float
    data: bytes


class Link:
    """`carry` returns when the connection is over."""

    def __init__(
        self, client: tuple[StreamReader, StreamWriter], server: tuple[StreamReader, StreamWriter], now: Conditions
    ) -> None:
        self._client, self._server, self._now = client, server, now
        self._passed = {Way.UP: 0, Way.DOWN: 0}
        self._torn = False
        """Bytes were thrown away: what came after them would mean nothing."""

    async def carry(self) -> None:
        up = self._pump(Way.UP, self._client[0], self._server[1])
        down = self._pump(Way.DOWN, self._server[0], self._client[1])
        tasks = [asyncio.ensure_future(work) for work in (up, down, self._watch())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for _, writer in (self._client, self._server):
                writer.close()

    def reset(self) -> None:
        for _, writer in (self._client, self._server):
            reset(writer)

    # ── one direction ────────────────────────────────────────────────────────────────────────────

    async def _pump(self, way: Way, reader: StreamReader, writer: StreamWriter) -> None:
        queue: asyncio.Queue[Piece | None] = asyncio.Queue(QUEUED)
        reading = asyncio.ensure_future(_read(reader, queue))
        try:
            with contextlib.suppress(OSError):
                while (piece := await queue.get()) is not None:
                    if not await self._deliver(way, piece, writer):
                        return
                await self._end_slowly(way)
        finally:
            reading.cancel()

    async def _deliver(self, way: Way, piece: Piece, writer: StreamWriter) -> bool:
        """False where the connection ends with this piece."""
        await self._late(way, piece.at)
        await self._held(way)
        if self._is_lost(way):
            return True
        data, goes_on = self._limited(way, piece.data)
        for part in self._sliced(way, data):
            await self._paced(way, len(part))
            writer.write(part)
            await writer.drain()
            self._passed[way] += len(part)
            await self._between(way)
        return goes_on

    async def _held(self, way: Way) -> None:
        if self._now.of(Kind.HOLD, way):
            self._now.bit(Kind.HOLD)
        while self._now.of(Kind.HOLD, way):
            await self._now.changed.wait()

    def _is_lost(self, way: Way) -> bool:
        toxic = self._now.of(Kind.DROP, way) or self._now.of(Kind.TIMEOUT, way)
        if toxic:
            self._torn = True
            self._now.bit(toxic.kind)
        return toxic is not None

    async def _late(self, way: Way, at: float) -> None:
        if toxic := self._now.of(Kind.LATENCY, way):
            self._now.bit(Kind.LATENCY)
            await self._now.wait(at + self._now.delay(toxic) - asyncio.get_running_loop().time())

    def _limited(self, way: Way, data: bytes) -> tuple[bytes, bool]:
        toxic = self._now.of(Kind.LIMIT_DATA, way)
        if toxic is None or self._passed[way] + len(data) < toxic.size:
            return data, True
        self._now.bit(Kind.LIMIT_DATA)
        return data[: max(0, toxic.size - self._passed[way])], False

    def _sliced(self, way: Way, data: bytes) -> Iterator[bytes]:
        toxic = self._now.of(Kind.SLICER, way)
        size = toxic.size if toxic else len(data)
        for start in range(0, len(data), max(1, size)):
            if toxic:
                self._now.bit(Kind.SLICER)
            yield data[start : start + size]

    async def _paced(self, way: Way, size: int) -> None:
        if toxic := self._now.of(Kind.BANDWIDTH, way):
            self._now.bit(Kind.BANDWIDTH)
            await self._now.wait(size / toxic.rate)

    async def _between(self, way: Way) -> None:
        if toxic := self._now.of(Kind.SLICER, way):
            await self._now.wait(toxic.delay_s)

    async def _end_slowly(self, way: Way) -> None:
        if toxic := self._now.of(Kind.SLOW_CLOSE, way):
            self._now.bit(Kind.SLOW_CLOSE)
            await self._now.wait(toxic.delay_s)

    # ── its end ──────────────────────────────────────────────────────────────────────────────────

    async def _watch(self) -> None:
        """Returns when a toxic has ended the connection."""
        while True:
            toxic = self._now.ending()
            if toxic is None:
                await self._now.changed.wait()
            elif not await self._now.wait(toxic.delay_s):
                self._now.bit(toxic.kind)
                if toxic.kind is not Kind.TIMEOUT:
                    self.reset()
                return
            if self._torn and not (self._now.holds(Kind.DROP) or self._now.holds(Kind.TIMEOUT)):
                self.reset()
                return


def reset(writer: StreamWriter) -> None:
    """Ends it as a machine that knows nothing of the connection."""
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(SOL_SOCKET, SO_LINGER, RESET)
    writer.transport.abort()


async def _read(reader: StreamReader, queue: "asyncio.Queue[Piece | None]") -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while data := await reader.read(PIECE_BYTES):
            await queue.put(Piece(loop.time(), data))
    await queue.put(None)
