"""The JSON of the contract (`openapi.json`) and nothing of ours: bytes ↔ values.

Quantities and money are decimal text ("2.5"), so that no reader makes a float of them; what is absent is left out.
"""

from typing import Annotated

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
Money = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,12}([.][0-9]{1,6})?$")]
"""Not below zero; what has another form is an answer that the contract does not know."""


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    first_name: str = ""
    last_name: str = ""
    company: str | None = None
    street: tuple[str, ...] = ()
    city: str = ""
    region: str | None = None
    region_code: str | None = None
    postcode: str | None = None
    country: str = ""
    telephone: str | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    sku: str
    quantity: str
    unit: str | None = None


class Inquiry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rate is asked for: `ship_from` is a place's code, which the carrier knows."""

    ship_from: str
    ship_to: Address
    lines: tuple[Line, ...]


class Parcel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a label is booked for; its reference stands in the path."""

    order_reference: str
    shipment_reference: str | None = None
    service: str
    ship_from: str
    ship_to: Address
    lines: tuple[Line, ...]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    service: Text
    price: Money
    currency: Text
    days: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Offers(msgspec.Struct, frozen=True, kw_only=True):
    offers: tuple[Offer, ...]


class LabelState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`status` is one of the words of `openapi.json`, or a later one."""

    reference: str
    tracking_number: Text
    carrier_code: str
    service: str
    status: str
    price: Money | None = None
    currency: str | None = None
    document: str | None = None


class Health(msgspec.Struct, frozen=True):
    status: str


# Sorted, so that a repeated parcel is the same bytes.
encode = msgspec.json.Encoder(order="deterministic").encode

decode_offers = msgspec.json.Decoder(Offers).decode
decode_state = msgspec.json.Decoder(LabelState).decode
decode_health = msgspec.json.Decoder(Health).decode
