"""The stock lane's memory: rows per SKU, the calls under way, and what is to be told of them."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from schemas.models.source_item import StockPair
from streams.domain import lane_rows
from streams.domain.lane_rows import Count, Row, SkuRows
from streams.domain.version import Version
from streams.runtime.outbox import PREFIX, Message, stored
from streams.runtime.table import BulkTable, Group, Write
from streams.runtime.versioned import pack, payload_of, unpack

PARTITION = 0
ENTRY, INTENT = b"e", b"i"


class Intent(msgspec.Struct, frozen=True, array_like=True):
    """A call that may be under way: acknowledged before the call leaves, deleted with its outcome."""

    call_id: bytes
    started_at: int
    rows: tuple[tuple[str, Row], ...]
    """(SKU, the row as it was written)."""

    @property
    def pairs(self) -> tuple[StockPair, ...]:
        return tuple(StockPair(row.source_code, sku) for sku, row in self.rows)


class Told(NamedTuple):
    """Messages that go out with a change, and the name their outbox is kept under."""

    name: bytes
    messages: Sequence[Message]


NOTHING_TOLD = Told(b"", ())


class LaneTable:
    """Reads and writes of the table `stock-write`; the caller holds the lock across read and write."""

    def __init__(self, table: BulkTable) -> None:
        self.table = table

    @property
    def lock(self) -> asyncio.Lock:
        return self.table.lock(PARTITION)

    def entries(self, skus: Iterable[str]) -> dict[str, SkuRows]:
        """Of every SKU asked for; an empty entry where there is none."""
        names = list(dict.fromkeys(skus))
        found = self.table.store(PARTITION).get_many([_key(sku) for sku in names])
        return {sku: SkuRows() if value is None else _entry(value) for sku, value in zip(names, found, strict=True)}

    def every_entry(self, after: str = "") -> Iterator[tuple[str, SkuRows]]:
        """The table behind a SKU, in order of SKU; the whole of it for the index after an assignment."""
        start = _key(after) + b"\0" if after else None
        for key, value in self.table.store(PARTITION).scan(ENTRY, start):
            yield key[1:].decode(), _entry(value)

    def open_intents(self) -> list[Intent]:
        scan = self.table.store(PARTITION).scan(INTENT)
        return [msgspec.msgpack.decode(unpack(value)[1], type=Intent) for _key, value in scan]

    async def begin(self, intent: Intent, *, generation: int) -> None:
        """The intent is acknowledged when this returns: the call may leave."""
        version = self.version
        value = pack(version, msgspec.msgpack.encode(intent))
        await self._commit([Write(INTENT + intent.call_id, value, version)], (), generation)

    async def keep(
        self,
        entries: Mapping[str, SkuRows],
        counts: Iterable[Count],
        *,
        ended: Iterable[Intent] = (),
        told: Told = NOTHING_TOLD,
        sent: Iterable[bytes] = (),
        generation: int,
        upto: Mapping[str, int] | None = None,
    ) -> None:
        """Rows, counts, ended intents and what is told of them, in one atomic group; `sent` outboxes are deleted."""
        version = self.version
        writes = [Write(_key(sku), pack(version, lane_rows.encode(rows)), version) for sku, rows in entries.items()]
        writes += [Write(INTENT + intent.call_id, None, version) for intent in ended]
        writes += [Write(PREFIX + name, None, version) for name in sent]
        if told.messages:
            writes.append(stored(told.name, version, told.messages))
        await self._commit(writes, counts, generation, upto)

    async def _commit(
        self,
        writes: Sequence[Write],
        counts: Iterable[Count],
        generation: int,
        upto: Mapping[str, int] | None = None,
    ) -> None:
        increments: dict[str, int] = {}
        for count in counts:
            name = f"{count.topic}/{count.outcome}"
            increments[name] = increments.get(name, 0) + count.records
        await self.table.commit(PARTITION, [Group(writes, increments)], generation=generation, upto=upto)

    @property
    def version(self) -> Version:
        """Of the next write."""
        return self.table.tally(PARTITION).next_version


def _key(sku: str) -> bytes:
    return ENTRY + sku.encode()


def _entry(value: bytes) -> SkuRows:
    return lane_rows.decode(payload_of(value))
