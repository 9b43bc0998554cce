"""What the carrier shows: a label's state to its sender, everything to the control routes."""

from typing import Any

import msgspec

from simulators.rest_carrier.depot import BookedParcel, Depot
from simulators.rest_carrier.settings import Settings, shown


class Parts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of PUT /_sim/state."""

    settings: dict[str, Any] | None = None  # checked by settings.changed, which knows the names


def state_of(parcel: BookedParcel, settings: Settings) -> dict[str, object]:
    return {
        "reference": parcel.reference,
        "tracking_number": parcel.tracking_number,
        "carrier_code": settings.carrier_code,
        "service": parcel.content.service,
        "status": parcel.status,
        "price": parcel.price,
        "currency": settings.currency,
        "document": settings.label_url.format(number=parcel.tracking_number),
    }


def show(depot: Depot, settings: Settings) -> dict[str, object]:
    parcels = [
        {
            **state_of(parcel, settings),
            "content": msgspec.to_builtins(parcel.content),
            "history": parcel.history,
            "told": parcel.told,
        }
        for parcel in depot.parcels.values()
    ]
    return {"settings": shown(settings), "parcels": parcels}
