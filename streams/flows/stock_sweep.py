"""Looks for what time alone makes wrong: a source that nobody counts, a shipment that nobody posts.

The ledger changes by records only, so that a replay gives the same table: the sweep writes the record that lifts an
expired hold, and the flow reads it like any other.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

import msgspec
from aiokafka.errors import KafkaError

from streams.domain import stock_entry, stock_overdue
from streams.domain.stock_hold import OpenHold, lifted
from streams.domain.version import Version
from streams.flows import stock_keys
from streams.flows.stock_messages import Encode, StockMessages
from streams.runtime import outbox
from streams.runtime.clock import Clock
from streams.runtime.lease import LeaseLostError
from streams.runtime.logs import logger
from streams.runtime.outbox import Message
from streams.runtime.table import BulkTable, Group, Write
from streams.runtime.versioned import unpack
from streams.runtime.writer import Writer
from streams.topics import HOLD

AT_ONCE = 200
NO_TIME = timedelta(0)
_LOG = logger("streams.stock-sweep")


class Limits(NamedTuple):
    """How long each thing may last, and how often that is looked at."""

    hold: timedelta
    base: timedelta
    every: timedelta


class StockSweep:
    """Of the ledger partitions that this worker owns."""

    def __init__(self, table: BulkTable, writer: Writer, *, encode: Encode, limits: Limits, clock: Clock) -> None:
        self._table, self._writer, self._encode = table, writer, encode
        self._limits, self._clock = limits, clock
        self._messages = StockMessages(encode)
        self._told: set[tuple[str, str]] = set()
        """(SKU, source) without a base that were told since this process began."""

    async def run(self, generation: int) -> None:
        """Until cancelled."""
        while True:
            await self._clock.sleep(self._limits.every)
            for partition in sorted(self._table.owned):
                try:
                    await self.sweep(partition, generation)
                except (LeaseLostError, KafkaError) as error:
                    _LOG.warning("sweep-put-off", partition=partition, why=f"{type(error).__name__}"[:200])

    async def sweep(self, partition: int, generation: int) -> None:
        """One partition.  Safe to repeat: alerts carry derived ids, and a lifted hold is lifted once."""
        await self._holds(partition, generation)
        await self._bases(partition, generation)

    async def _bases(self, partition: int, generation: int) -> None:
        now, limit = self._clock.micros(), _micros(self._limits.base)
        for some in _parts(self._table.store(partition).scan(stock_keys.ENTRY)):
            messages: list[Message] = []
            told: set[tuple[str, str]] = set()
            for key, value in some:
                version, payload = unpack(value)
                sku = key[len(stock_keys.ENTRY) :].decode()
                for state in stock_overdue.without_base(stock_entry.decode(payload), now, limit):
                    if (sku, state.code) not in self._told:
                        told.add((sku, state.code))
                        messages += self._messages.without_base(sku, state, version, now)
            await outbox.send(self._writer, messages, generation=generation)
            self._told |= told
            await self._clock.sleep(NO_TIME)

    async def _holds(self, partition: int, generation: int) -> None:
        now, limit = self._clock.micros(), _micros(self._limits.hold)
        forgotten: list[bytes] = []
        for some in _parts(self._table.store(partition).scan(stock_keys.HOLD)):
            messages: list[Message] = []
            for key, value in some:
                version, hold = _hold(value)
                if stock_overdue.is_expired(hold, now, limit):
                    messages += self._lift(stock_keys.sku_of_hold(key), hold, version, now)
                elif stock_overdue.is_forgotten(hold, now):
                    forgotten.append(key)
            await outbox.send(self._writer, messages, generation=generation)
            await self._clock.sleep(NO_TIME)
        if forgotten:
            await self._forget(partition, forgotten, now, generation)

    def _lift(self, sku: str, hold: OpenHold, version: Version, now: int) -> list[Message]:
        """The alert first: once the record is in the log, the next sweep no longer finds the hold."""
        _LOG.warning("hold-expired", sku=sku, source=hold.source_code, order=hold.order_id, hold=hold.hold_id)
        record = self._encode(HOLD.name, lifted(hold, sku, now))
        return [self._messages.expired(sku, hold, version, now), Message(HOLD.name, sku.encode(), record)]

    async def _forget(self, partition: int, keys: list[bytes], now: int, generation: int) -> None:
        async with self._table.lock(partition):
            found = zip(keys, self._table.store(partition).get_many(keys), strict=True)
            still = [key for key, value in found if value and stock_overdue.is_forgotten(_hold(value)[1], now)]
            version = self._table.tally(partition).next_version
            await self._table.commit(
                partition, [Group([Write(key, None, version) for key in still], {})], generation=generation
            )


def _hold(value: bytes) -> tuple[Version, OpenHold]:
    version, payload = unpack(value)
    return version, msgspec.msgpack.decode(payload, type=OpenHold)


def _parts(scan: Iterator[tuple[bytes, bytes]]) -> Iterator[list[tuple[bytes, bytes]]]:
    """In parts, so that other work gets its turn in between."""
    while some := list(islice(scan, AT_ONCE)):
        yield some


def _micros(time: timedelta) -> int:
    return int(time / timedelta(microseconds=1))
