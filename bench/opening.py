"""The opening statement of very many SKUs, and movements of them afterwards, put together from parts encoded once."""

from collections.abc import Iterable, Iterator, Sequence

from simulators.wms.bulk import SECOND_BRANCH, Encoded, FieldEncoder
from simulators.wms.model import WAREHOUSES, Books, Entry, Item, Place, Warehouse
from simulators.wms.record import MICROS, StockRecord, to_decimal
from simulators.wms.registry import Registered
from simulators.wms.wire import frame, zigzag

OWN = tuple(one for one in WAREHOUSES if not one.states_available)
PLACES = (OWN[0], OWN[1], Warehouse("WH-EAST", "wms:main", "east"))
"""Three locations of three sources."""
OPENED = 100
"""Pieces that each place begins with."""


def sku_of(number: int) -> str:
    return f"SKU-{number:07d}"


def opening(stock: Registered, *, skus: int, at: int, warehouses: Sequence[Warehouse] = OWN[:1]) -> Iterator[Encoded]:
    """Every SKU at each of the warehouses: 100 pieces, first sequence, at one time (µs)."""
    fields = FieldEncoder(stock.schema)
    lines = [_Line(fields, stock.schema_id, warehouse, at) for warehouse in warehouses]
    for number in range(skus):
        sku = sku_of(number)
        for line in lines:
            yield line.record(sku)


class _Line:
    """What all records of a warehouse have in common; only event id and SKU differ."""

    def __init__(self, fields: FieldEncoder, schema_id: int, warehouse: Warehouse, at: int) -> None:
        made = _stated(warehouse, at)
        self._code = warehouse.code
        self._head = frame(schema_id, b"")
        self._before = fields.between(made, "source_system", "owner_code")
        self._after = fields.between(made, "uom", "extras")

    def record(self, sku: str) -> Encoded:
        key, event = sku.encode(), f"opening-{self._code}-{sku}".encode()
        parts = (
            self._head,
            zigzag(len(event)),
            event,
            self._before,
            zigzag(len(key)),
            key,
            self._after,
        )
        return Encoded(key, b"".join(parts))


class Movements:
    """DELTAs of one warehouse after its opening: one piece more, one less, in turn; each with its number and time."""

    def __init__(self, stock: Registered, warehouse: Warehouse, *, at: int) -> None:
        """`at` (µs) is after the opening; each movement is a microsecond after the one before it."""
        fields = FieldEncoder(stock.schema)
        stated = _stated(warehouse, at)
        delta: StockRecord = {**stated, "kind": "DELTA", "reason": "OTHER"}
        nothing: StockRecord = {**delta, "previous_quantity": None, "resulting_quantity": None}
        self._at, self._code = at, warehouse.code
        self._numbers: dict[str, int] = {}
        self._head = frame(stock.schema_id, b"")
        self._system = fields.between(delta, "source_system", "source_system")
        self._owner = fields.between(delta, "owner_code", "owner_code")
        self._middle = fields.between(delta, "uom", "bucket")
        self._one = [
            fields.encode("quantity", to_decimal(piece)) + fields.between(nothing, "previous_quantity", "reference")
            for piece in (MICROS, -MICROS)
        ]
        self._end = fields.between(delta, "correlation_id", "extras")

    def of(self, skus: Iterable[str]) -> Iterator[Encoded]:
        for sku in skus:
            number = self._numbers[sku] = self._numbers.get(sku, 1) + 1
            yield self._record(sku, number)

    def _record(self, sku: str, number: int) -> Encoded:
        self._at += 1
        key, event, time = sku.encode(), f"moved-{self._code}-{sku}-{number}".encode(), zigzag(self._at)
        parts = (
            self._head,
            zigzag(len(event)),
            event,
            self._system,
            SECOND_BRANCH,
            zigzag(number),
            self._owner,
            zigzag(len(key)),
            key,
            self._middle,
            self._one[number % 2],
            time,
            time,
            self._end,
        )
        return Encoded(key, b"".join(parts))

    def quantity(self, sku: str) -> int:
        """Pieces that the place holds after all of them."""
        return OPENED + (self._numbers.get(sku, 1) - 1) % 2


def _stated(warehouse: Warehouse, at: int) -> StockRecord:
    place = Place(warehouse, Item("SKU", "EA", MICROS, 1.0))
    return Books("opening").state(place, "ON_HAND", OPENED * MICROS, Entry(at, "SNAPSHOT"))
