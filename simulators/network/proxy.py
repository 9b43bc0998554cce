"""A TCP proxy on loopback whose connections can be slowed, cut, reset and mended while they are in use.

It runs in a thread of its own; every public method may be called from any thread.
"""

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections import Counter
from concurrent.futures import Future
from random import Random
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from simulators.network.conditions import Conditions
from simulators.network.link import Link, reset
from simulators.network.toxics import Kind, Toxic

HOST = "127.0.0.1"
ANSWER_S = 10.0


class Proxy:
    """Forwards what comes to `port` (0: a free one) to `to`; `with` starts and stops it."""

    def __init__(self, to: tuple[str, int], *, port: int = 0, seed: int = 0) -> None:
        self._to, self.port = to, port
        self._now = Conditions(Random(seed))
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True, name="network-proxy")

    @classmethod
    def before(cls, url: str) -> "Proxy":
        """In front of the server of an address."""
        parts = urlsplit(url)
        return cls((str(parts.hostname), int(parts.port or 80)))

    def through(self, url: str) -> str:
        """The same address by way of this proxy."""
        return urlsplit(url)._replace(netloc=f"{HOST}:{self.port}").geturl()

    @property
    def bites(self) -> Counter[str]:
        """By kind: pieces of data and connections that a toxic touched, over the life of the proxy."""
        return Counter(self._now.bites)

    def start(self) -> Self:
        """Listens when it returns.  Raises OSError where the port is taken."""
        self._thread.start()
        self.port = self._ready.result(ANSWER_S)
        return self

    def stop(self) -> None:
        """Ends every connection; a second time it does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(ANSWER_S)

    def strike(self, *toxics: Toxic) -> None:
        """These, and no others, from now on."""
        done: Future[None] = Future()
        self._loop.call_soon_threadsafe(self._change, toxics, done)
        done.result(ANSWER_S)

    def heal(self) -> None:
        self.strike()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    # ── in the thread ────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await asyncio.start_server(self._serve, HOST, self.port)
        except OSError as error:
            self._ready.set_exception(error)
            return
        self._ready.set_result(server.sockets[0].getsockname()[1])
        await self._stopping.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _change(self, toxics: tuple[Toxic, ...], done: "Future[None]") -> None:
        self._now.change(toxics)
        done.set_result(None)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._now.holds(Kind.DOWN):
            self._now.bit(Kind.DOWN)
            reset(writer)
            return
        try:
            server = await asyncio.open_connection(*self._to)
        except OSError:  # nobody there: so it looks from here, too
            reset(writer)
            return
        await Link((reader, writer), server, self._now).carry()
