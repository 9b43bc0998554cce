"""What this worker holds of orders: one of them, those that wait, and those that carry a number."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from schemas.catalogue import SHIPMENT
from schemas.models.command import Command
from streams.app import order_view
from streams.app.measured import BREAKER_STATES
from streams.app.order_queues import LOOK_S, OrderQueues
from streams.app.order_tables import ENTRY, OrderTables
from streams.domain import order_state, work
from streams.domain.breaker import BreakerState
from streams.domain.order_state import OrderEntry
from streams.domain.work import Work
from streams.runtime.control import sink_of
from streams.runtime.table import BulkTable
from streams.runtime.versioned import unpack
from streams.sinks.shipment_post import PARTITION
from streams.sinks.shop import ROLE as SHOP
from streams.web.introspection import NotOwnedError
from streams.web.order_facts import (
    EntryFact,
    FoundFact,
    LaneStandFact,
    OrderSums,
    Queue,
    QueueFact,
    QueueRow,
    ShipmentFact,
    WorkFact,
)

if TYPE_CHECKING:
    from streams.app.application import Application

FOUND_AT_MOST = 20


class OrderLook:
    """Implements `streams.web.order_facts.OrderSource`; `roles` are the sinks that are there."""

    def __init__(self, application: "Application", roles: Sequence[str]) -> None:
        self._app = application
        self._tables = OrderTables(application, roles)
        self._queues = OrderQueues(self._tables)

    def owner_of(self, order_id: str) -> str | None:
        return self._owner(self._tables.orders, self._app.partition_of(order_id))

    def owner_of_shipments(self) -> str | None:
        return self._owner(self._tables.shipments, PARTITION) if SHOP in self._tables.roles else None

    def _owner(self, table: BulkTable, partition: int) -> str | None:
        for url, topics in self._app.faust.router.tables_metadata().items():
            if partition in topics.get(table.changelog, ()):
                return str(url).rstrip("/")
        return None

    async def entry(self, order_id: str) -> EntryFact | None:
        found = self._stored(order_id)
        if found is None:
            return None
        version, entry = found
        works = [await self._work(order_id, role) for role in self._tables.roles]
        return order_view.entry_fact(order_id, self._app.partition_of(order_id), version, entry, works)

    def people(self, order_id: str) -> tuple[tuple[str, str], ...] | None:
        found = self._stored(order_id)
        return None if found is None or found[1].order is None else order_view.people_of(found[1].order)

    def _stored(self, order_id: str) -> tuple[str, OrderEntry] | None:
        partition = self._app.partition_of(order_id)
        if partition not in self._tables.orders.owned:
            raise NotOwnedError(order_id)
        stored = self._tables.orders.store(partition).get(ENTRY + order_id.encode())
        if stored is None:
            return None
        version, payload = unpack(stored)
        return str(version), order_state.decode(payload)

    async def _work(self, order_id: str, role: str) -> WorkFact:
        """The same worker owns it: tables of as many partitions are given out together."""
        partition, table = self._app.partition_of(order_id), self._tables.work(role)
        found = _stored_work(table, partition, order_id) if partition in table.owned else Work()
        commands = await self._tables.commands(role, [one.value for one in found.pending])
        return self._work_fact(role, found, commands)

    def _work_fact(self, role: str, found: Work, commands: Sequence[Command | None]) -> WorkFact:
        side = self._app.order_side
        assert side is not None
        gate = side.gates[role]
        return WorkFact(
            role=role,
            target=gate.target,
            mode=self._app.sink_mode(sink_of(role)),
            state=BREAKER_STATES[gate.breaker.state],
            why=gate.breaker.why,
            pending=tuple(map(order_view.pending_fact, commands)),
            ended=len(found.ended),
            intent_at=None if found.intent is None else found.intent.started_at,
            attempts=found.attempts,
            not_before=found.not_before or None,
            held=found.held or "",
        )

    async def shipments(self, order_id: str) -> tuple[ShipmentFact, ...]:
        table = self._tables.shipments if SHOP in self._tables.roles else None
        if table is None or PARTITION not in table.owned:
            raise NotOwnedError(order_id)
        found = _stored_work(table, PARTITION, order_id)
        commands = await self._tables.commands(SHOP, [one.value for one in found.pending], SHIPMENT)
        facts: list[ShipmentFact] = []
        for pending, command in zip(found.pending, commands, strict=True):
            mine = found if not facts else Work()
            made = order_view.shipment_fact(command, pending, self._work_fact(SHOP, mine, [command]), mine.masked)
            after = facts[-1].part if facts else ""
            facts.append(msgspec.structs.replace(made, after=after, lane=await self._lane(command)))
        return tuple(facts)

    async def _lane(self, command: Command | None) -> LaneStandFact | None:
        side = self._app.order_side
        standing = None if side is None or side.post is None or command is None else await side.post.standing(command)
        return None if standing is None else order_view.lane_fact(standing, self._app.sink_mode())

    async def find(self, text: str) -> FoundFact:
        """A number stands in its entry as it is: an entry without its bytes need not be read."""
        needle, clock = text.encode("utf-8", "replace"), self._app.clock
        until = clock.monotonic() + LOOK_S
        found: list[str] = []
        for partition in sorted(self._tables.orders.owned):
            async for order_id, stored in self._tables.entries(self._tables.orders, partition):
                if clock.monotonic() > until or len(found) >= FOUND_AT_MOST:
                    return FoundFact(tuple(found), is_whole=False)
                if needle in stored and _carries(stored, text):
                    found.append(order_id.decode())
        return FoundFact(tuple(found))

    async def queue(self, queue: Queue) -> QueueFact:
        found = await self._queues.queue(queue)
        return msgspec.structs.replace(found, rows=tuple(map(self._with_target, found.rows)))

    def _with_target(self, row: QueueRow) -> QueueRow:
        """How the target is that the order waits for, as this worker's calls see it."""
        side = self._app.order_side
        if not row.role or side is None:
            return row
        gate = side.gates[row.role]
        return msgspec.structs.replace(
            row,
            target=gate.target,
            target_state=BREAKER_STATES[gate.breaker.state],
            target_since=gate.breaker.since,
            mode=self._app.sink_mode(sink_of(row.role)),
        )

    def sums(self) -> OrderSums:
        side = self._app.order_side
        assert side is not None
        refusing = {
            role: gate.breaker.why
            for role, gate in side.gates.items()
            if gate.breaker.state is BreakerState.NEEDS_OPERATOR
        }
        found = self._queues.sums()
        away = {role for role, gate in side.gates.items() if gate.breaker.state is not BreakerState.CLOSED}
        failing = found.failing | {role: number for role, number in found.waiting.items() if role in away}
        return msgspec.structs.replace(found, refusing=refusing, failing=failing)


def _stored_work(table: BulkTable, partition: int, order_id: str) -> Work:
    stored = table.store(partition).get(ENTRY + order_id.encode())
    return Work() if stored is None else work.decode(unpack(stored)[1])


def _carries(stored: bytes, text: str) -> bool:
    entry = order_state.decode(unpack(stored)[1])
    number = "" if entry.order is None else entry.order.number
    return text in {number, *(one.number for one in entry.documents)}
