"""The parts of an application that its orders are looked at through: real stores, and the log and time in memory."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from schemas.models.command import Command
from schemas.models.order_event import OrderEvent
from streams.app.order_look import OrderLook
from streams.domain import order_state, work
from streams.domain.derived_id import derived_id
from streams.domain.order_state import OrderEntry
from streams.domain.version import Version
from streams.domain.work import Pending, Work
from streams.runtime.gate import Gate
from streams.runtime.kafka import partition_of
from streams.runtime.serde import Serde
from streams.runtime.table import BulkTable, Group, Write
from streams.runtime.versioned import pack
from tests.contract.order_target import order
from tests.fakes.broker import MemoryBroker
from tests.fakes.still_clock import StillClock
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.wire import MemoryRegistry
from tests.unit.streams.tables import close_table, open_table

PARTITIONS = 8
ROLES = ("erp", "crm", "commerce")


class TickingClock(StillClock):
    """Every look at it takes time, once `step` is set."""

    step = 0.0

    def monotonic(self) -> float:
        self.after(self.step)
        return super().monotonic()


class App:
    """The parts of the application that are looked at; `put_…` is what flow and sinks would have stored."""

    worker_id, url = "worker-1", "http://127.0.0.1:1"

    def __init__(self, folder: Path) -> None:
        self.clock, self.broker = TickingClock(), MemoryBroker()
        self.serde = Serde(MemoryRegistry(), self.clock)
        self.tables = {
            name: open_table(folder / name, self.broker.writer, name=name, partitions=range(PARTITIONS))
            for name in ("orders", *(f"{role}-work" for role in ROLES))
        }
        self.tables["shipment-work"] = open_table(
            folder / "shipment-work", self.broker.writer, name="shipment-work", partitions=[0]
        )
        self.shell = SimpleNamespace(tables=self.tables)
        self.order_side = SimpleNamespace(gates={role: Gate(f"{role}-target", self.clock) for role in ROLES}, post=None)
        self.metadata: dict[str, Mapping[str, Iterable[int]]] = {
            f"{self.url}/": {self.tables["orders"].changelog: range(PARTITIONS)}
        }
        self.faust = SimpleNamespace(router=SimpleNamespace(tables_metadata=lambda: self.metadata))
        self.offset = 0

    def partition_of(self, key: str) -> int:
        return partition_of(key.encode(), PARTITIONS)

    def sink_mode(self, role: str = "commerce") -> str:
        return "paused" if role == "crm" else "run"

    async def _put(self, table: BulkTable, order_id: str, payload: bytes) -> None:
        self.offset += 1
        version = Version(1, self.offset)
        write = Write(b"e" + order_id.encode(), pack(version, payload), version)
        partition = self.partition_of(order_id) if len(table.owned) > 1 else 0
        await table.commit(partition, [Group([write], {})], generation=1)

    async def put(self, *events: OrderEvent, failing: tuple[str, ...] = ()) -> OrderEntry:
        entry = OrderEntry()
        for event in events:
            given = order_state.Given(failing=failing)
            entry = order_state.apply(entry, event, event.recorded_at, given=given).entry
        await self._put(self.tables["orders"], events[0].order_id, order_state.encode(entry))
        return entry

    async def put_work(self, order_id: str, made: Work, role: str = "erp") -> None:
        await self._put(self.tables[f"{role}-work"], order_id, work.encode(made))

    def pending(self, order_id: str, at: int, role: str = "erp") -> Pending:
        command = Command(
            command_id=derived_id(order_id, role), role=role, kind="CREATE_ORDER", entity=order_id, epoch=1, counter=1,
            at=at, order=order(),
        )  # fmt: skip
        topic = f"{role}.command.v1"
        self.offset += 1
        return Pending(command.command_id, self.serde.encode(topic, command), (topic, 0, self.offset))


@asynccontextmanager
async def begun(folder: Path) -> AsyncIterator[tuple[App, OrderLook]]:
    app = App(folder)
    await app.serde.prepare([f"{role}.command.v1" for role in ROLES])
    stood_in: Any = app  # Any: the parts that are used
    try:
        yield app, OrderLook(stood_in, ROLES)
    finally:
        for table in app.tables.values():
            close_table(table)


def placed(number: int, at: int = T0, **fields: object) -> OrderEvent:
    name = f"{number:09d}"
    stated = msgspec.structs.replace(order(), channel="web", number=name, event_id=f"e{number}", **fields)
    return event("PLACED", number, at, order=stated)


def event(kind: Any, number: int, at: int = T0, **fields: object) -> OrderEvent:  # noqa: ANN401  any kind
    made = OrderEvent(
        event_id=f"{kind}-{number}-{at}", order_id=f"web-{number:09d}", kind=kind, source_system="commerce",
        effective_at=at, recorded_at=at,
    )  # fmt: skip
    return msgspec.structs.replace(made, **fields)


def acknowledged(number: int, document: str, at: int = T0 + 1) -> OrderEvent:
    return event("ACKNOWLEDGED", number, at, source_system="erp-sink", document=document)
