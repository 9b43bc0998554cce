"""The shape of one stock record, so that the model, the wire and the truth name the same fields.

Source of every field: schemas/avro/wms.stock-change.v1.avsc.
"""

from datetime import date
from decimal import Decimal
from typing import TypedDict

MICROS = 1_000_000
SECOND = 1_000_000


class Reference(TypedDict):
    """The document behind a change; `commerce_order` is set where the shop has reserved the goods."""

    type: str
    id: str
    line: str | None
    commerce_order: str | None


class StockRecord(TypedDict):
    """Quantities have six decimals; times are microseconds since 1970 in UTC."""

    event_id: str
    source_system: str
    source_sequence: int | None
    owner_code: str | None
    sku: str
    uom: str | None
    location_code: str
    bin_code: str | None
    kind: str
    bucket: str
    quantity: Decimal
    previous_quantity: Decimal | None
    resulting_quantity: Decimal | None
    reason: str
    reason_code: str | None
    lot: str | None
    serials: list[str]
    expires_on: date | None
    status_code: str | None
    reference: Reference | None
    effective_at: int
    recorded_at: int
    correlation_id: str | None
    extras: dict[str, str]


class RecountRequest(TypedDict):
    """What the application asks to have stated anew; an empty or null part means: all."""

    request_id: str
    sku: str
    source_system: str
    owner_code: str | None
    location_code: str | None
    bucket: str | None


def to_decimal(micros: int) -> Decimal:
    """Exact, with six decimals."""
    return Decimal(micros).scaleb(-6)
