"""What the carrier tells of its parcels: records of `carrier.event.v1`.

Source of every field: schemas/avro/carrier.event.v1.avsc.  Times are microseconds since 1970 in UTC.  Nothing is told
of the person whom a parcel is for.
"""

from typing import TypedDict

import msgspec

from simulators.rest_carrier.depot import BookedParcel
from simulators.rest_carrier.settings import Settings

TOPIC = "carrier.event.v1"
MICROS = 1_000_000
CODES = {"IN_TRANSIT": "X3", "DELIVERED": "D1", "DELIVERY_FAILED": "E7", "SENT_BACK": "R2"}


class CarrierRecord(TypedDict):
    """One thing that happened to one parcel."""

    event_id: str
    source_system: str
    tracking_number: str
    carrier_code: str
    order_reference: str | None
    shipment_reference: str | None
    what: str
    code: str | None
    effective_at: int
    recorded_at: int


def record_of(parcel: BookedParcel, what: str, *, number: int, at: float, settings: Settings) -> CarrierRecord:
    """`number` counts what was told of the parcel from 1, so that an event's id is the same in every run."""
    content, moment = parcel.content, int(at * MICROS)
    shipment = None if content.shipment_reference is msgspec.UNSET else content.shipment_reference
    return {
        "event_id": f"{settings.source_system}:{parcel.tracking_number}:{number}",
        "source_system": settings.source_system,
        "tracking_number": parcel.tracking_number,
        "carrier_code": settings.carrier_code,
        "order_reference": content.order_reference if settings.echoes else None,
        "shipment_reference": shipment if settings.echoes else None,
        "what": what,
        "code": CODES.get(what),
        "effective_at": moment,
        "recorded_at": moment,
    }
