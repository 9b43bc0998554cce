"""One step of an order or shipment in a WMS, with the lines and packages that it touched.

Quantities and weights are whole micros, times microseconds since 1970 in UTC.
Source: schemas/avro/wms.fulfilment-event.v1.avsc.
"""

from typing import Literal

import msgspec

FulfilmentStep = Literal[
    "RELEASED",
    "ALLOCATED",
    "BACKORDERED",
    "PICKING",
    "PICKED",
    "SHORTED",
    "PACKED",
    "LOADED",
    "SHIPPED",
    "PARTIALLY_SHIPPED",
    "DELIVERED",
    "CANCELLED",
    "RETURN_RECEIVED",
    "RETURN_REJECTED",
    "ON_HOLD",
    "UNKNOWN",
]


class FulfilmentLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`quantity` is that of this step."""

    order_line: str | None = None
    sku: str
    quantity: int
    lot: str | None = None
    serials: tuple[str, ...] = ()


class Package(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One carton or pallet."""

    package_id: str | None = None
    carrier_code: str | None = None
    service: str | None = None
    tracking_number: str | None = None
    weight: int | None = None


class FulfilmentEvent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Steps may come in any order; the reader keeps the furthest."""

    event_id: str
    source_system: str
    source_sequence: int | None = None
    order_id: str
    commerce_order: str | None = None
    shipment_id: str | None = None
    step: FulfilmentStep
    location_code: str | None = None
    lines: tuple[FulfilmentLine, ...] = ()
    packages: tuple[Package, ...] = ()
    expected_ship_at: int | None = None
    effective_at: int
    recorded_at: int
    extras: dict[str, str] = {}
