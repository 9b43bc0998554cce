"""Fills the topic for measurements, faster than one full Avro encoding per record allows.

A whole record costs fastavro about 20 µs; but within one scope only the id, the number, three quantities and the time
differ from record to record.  The rest is encoded once per scope, with fastavro, and the parts are put together.
"""

import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

import fastavro
from confluent_kafka import KafkaError, Message, Producer

from simulators.wms.model import WAREHOUSES, Books, Entry, Place, Warehouse, assortment, catalogue
from simulators.wms.producer import UndeliveredError
from simulators.wms.record import StockRecord, to_decimal
from simulators.wms.registry import Registered
from simulators.wms.wire import STOCK_TOPIC, Schema, frame, zigzag

CHUNK = 5_000
STATED_EVERY = 500
FULL_QUEUE_WAIT_S = 0.5
FLUSH_S = 120.0
QUEUE_LIMIT = 150_000
"""Below the queue of the producer (`producer_config`): a batch must never be taken in part, or order is lost."""
Report = Callable[[KafkaError | None, Message], None]
SECOND_BRANCH = b"\x02"
"""Every optional field is a union of null and one type."""


@dataclass(frozen=True)
class BulkSettings:
    """`count` records whose times end at `until` (microseconds since 1970), `gap` microseconds apart."""

    count: int
    until: int
    items: int = 1000
    warehouses: tuple[Warehouse, ...] = WAREHOUSES
    """Only those that hold stock of their own are used."""
    seed: int = 1
    run: str = "bulk"
    gap: int = 1000
    lowest: int = 0
    """Steps that no sale takes away: with one, nothing is ever sold out."""


class Encoded(NamedTuple):
    """Key and value, ready to send."""

    key: bytes
    value: bytes


Ready = tuple[bytes | None, bytes | None]
"""Key and value of anything that is sent in bulk: poison may lack one."""


class FieldEncoder:
    """Single fields of a record schema, as fastavro encodes them."""

    def __init__(self, schema: Schema) -> None:
        self._types = {one["name"]: fastavro.parse_schema(one["type"]) for one in schema["fields"]}
        self.names = list(self._types)

    def encode(self, name: str, value: object) -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, self._types[name], value)
        return out.getvalue()

    def between(self, record: Mapping[str, object], first: str, last: str) -> bytes:
        """All fields from `first` to `last`, in the order of the schema."""
        chosen = self.names[self.names.index(first) : self.names.index(last) + 1]
        return b"".join(self.encode(name, record[name]) for name in chosen)


@dataclass(slots=True)
class _Line:
    """One scope, with everything about its records that never changes."""

    place: Place
    key: bytes
    event: str
    system: bytes
    statement: bytes
    movement: bytes
    counted: bytes
    moved: bytes
    quantity: int = 0
    sequence: int = 0


def _line(place: Place, fields: FieldEncoder, run: str) -> _Line:
    opening: StockRecord = Books(run).state(place, "ON_HAND", 0, Entry(0, "SNAPSHOT"))
    delta: StockRecord = {**opening, "kind": "DELTA", "reason": "OTHER"}
    return _Line(
        place,
        opening["sku"].encode(),
        f"{run}-{place.warehouse.code}-{place.item.sku}-ON_HAND-",
        fields.encode("source_system", opening["source_system"]),
        fields.between(opening, "owner_code", "bucket"),
        fields.between(delta, "owner_code", "bucket"),
        fields.between(opening, "reason", "reference"),
        fields.between(delta, "reason", "reference"),
    )


@lru_cache(maxsize=100_000)
def _decimal(micros: int) -> bytes:
    """Avro bytes of a decimal: its length, then the shortest two's complement, big-endian."""
    raw = micros.to_bytes((micros.bit_length() + 8) // 8, "big", signed=True)
    return zigzag(len(raw)) + raw


class BulkStream:
    """Iterate once for the records; `balances` then says what every location must hold."""

    def __init__(self, settings: BulkSettings, stock: Registered) -> None:
        self._settings = settings
        self._rng = Random(settings.seed)
        fields = FieldEncoder(stock.schema)
        own = [warehouse for warehouse in settings.warehouses if not warehouse.states_available]
        places = assortment(catalogue(settings.items), own, self._rng)
        self._lines = [_line(place, fields, settings.run) for place in places]
        self._weights = list(itertools.accumulate(place.item.popularity for place in places))
        self._frame = frame(stock.schema_id, b"")
        self._end = fields.encode("correlation_id", None) + fields.encode("extras", {})

    @property
    def balances(self) -> dict[tuple[str, str], Decimal]:
        """(location, SKU) → on hand, of every place that was written."""
        return {
            (line.place.warehouse.code, line.place.item.sku): to_decimal(line.quantity)
            for line in self._lines
            if line.sequence
        }

    def __iter__(self) -> Iterator[Encoded]:
        settings = self._settings
        at = settings.until - settings.count * settings.gap
        return self.more(settings.count, at, settings.gap)

    def more(self, count: int, at: int, gap: int) -> Iterator[Encoded]:
        """As many more, `gap` microseconds apart, the first so long after `at`: a stream that goes on after a pause."""
        for start in range(0, count, CHUNK):
            size = min(CHUNK, count - start)
            for line in self._rng.choices(self._lines, cum_weights=self._weights, k=size):
                at += gap
                yield Encoded(line.key, self._value(line, at))

    def _value(self, line: _Line, at: int) -> bytes:
        stated = line.sequence % STATED_EVERY == 0
        previous = line.quantity
        change = _change(line, self._settings.lowest)
        line.quantity += change
        line.sequence += 1
        event = f"{line.event}{line.sequence}".encode()
        result, time = _decimal(line.quantity), zigzag(at)
        return b"".join(
            (
                self._frame,
                zigzag(len(event)),
                event,
                line.system,
                SECOND_BRANCH,
                zigzag(line.sequence),
                line.statement if stated else line.movement,
                result if stated else _decimal(change),
                SECOND_BRANCH,
                _decimal(previous),
                SECOND_BRANCH,
                result,
                line.counted if stated else line.moved,
                time,
                time,
                self._end,
            )
        )


def _change(line: _Line, lowest: int) -> int:
    """Sales of one to five steps, and a receipt whenever fewer than five steps beside the lowest are left."""
    step = line.place.item.step
    if line.quantity < (5 + lowest) * step:
        return (100 + line.sequence % 50) * step
    return -(1 + line.sequence % 5) * step


def preload(producer: Producer, stream: Iterable[Ready], *, topic: str = STOCK_TOPIC) -> int:
    """Sends the whole stream and waits until all of it is acknowledged; without headers, which are not required.

    Raises UndeliveredError where the broker did not take everything.
    """
    failed: list[str] = []

    def report(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(str(error))

    queued = 0
    records = iter(stream)
    while chunk := [{"key": key, "value": value} for key, value in itertools.islice(records, CHUNK)]:
        queued += _queue(producer, topic, chunk, report)
    left = producer.flush(FLUSH_S)
    if left or failed:
        raise UndeliveredError(f"{left} records not acknowledged, {len(failed)} refused: {failed[:1]}")
    return queued


def _queue(producer: Producer, topic: str, chunk: list[dict[str, Any]], report: Report) -> int:
    """All of the chunk, in order; waits where the queue is full."""
    while len(producer) + len(chunk) > QUEUE_LIMIT:
        producer.poll(FULL_QUEUE_WAIT_S)
    queued = producer.produce_batch(topic, chunk, on_delivery=report)
    if queued != len(chunk):
        raise UndeliveredError(f"the queue took {queued} of {len(chunk)} records")
    producer.poll(0)
    return queued
