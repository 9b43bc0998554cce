"""A worker with a bug of the stock flow built in: `python -m tests.faults.seeded_stock BUG worker`.

As in `tests.faults.seeded`: each bug breaks a rule of docs/delivery.md, and tests/faults/grid/bugs.py says under which
fault and by which invariant it has to be seen.
"""

import asyncio
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import aiokafka
import fastavro
import msgspec

from connectors.core.errors import ConnectorError, RateLimitedError
from schemas.models.source_item import SourceItem, StockPair
from streams.domain import scope
from streams.domain.movements import MovementList
from streams.domain.stock_door import Admitted
from streams.flows.stock import StockFlow
from streams.flows.stock_records import StockRecords
from streams.runtime.dead_letters import DeadLetters, Letter
from streams.runtime.gate import Gate
from streams.runtime.writer import Record
from streams.sinks.lane_writer import LaneWriter
from streams.sinks.stock_lane import StockLane
from streams.topics import DESIRED, STOCK_CHANGE
from tests.faults.seeded import run

SLOW_S = 3.0
FRAME = 5


def commit_before_effect() -> None:
    """A batch counts as done when it was fetched; its effect follows a moment later."""
    take, later = StockFlow.take, set[asyncio.Task[None]]()

    async def at_once(flow: StockFlow, topic: str, partition: int, records: Sequence[Any], generation: int) -> None:
        async def effect() -> None:
            await asyncio.sleep(SLOW_S)  # noqa: TID251  a real worker, slow on purpose
            await take(flow, topic, partition, records, generation)

        task = asyncio.ensure_future(effect())
        later.add(task)
        task.add_done_callback(later.discard)

    StockFlow.take = at_once  # type: ignore[method-assign,assignment]  # the bug


def no_dedupe() -> None:
    """What was counted is counted again."""

    def nothing_is_known(*_taken: object) -> dict[str, dict[int, frozenset[bytes]]]:
        return {}

    StockRecords.known_identities = nothing_is_known  # type: ignore[method-assign,assignment]  # the bug
    MovementList.has = lambda _self, _identity: False  # type: ignore[method-assign,assignment]  # as above
    scope.Scope.is_new = lambda _self, _sequence: True  # type: ignore[method-assign,assignment]  # as above


def two_writers() -> None:
    """Every worker writes each snapshot that it sees, whoever has the lane."""
    made, take = StockLane.__init__, StockFlow.take
    ports: list[Any] = []
    tasks: list[asyncio.Task[None]] = []

    def lane(self: StockLane, context: Any, *taken: Any) -> None:  # noqa: ANN401  what the method takes
        made(self, context, *taken)
        ports.append(context.port)

    async def first(flow: StockFlow, *taken: Any) -> None:  # noqa: ANN401  as above
        if not tasks:
            tasks.append(asyncio.ensure_future(_write_everything(ports[0])))
        await take(flow, *taken)

    StockLane.__init__ = lane  # type: ignore[method-assign,assignment]  # the bug
    StockFlow.take = first  # type: ignore[method-assign,assignment]  # every worker of these runs gets some


async def _write_everything(port: Any) -> None:  # noqa: ANN401  the connector's port
    consumer = aiokafka.AIOKafkaConsumer(
        DESIRED.name, bootstrap_servers=os.environ["STREAMS_KAFKA__BOOTSTRAP_SERVERS"], auto_offset_reset="latest"
    )
    schema = fastavro.schema.load_schema(f"schemas/avro/{DESIRED.name}.avsc")
    await consumer.start()
    async for record in consumer:
        snapshot: Any = fastavro.schemaless_reader(io.BytesIO(record.value[FRAME:]), schema)
        rows = [
            SourceItem(snapshot["sku"], one["source_code"], one["quantity"].normalize(), bool(one["status"]))
            for one in snapshot["sources"]
        ]
        try:
            await port.write_source_items(rows)
        except ConnectorError:
            continue


class _Deltas:
    """A port that adds to what the shop shows by how much a row changed since the last answer."""

    def __init__(self, port: Any) -> None:  # noqa: ANN401  the connector's port
        self._port, self._answered = port, dict[StockPair, Decimal]()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  the rest is as it was
        return getattr(self._port, name)

    async def write_source_items(self, items: Sequence[SourceItem]) -> None:
        pairs = [StockPair(item.source_code, item.sku) for item in items]
        shown = await self._port.read_source_items(pairs)
        await self._port.write_source_items([self._added(item, shown) for item in items])
        self._answered |= {pair: item.quantity for pair, item in zip(pairs, items, strict=True)}

    def _added(self, item: SourceItem, shown: Mapping[StockPair, SourceItem]) -> SourceItem:
        pair = StockPair(item.source_code, item.sku)
        if pair not in shown or pair not in self._answered:
            return item
        changed = item.quantity - self._answered[pair]
        return msgspec.structs.replace(item, quantity=max(Decimal(0), shown[pair].quantity + changed))


def delta_instead_of_absolute() -> None:
    """A call whose answer was lost is added once more with the next."""
    made = LaneWriter.__init__

    def writer(self: LaneWriter, context: Any, *taken: Any) -> None:  # noqa: ANN401  what the method takes
        context.port = _Deltas(context.port)
        made(self, context, *taken)

    LaneWriter.__init__ = writer  # type: ignore[method-assign,assignment]  # the bug


def dropped_trailing_batch() -> None:
    """The last record of a batch is acknowledged and forgotten; counts of the opening are left alone."""
    parse = StockRecords.parse

    async def all_but_the_last(records: StockRecords, source: Any, taken: Sequence[Any]) -> Any:  # noqa: ANN401  as above
        parsed, bad = await parse(records, source, taken)
        last = parsed[-1].value if parsed else None
        is_delta = source.topic == STOCK_CHANGE.name and isinstance(last, Admitted) and last.change.kind == "DELTA"
        return (parsed[:-1] if is_delta else parsed), bad

    StockRecords.parse = all_but_the_last  # type: ignore[method-assign,assignment]  # the bug


def letter_without_bytes() -> None:
    """The letter says why, and not what."""
    record = DeadLetters._record  # noqa: SLF001  a bug is made inside

    def emptied(letters: DeadLetters, letter: Letter) -> Record:
        return record(letters, letter)._replace(value=None)

    DeadLetters._record = emptied  # type: ignore[method-assign,assignment]  # noqa: SLF001  as above


def ignored_retry_after() -> None:
    """A shop that asks for patience is asked again at once."""
    failed = Gate.failed

    def impatient(gate: Gate, error: ConnectorError) -> None:
        if not isinstance(error, RateLimitedError):
            failed(gate, error)

    Gate.failed = impatient  # type: ignore[method-assign,assignment]  # the bug


BUGS: Mapping[str, Callable[[], None]] = {
    "commit-before-effect": commit_before_effect,
    "no-dedupe": no_dedupe,
    "two-writers": two_writers,
    "delta-instead-of-absolute": delta_instead_of_absolute,
    "dropped-trailing-batch": dropped_trailing_batch,
    "letter-without-bytes": letter_without_bytes,
    "ignored-retry-after": ignored_retry_after,
}


if __name__ == "__main__":
    run(BUGS, sys.argv[1:])
