"""Looks for reservations whose time is over: asks for their end by a record, and forgets those that ended long ago.

As the other sweep (`stock_sweep`): the ledger changes by records only.  A request to expire names the revision that it
means, so a reservation that was confirmed meanwhile, or was ended by an earlier request, is left alone.
"""

from datetime import timedelta
from itertools import takewhile

import msgspec
from aiokafka.errors import KafkaError

from schemas.models.stock_reservation import Reservation, ReservationRequest
from streams.domain.derived_id import derived_id
from streams.domain.reservation import OPEN, Kept, due_at
from streams.flows import stock_keys
from streams.flows.stock_messages import Encode
from streams.runtime import outbox
from streams.runtime.clock import Clock
from streams.runtime.lease import LeaseLostError
from streams.runtime.logs import logger
from streams.runtime.outbox import Message
from streams.runtime.table import BulkTable, Group, Write
from streams.runtime.versioned import unpack
from streams.runtime.writer import Writer
from streams.topics import RESERVATION, RESERVATION_REQUEST

NO_TIME = timedelta(0)
AT_ONCE = 500
_LOG = logger("streams.reservation-sweep")


class ReservationSweep:
    """Of the ledger partitions that this worker owns."""

    def __init__(self, table: BulkTable, writer: Writer, *, encode: Encode, every: timedelta, clock: Clock) -> None:
        self._table, self._writer, self._encode = table, writer, encode
        self._every, self._clock = every, clock
        self._asked: dict[int, set[tuple[str, int]]] = {}
        """(reservation, revision) whose end was asked for, by partition, until the ledger has read it."""

    async def run(self, generation: int) -> None:
        """Until cancelled."""
        while True:
            await self._clock.sleep(self._every)
            for partition in sorted(self._table.owned):
                try:
                    await self.sweep(partition, generation)
                except (LeaseLostError, KafkaError) as error:
                    _LOG.warning("sweep-put-off", partition=partition, why=f"{type(error).__name__}"[:200])

    async def sweep(self, partition: int, generation: int) -> None:
        """One partition.  Safe to repeat: of several requests to expire one counts."""
        now = self._clock.micros()
        over = self._over(partition, now)
        ending = [told for told in over if told.state in OPEN]
        await self._expire(partition, ending, now, generation)
        await self._forget(partition, [told for told in over if told.state not in OPEN], now, generation)

    def _over(self, partition: int, now: int) -> list[Reservation]:
        """Those whose time is over, at most AT_ONCE."""
        store = self._table.store(partition)
        due = (stock_keys.due_of(key) for key, _ in store.scan(stock_keys.DUE))
        keys = [key for (_at, key), _ in zip(takewhile(lambda one: one[0] <= now, due), range(AT_ONCE), strict=False)]
        return [_kept(value).told for value in store.get_many(keys) if value is not None]

    async def _expire(self, partition: int, ending: list[Reservation], now: int, generation: int) -> None:
        """Each is asked for once, and once more by whoever owns the partition next."""
        asked = self._asked.get(partition, set())
        new = [told for told in ending if (told.reservation_id, told.revision) not in asked]
        await outbox.send(self._writer, [self._request(told, now) for told in new], generation=generation)
        self._asked[partition] = {(told.reservation_id, told.revision) for told in ending}

    def _request(self, told: Reservation, now: int) -> Message:
        request = ReservationRequest(
            request_id=derived_id("expire", told.reservation_id, told.revision),
            reservation_id=told.reservation_id,
            sku=told.sku,
            action="EXPIRE",
            client=told.client,
            revision=told.revision,
            at=now,
        )
        value = self._encode(RESERVATION_REQUEST.name, request)
        return Message(RESERVATION_REQUEST.name, told.sku.encode(), value)

    async def _forget(self, partition: int, ended: list[Reservation], now: int, generation: int) -> None:
        """The topic first: what is only half forgotten is forgotten once more."""
        if not ended:
            return
        gone = [Message(RESERVATION.name, told.reservation_id.encode(), None) for told in ended]
        await outbox.send(self._writer, gone, generation=generation)
        async with self._table.lock(partition):
            keys = [stock_keys.reservation(told.sku, told.reservation_id) for told in ended]
            version = self._table.tally(partition).next_version
            writes = []
            for key, value in zip(keys, self._table.store(partition).get_many(keys), strict=True):
                told = None if value is None else _kept(value).told
                if told is not None and told.state not in OPEN and 0 < due_at(told) <= now:
                    writes += [Write(key, None, version), Write(stock_keys.due(due_at(told), key), None, version)]
            await self._table.commit(partition, [Group(writes, {})], generation=generation)


def _kept(value: bytes) -> Kept:
    return msgspec.msgpack.decode(unpack(value)[1], type=Kept)
