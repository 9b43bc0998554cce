"""What a carrier says of one parcel, and nothing of whom it is for; times in microseconds since 1970 in UTC.

Source: schemas/avro/carrier.event.v1.avsc.
"""

from typing import Literal

import msgspec

CarrierStep = Literal["IN_TRANSIT", "DELIVERED", "DELIVERY_FAILED", "SENT_BACK", "UNKNOWN"]


class CarrierEvent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`order_reference` and `shipment_reference` are the shipper's words, as they stand on the label.

    `code` is the carrier's own word for `what`.
    """

    event_id: str
    source_system: str
    tracking_number: str
    carrier_code: str = ""
    order_reference: str | None = None
    shipment_reference: str | None = None
    what: CarrierStep
    code: str | None = None
    effective_at: int
    recorded_at: int
