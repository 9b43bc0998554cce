"""The opening statement of very many SKUs: one ABSOLUTE each, put together from parts that were encoded once."""

from collections.abc import Iterator, Sequence

from simulators.wms.bulk import Encoded, FieldEncoder
from simulators.wms.model import WAREHOUSES, Books, Entry, Item, Place, Warehouse
from simulators.wms.record import MICROS, StockRecord
from simulators.wms.registry import Registered
from simulators.wms.wire import frame, zigzag

OWN = tuple(one for one in WAREHOUSES if not one.states_available)


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
        place = Place(warehouse, Item("SKU", "EA", MICROS, 1.0))
        made: StockRecord = Books("opening").state(place, "ON_HAND", 100 * MICROS, Entry(at, "SNAPSHOT"))
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
