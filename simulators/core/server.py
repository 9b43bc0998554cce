"""Life of a simulator: one aiohttp server on a loopback port, started and stopped in process or as a process."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from simulators.core.clock import Clock, SystemClock
from simulators.core.control import ControlDesk
from simulators.core.delivery import Delivery
from simulators.core.exchange import Vendor
from simulators.core.faults import FaultBook
from simulators.core.journal import Entry, Journal
from simulators.core.life import Living

LARGEST_BODY = 64 * 1024 * 1024
BEAT_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How any simulator is run.  Port 0 takes a free one; `idle_s` closes a connection that waits that long."""

    host: str = "127.0.0.1"
    port: int = 0
    journal: Path | None = None
    seed: int = 0
    idle_s: float = 75.0


class Simulator:
    """`async with Simulator(vendor) as simulator: simulator.url`."""

    def __init__(self, vendor: Vendor, options: ServerOptions | None = None, *, clock: Clock | None = None) -> None:
        self._options = options or ServerOptions()
        self._clock = clock or SystemClock()
        self._vendor = vendor
        self.journal = Journal(self._options.journal)
        self.faults = FaultBook(seed=self._options.seed, vendor_options=vendor.fault_options)
        self._delivery: Delivery | None = None
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._living: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Base address without a trailing slash; known once started."""
        return f"http://{self._options.host}:{self._port}"

    async def start(self) -> None:
        """Listen.  Raises OSError where the port is taken."""
        self._delivery = Delivery(self._vendor, self.journal, self.faults, self._clock)
        app = web.Application(client_max_size=LARGEST_BODY)
        ControlDesk(self._vendor, self.journal, self.faults, self._delivery, self._clock).add_routes(app)
        app.router.add_route("*", "/{path:.*}", self._delivery.handle)
        self._runner = web.AppRunner(
            app, access_log=None, keepalive_timeout=self._options.idle_s, shutdown_timeout=1.0, handle_signals=False
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._options.host, self._options.port)
        try:
            await site.start()
        except OSError:
            await self.stop()
            raise
        self._port = self._runner.addresses[0][1]
        if isinstance(self._vendor, Living):
            self._living = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """End waits, finish requests in flight (1 s at most), close the port and the journal's file."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)
            self._living = None
        if self._delivery is not None:
            await self._delivery.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self.journal.close()

    def beat(self) -> int:
        """Let everything happen that is due by now, and write it down; how many steps that were."""
        if not isinstance(self._vendor, Living):
            return 0
        happened = self._vendor.live(self._clock.now())
        for one in happened:
            detail = {"of": one.key, "what": one.what, **one.detail}
            entry = Entry(kind="life", at=one.at, method="", path="", effect=one.effect, detail=detail)
            self.journal.append(entry)
        return len(happened)

    async def _go_on(self) -> None:
        while True:
            await self._clock.sleep(BEAT_S)
            self.beat()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


async def serve_until_signal(simulator: Simulator, announce: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT, then stop cleanly.  `announce` is called when requests are taken."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with simulator:
        announce()
        await stop.wait()
