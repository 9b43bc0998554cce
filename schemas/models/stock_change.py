"""One stock movement or stock statement of a WMS or ERP, as the ledger reads it.

Quantities are whole numbers of micros (10⁻⁶ of the unit), which is exactly what decimal(24, 6) carries;
times are microseconds since 1970 in UTC.  Source: schemas/avro/wms.stock-change.v1.avsc.
"""

from typing import Literal

import msgspec

MICROS = 1_000_000

ChangeKind = Literal["DELTA", "ABSOLUTE", "UNKNOWN"]
Bucket = Literal["ON_HAND", "ALLOCATED", "ON_HOLD", "IN_TRANSIT", "WIP", "ON_ORDER", "AVAILABLE", "UNKNOWN"]


class StockChange(msgspec.Struct, frozen=True, gc=False):
    """The fields that decide; the whole record stays readable in its topic.

    `id` is the number of the document behind the change, as its source writes it.
    """

    event_id: str
    source_system: str
    source_sequence: int | None
    owner_code: str | None
    sku: str
    uom: str | None
    location_code: str
    kind: ChangeKind
    bucket: Bucket
    quantity: int
    previous_quantity: int | None
    resulting_quantity: int | None
    reason: str
    commerce_order: str | None
    effective_at: int
    recorded_at: int
    id: str | None = None
