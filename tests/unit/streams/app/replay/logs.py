"""Logs in memory, as a range is read from them."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from streams.app.replay.what_if import Comparison, WhatIf
from streams.domain.differences import Example
from streams.runtime.clock import SystemClock
from streams.runtime.lookback import Place
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Partition, Span
from streams.runtime.operating.ranges import Asked, Range, range_of
from streams.runtime.serde import Serde
from streams.settings import InventorySettings
from streams.topics import HOLD, REBASE, STOCK_CHANGE
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.wire import MemoryRegistry, change_bytes

T0_MS = T0 // 1000


class MemoryLogs:
    """Brokers and reader at once; every topic has the same partitions.  `cut` is where the logs begin."""

    def __init__(self, partitions: int = 1, cut: int = 0) -> None:
        self.cut = cut
        self.logs: dict[Partition, list[LogRecord]] = {
            Partition(topic.name, number): [] for topic in (STOCK_CHANGE, HOLD, REBASE) for number in range(partitions)
        }

    def append(
        self, key: bytes, value: bytes | None, *, topic: str = STOCK_CHANGE.name, partition: int = 0, ms: int = 0
    ) -> Place:
        log = self.logs[Partition(topic, partition)]
        place = Place(topic, partition, self.cut + len(log))
        log.append(LogRecord(*place, T0_MS + ms, key, value, ()))
        return place

    def change(self, sku: str, *, ms: int = 0, partition: int = 0, **fields: object) -> Place:
        """A stock change of the SKU, numbered by its place."""
        number = len(self.logs[Partition(STOCK_CHANGE.name, partition)]) + 1
        given = {"event_id": f"e{partition}-{number}", "source_sequence": number, "effective_at": T0 + ms * 1000}
        value = change_bytes(sku=sku, **{**given, **fields})
        return self.append(sku.encode(), value, partition=partition, ms=ms)

    # ── as brokers and reader ────────────────────────────────────────────────────────────────────

    def partitions(self, topic: str) -> list[Partition]:
        return sorted(part for part in self.logs if part.topic == topic)

    def spans(self, partitions: Sequence[Partition]) -> dict[Partition, Span]:
        return {part: Span(self.cut, self.cut + len(self.logs[part])) for part in partitions}

    def at(self, partitions: Sequence[Partition], moment: int) -> dict[Partition, int | None]:
        return {part: next((one.offset for one in self.logs[part] if one.at >= moment), None) for part in partitions}

    def one(self, place: Place) -> LogRecord | None:
        found = [one for one in self.logs[Partition(place.topic, place.partition)] if one.offset == place.offset]
        return found[0] if found else None

    def read(self, spans: Mapping[Partition, Span]) -> Iterator[LogRecord]:
        for part, span in spans.items():
            yield from (one for one in self.logs[part] if span.first <= one.offset < span.end)

    # ── a what-if over them ──────────────────────────────────────────────────────────────────────

    def range(self, start: str = "earliest", end: str | None = None, partition: int | None = None) -> Range:
        return range_of(Asked(STOCK_CHANGE.name, start, end, partition, T0), self, self)

    def what_if(
        self,
        folder: Path,
        before: InventorySettings,
        after: InventorySettings,
        wanted: Range | None = None,
        examples: int = 1000,
    ) -> WhatIf:
        found = wanted or self.range()
        others = self.spans([*self.partitions(HOLD.name), *self.partitions(REBASE.name)])
        comparison = Comparison(folder, before, after, Serde(MemoryRegistry(), SystemClock()))
        try:
            asyncio.run(comparison.run(found, others, self.read, lambda _done, _total: None))
            return comparison.result(examples)
        finally:
            comparison.close()


def kinds(found: WhatIf) -> dict[tuple[str, str], int]:
    return {(group.kind, group.about): group.number for group in found.groups}


def examples(found: WhatIf, kind: str) -> Iterable[Example]:
    return [one for group in found.groups if group.kind == kind for one in group.examples]
