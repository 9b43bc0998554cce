"""A source of products with its poller, the topic it writes, and what becomes of both when something fails."""

import asyncio
from collections import deque
from collections.abc import Mapping

import msgspec

from schemas.models.reference import Product
from streams.runtime.gate import Gate
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.posting import Outgoing
from streams.sources.known_rows import KnownRows, Take, TopicUnreadableError
from streams.sources.poller import Round, Rounds
from streams.sources.reference import KINDS, PRODUCTS, Bounds, ReferencePoller
from streams.sources.target_calls import TargetCalls
from tests.fakes.append_log import AppendLog, KeptCursors, as_json
from tests.fakes.reference_source import InMemoryRows
from tests.fakes.still_clock import StillClock

SECOND = 1_000_000
DAY_S = 86_400
SOURCE = f"/poll/{PRODUCTS}"


def product(sku: str, at: int = 1, **changes: object) -> Product:
    return Product(**{"sku": sku, "source_system": "erp", "changed_at": at, **changes})  # type: ignore[arg-type]  # any field


class World:
    """One process at a time; `restart` is a kill between two calls."""

    def __init__(self, most: int = 2, share: float = 0.1) -> None:
        self.clock = StillClock(runs_freely=True)
        self.source: InMemoryRows[Product] = InMemoryRows(key=lambda row: row.sku, most=most)
        self.log, self.cursors = AppendLog(), KeptCursors()
        self.share = share
        self.reads: deque[TopicUnreadableError | None] = deque()
        self.restart()

    def restart(self) -> None:
        rows = KnownRows("erp.product.v1", SOURCE, self._read)
        poller: ReferencePoller[Product] = ReferencePoller(
            KINDS[PRODUCTS],
            self.source.products,
            TargetCalls(Gate("erp", self.clock), self.clock),
            as_json,
            self.clock,
            rows=rows,
            bounds=Bounds(DAY_S * SECOND, self.share),
        )
        kept = self.cursors.kept.get(PRODUCTS)
        self.rounds = Rounds(poller, self.log, self.cursors, self.clock, cursor=kept, watch=rows)

    async def _read(self, _topic: str, take: Take) -> None:
        failure = self.reads.popleft() if self.reads else None
        if failure is not None:
            raise failure
        for offset, one in enumerate(self.log.appended):
            take(LogRecord(one.topic, 0, offset, 0, one.key, one.value, one.headers))

    def round(self) -> Round:
        return asyncio.run(self.rounds.round())

    def a_day_later(self) -> None:
        self.clock.after(DAY_S)

    def write(self, sku: str, value: bytes | None, source: str = "/bridge") -> None:
        """By another bridge, which writes the same headers."""
        headers = (("ce_source", source.encode()), ("content-digest", b"00"))
        self.log.appended.append(Outgoing("erp.product.v1", sku.encode(), value, headers))

    @property
    def told(self) -> list[str]:
        """Keys in the order in which they were appended; `-` before one that was taken away."""
        return [("" if one.value is not None else "-") + (one.key or b"").decode() for one in self.log.appended]

    @property
    def table(self) -> Mapping[str, Product]:
        """As a worker reads the topic."""
        newest = {one.key: one.value for one in self.log.appended}
        return {
            (key or b"").decode(): msgspec.json.decode(value, type=Product)
            for key, value in newest.items()
            if value is not None
        }
